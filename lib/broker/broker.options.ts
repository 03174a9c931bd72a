import { STORE_DOUBTS } from './ledger/store-doubt';
import type { StoreDoubt } from './ledger/store-doubt';
import { poolFault } from './ledger/postgres/pg-pool';
import type { PgPool, PooledStore } from './ledger/postgres/pg-pool';
import { accountFaults, readAccounts } from './accounts/account';
import type { Account, VendorOptions } from './accounts/account';
import { DEFAULT_THRESHOLDS } from './ledger/rules/thresholds';
import { operatorFaults } from './operators/operator.options';
import type { OperatorOptions } from './operators/operator.options';
import { limitFaults } from './vendor.options';
import { readWebhooks, webhookFaults } from './webhooks/webhook.options';
import type { Webhook, WebhookOptions } from './webhooks/webhook.options';
import type { FaultSink } from './option-faults';

/** How a broker is set up. */
export interface BrokerOptions {
  /** The accounts behind the proxy, by the names that keys are issued for. */
  vendors: Readonly<Record<string, VendorOptions>>;
  /**
   * `sqlite:<path>`, `sqlite::memory:`, which does not survive the process, or
   * `postgres://<user>@<host>/<database>`, which any number of processes may have: it needs the package
   * `pg` and an `auditKey`. Or `{ pool }`, a pool of connections to such a database.
   *
   * @default 'sqlite:./vault-key.db'
   */
  store?: string | PooledStore;
  /**
   * How long a vendor may take to begin its answer: `ms`, `s` or `m`.
   *
   * @default '80s'
   */
  vendorTimeout?: string;
  /**
   * What the audit log is chained with: at least 32 characters, the same at every start. Kept
   * elsewhere, so that a program that can write the store cannot rewrite its log.
   *
   * @default made with the store, and kept beside it as `<path>.audit-key`
   */
  auditKey?: string;
  /**
   * How long keys, holds and what hangs on them stay in the store after their end: days, from `2d` to
   * `3650d`. The audit log is not among them.
   *
   * @default '90d'
   */
  retention?: string;
  /** What the broker takes on at once. */
  limits?: BrokerLimitOptions;
  /**
   * The people who may ask the management API for changes, each with a token of their own.
   *
   * @default none: the application's token may do everything
   */
  operators?: readonly OperatorOptions[];
  /**
   * Which parts of a budget's cap are told, once a period, when spent and held come to them: up to 10 whole
   * numbers from 1 to 100.
   *
   * @default [50, 80, 100]
   */
  thresholds?: readonly number[];
  /**
   * Where events are sent to, by names.
   *
   * @example { ops: { url: 'https://hooks.example.com/vault-key', secretFile: '/run/secrets/hooks' } }
   */
  webhooks?: Readonly<Record<string, WebhookOptions>>;
  /**
   * Doubts about the store that you accept. For one start: leave it out of
   * the next.
   *
   * @default nothing: such a store is refused
   */
  acceptStore?: readonly StoreDoubt[];
}

/** What the broker takes on at once. */
export interface BrokerLimitOptions {
  /**
   * Calls under way with one key, those that wait for a connection to the vendor among them; up to
   * 65,536. What is beyond is refused at once, `overloaded`. How many of them are at the vendor is
   * the smaller of this and a quarter of the vendor's `connections`.
   *
   * @default 256
   */
  callsPerKey?: number;
}

/** How many calls with one key may be under way unless the options say otherwise. */
export const DEFAULT_CALLS_PER_KEY = 256;

/** The highest that each limit may be set to. */
const BROKER_LIMITS: Readonly<Record<keyof BrokerLimitOptions, number>> = {
  callsPerKey: 65_536,
};

/** The shortest audit key that is taken. */
const MIN_AUDIT_KEY_LENGTH = 32;
/** Where the store is unless the options say otherwise. */
export const DEFAULT_STORE = 'sqlite:./vault-key.db';
/** How long a vendor may take unless the options say otherwise. */
export const DEFAULT_VENDOR_TIMEOUT = '80s';

/** How long what has ended stays unless the options say otherwise. */
export const DEFAULT_RETENTION = '90d';

const MAX_THRESHOLDS = 10;
const DAY_MS = 86_400_000;
/** A key may live for a day, and its last call may take some of the next one. */
const MIN_RETENTION_DAYS = 2;
const MAX_RETENTION_DAYS = 3_650;
const TIMEOUT_UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };
const MAX_TIMEOUT_MS = 600_000;

/** A setting that does not hold. `message` never shows a secret. */
export interface OptionIssue {
  path: string;
  message: string;
}

/** The set-up is not valid: every fault at once. */
export class BrokerOptionsError extends Error {
  constructor(readonly faults: readonly OptionIssue[]) {
    super(faults.map(({ path, message }) => `${path} ${message}`.trim()).join('; '));
    this.name = 'BrokerOptionsError';
  }
}

/** A vendor time-out in milliseconds; `undefined` if the text is not a time from 1ms to 10m. */
export function parseTimeout(text: string): number | undefined {
  const match = /^([1-9]\d{0,8})(ms|s|m)$/.exec(text);
  if (match === null) return undefined;
  const ms = Number(match[1]) * (TIMEOUT_UNIT_MS[match[2] ?? ''] ?? Number.NaN);
  return ms <= MAX_TIMEOUT_MS ? ms : undefined;
}

/** The rule, for messages. */
export const RETENTION_RULE = 'must be a number of days from 2d to 3650d, such as "90d"';

/** A retention in milliseconds; `undefined` where the text breaks {@link RETENTION_RULE}. */
export function parseRetention(text: string): number | undefined {
  const days = Number(/^([1-9]\d{0,3})d$/.exec(text)?.[1]);
  return days >= MIN_RETENTION_DAYS && days <= MAX_RETENTION_DAYS ? days * DAY_MS : undefined;
}

/** Where a store is: a file (or `:memory:`), or a PostgreSQL, which an URL or a pool leads to. */
export type StorePlace = { file: string } | { url: string } | { pool: PgPool };

/** Where a store is, or what is wrong with the setting. A URL may have a password in it: it is not shown. */
export function parseStore(store: string | PooledStore): StorePlace | { fault: string } {
  if (typeof store !== 'string') {
    const fault = poolFault(store.pool);
    return fault === undefined ? { pool: store.pool } : { fault };
  }
  if (/^postgres(?:ql)?:/.test(store)) {
    return URL.canParse(store) && new URL(store).pathname.length > 1
      ? { url: store }
      : { fault: 'must name a server and a database, such as "postgres://app@localhost/ledger"' };
  }
  const file = store.startsWith('sqlite:') ? store.slice('sqlite:'.length) : '';
  if (file === '' || file.includes('\0')) {
    return {
      fault:
        'must be sqlite:<path>, sqlite::memory: or postgres://<user>@<host>/<database>, such as "sqlite:./vault-key.db"',
    };
  }
  return { file };
}

/** A store as it may be shown: without a password. */
export function shownStore(store: string | PooledStore): string {
  if (typeof store !== 'string') return 'of the given pool';
  if (!/^postgres(?:ql)?:/.test(store)) return store;
  try {
    const { protocol, username, host, pathname } = new URL(store);
    return `${protocol}//${username === '' ? '' : `${username}@`}${host}${pathname}`;
  } catch {
    return 'postgres://…';
  }
}

/** What is wrong with an audit key, for a store of such a place; `undefined` where nothing is. */
export function auditKeyFaultFor(place: StorePlace, key: string | undefined): string | undefined {
  if (key !== undefined) return auditKeyFault(key);
  return 'file' in place
    ? undefined
    : `must be set where the store is in PostgreSQL: at least ${MIN_AUDIT_KEY_LENGTH} characters, the same for all instances`;
}

/** What is wrong with an audit key; `undefined` where nothing is. */
export function auditKeyFault(key: string): string | undefined {
  if (key.length < MIN_AUDIT_KEY_LENGTH) {
    return `must have at least ${MIN_AUDIT_KEY_LENGTH} characters`;
  }
  return key.trim() === key
    ? undefined
    : 'must not begin or end with a blank or a line break: with one more or less, the log never verifies again';
}

/** What is wrong with the doubts that are to be accepted; `undefined` where nothing is. */
export function acceptedDoubtsFault(doubts: unknown): string | undefined {
  const known: readonly unknown[] = STORE_DOUBTS;
  return Array.isArray(doubts) && doubts.every((doubt) => known.includes(doubt))
    ? undefined
    : `must be one or more of ${STORE_DOUBTS.join(', ')}`;
}

/** The part of the options that a running broker may be given in place of what it had. */
export type ReloadOptions = Pick<
  BrokerOptions,
  'vendors' | 'limits' | 'operators' | 'thresholds' | 'webhooks'
>;

/** What {@link ReloadOptions} come to. */
export interface ReloadSettings {
  accounts: ReadonlyMap<string, Account>;
  callsPerKey: number;
  /** Absent where they are not given. */
  operators?: readonly OperatorOptions[];
  thresholds: readonly number[];
  webhooks: readonly Webhook[];
}

/** What {@link BrokerOptions} come to. */
export interface BrokerSettings extends ReloadSettings {
  place: StorePlace;
  timeoutMs: number;
  retentionMs: number | undefined;
}

/**
 * Reads options, and the files of the accounts' secrets.
 *
 * @throws BrokerOptionsError with every fault.
 */
export function readBrokerOptions(options: BrokerOptions): BrokerSettings {
  const faults: OptionIssue[] = [];
  const fault = (path: string, message?: string): void => {
    if (message !== undefined) faults.push({ path, message });
  };
  const place = parseStore(options.store ?? DEFAULT_STORE);
  if ('fault' in place) fault('store', place.fault);
  else fault('auditKey', auditKeyFaultFor(place, options.auditKey));
  const timeoutMs = parseTimeout(options.vendorTimeout ?? DEFAULT_VENDOR_TIMEOUT);
  if (timeoutMs === undefined) {
    fault('vendorTimeout', 'must be a number and ms, s or m, from 1ms to 10m, such as "80s"');
  }
  const retentionMs = parseRetention(options.retention ?? DEFAULT_RETENTION);
  if (retentionMs === undefined) fault('retention', RETENTION_RULE);
  if (options.acceptStore !== undefined) {
    fault('acceptStore', acceptedDoubtsFault(options.acceptStore));
  }
  const reloadable = readReloadable(options, fault);
  if (faults.length > 0 || 'fault' in place || timeoutMs === undefined) {
    throw new BrokerOptionsError(faults);
  }
  return { ...reloadable, place, timeoutMs, retentionMs };
}

/** As {@link readBrokerOptions}, for a broker that runs. */
export function readReloadOptions(options: ReloadOptions): ReloadSettings {
  const faults: OptionIssue[] = [];
  const settings = readReloadable(options, (path, message) => faults.push({ path, message }));
  if (faults.length > 0) throw new BrokerOptionsError(faults);
  return settings;
}

/** Reads {@link ReloadOptions}, and finds everything wrong with them. */
export function readReloadable(
  options: Readonly<Partial<Record<keyof ReloadOptions, unknown>>>,
  fault: FaultSink,
): ReloadSettings {
  const { vendors, limits, operators, thresholds, webhooks } = options;
  plainFaults(options, fault);
  const { callsPerKey = DEFAULT_CALLS_PER_KEY } = (limits ?? {}) as BrokerLimitOptions;
  return {
    accounts: readAccounts(vendors, fault),
    callsPerKey,
    ...(operators === undefined ? {} : { operators: operators as readonly OperatorOptions[] }),
    thresholds: (thresholds as readonly number[] | undefined) ?? DEFAULT_THRESHOLDS,
    webhooks: webhooks === undefined ? [] : readWebhooks(webhooks, fault),
  };
}

/** Finds everything wrong with what a config file says; secrets may be elsewhere. */
export function configFaults(
  options: Readonly<Partial<Record<keyof ReloadOptions, unknown>>>,
  fault: FaultSink,
): void {
  const { vendors, webhooks } = options;
  plainFaults(options, fault);
  if (vendors !== undefined) accountFaults(vendors, fault);
  if (webhooks !== undefined) webhookFaults(webhooks, fault);
}

/** What is wrong with the settings that name no file and no account. */
function plainFaults(
  { limits, operators, thresholds }: Readonly<Partial<Record<keyof ReloadOptions, unknown>>>,
  fault: FaultSink,
): void {
  if (limits !== undefined) limitFaults(limits, BROKER_LIMITS, 'limits', fault);
  if (operators !== undefined) operatorFaults(operators, fault);
  const message = thresholds === undefined ? undefined : thresholdsFault(thresholds);
  if (message !== undefined) fault('thresholds', message);
}

function thresholdsFault(percents: unknown): string | undefined {
  const isRight = (percent: unknown): boolean =>
    Number.isInteger(percent) && Number(percent) >= 1 && Number(percent) <= 100;
  return Array.isArray(percents) && percents.length <= MAX_THRESHOLDS && percents.every(isRight)
    ? undefined
    : `must be a list of up to ${MAX_THRESHOLDS} whole numbers from 1 to 100, such as [50, 80, 100]`;
}
