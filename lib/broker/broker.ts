import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import type { AuditVerdict } from './audit/audit-chain';
import type { AuditEntry } from './audit/audit-entry';
import { auditEntryView } from './audit/audit-view';
import type { AuditEntryView } from './audit/audit-view';
import { parseBrakeRequest } from './brakes/brake-request';
import { brakeView } from './brakes/brake-view';
import type { BrakeView } from './brakes/brake-view';
import type { Budget, BudgetRule } from './budgets/budget';
import { ruleName } from './budgets/budget';
import {
  parseBudgetRequest,
  parseBudgetRule,
  parseEffectiveBudgets,
} from './budgets/budget-request';
import type { BudgetPath, EffectiveBudgetsQuery } from './budgets/budget-request';
import {
  appBudgetView,
  budgetSubjectView,
  budgetView,
  capView,
  subjectCapView,
} from './budgets/budget-view';
import type {
  BudgetSubjectView,
  BudgetView,
  CountedBudgetView,
  SubjectCapView,
} from './budgets/budget-view';
import {
  BrokerOptionsError,
  DEFAULT_STORE,
  DEFAULT_VENDOR_TIMEOUT,
  brokerOptionFaults,
  parseStore,
  parseTimeout,
} from './broker.options';
import type { BrokerOptions } from './broker.options';
import { Clock } from './clock';
import { DEFAULT_CALLS_PER_KEY, Proxy } from './forwarding/proxy';
import type { ConfiguredVendor, ProxyAnswer, ProxyCall } from './forwarding/proxy';
import { VendorConnection } from './forwarding/vendor-connection';
import { proxyFor } from './forwarding/vendor-proxy';
import type { VendorProxy } from './forwarding/vendor-proxy';
import { parseIssueRequest } from './keys/issue-request';
import type { Subject } from './keys/subject';
import { isLive } from './keys/key';
import { usdOf, viewOf } from './keys/key-view';
import type { KeyRecord } from './keys/key';
import type { CurrentKeyView, KeyView } from './keys/key-view';
import { hashToken, isWellFormedToken, newId, newToken } from './keys/token';
import { leaseView, parseLeaseRequest } from './leases/lease-request';
import type { LeaseView } from './leases/lease-request';
import { fieldsOf, unknownFields } from './known-fields';
import { holdView } from './ledger/hold-view';
import type { HoldView } from './ledger/hold-view';
import type { Ledger } from './ledger/ledger';
import type {
  AuditFilter,
  HoldFilter,
  KeyFilter,
  LedgerFigures,
  PageRequest,
  RevokeDecision,
  StoreCopy,
  StoreState,
} from './ledger/model';
import { writeCopy } from './ledger/sqlite/store-copy';
import { SqliteLedger } from './ledger/sqlite/sqlite-ledger';
import { askForStore, offerStore } from './ledger/sqlite/process-stores';
import { AcceptedDoubts, StoreInUseError } from './ledger/store-doubt';
import { toUsd, usdFault, usdToMicros } from './money/usd';
import { vendors } from './pricing/vendors';
import { invalidFields, invalidKey, notFound, shuttingDown } from './refusal';
import type { BrokerRefusal } from './refusal';
import { vendorSettings } from './vendor.options';

export type { ProxyAnswer, ProxyCall };

/** How long a start waits for a broker that is stopping, and how often it looks. */
const STOP_WAIT_MS = 10_000;
const STOP_POLL_MS = 100;

/** What a broker is given by the process that it runs in. */
export interface BrokerHost {
  /**
   * Takes the lines of the log, without their ends.
   *
   * @default nothing is logged
   */
  log?: (line: string) => void;
  /** @default the machine's clock at the start, and the monotonic one from there */
  clock?: Clock;
  /**
   * Whether a later broker of this process may have the store: then this one is closed.
   *
   * @default it may not
   */
  givesWay?: () => boolean;
}

/** The answer to an issue, as the wire shows it. The only place a token is ever shown. */
export interface IssuedKeyBody {
  id: string;
  token: string;
  label: string;
  vendor: string;
  daily_usd_cap: number;
  allowed_endpoints: readonly string[];
  subject?: Subject;
  parent_id?: string;
  lease_id?: string;
  /** The application's own daily caps, in USD. */
  budgets?: Record<string, number>;
  created_at: string;
  expires_at: string;
}

/** A key for work in the broker's own process. */
export interface OwnKey {
  id: string;
  token: string;
  expiresAt: Date;
}

/** The answer to a revocation. */
export interface RevokedKeyBody {
  id: string;
  status: 'revoked';
  revoked_at: string;
}

/** A page of keys; `cursor` asks for the next one. */
export interface KeyPage {
  keys: readonly KeyView[];
  cursor?: string;
}

/** A page of budgets; `cursor` asks for the next one. */
export interface BudgetPage {
  budgets: readonly BudgetView[];
  cursor?: string;
}

/** A page of holds; `cursor` asks for the next one. */
export interface HoldPage {
  holds: readonly HoldView[];
  cursor?: string;
}

/** A page of the audit log; `cursor` asks for the next one. */
export interface AuditPage {
  entries: readonly AuditEntryView[];
  cursor?: string;
}

/**
 * The broker itself: issues keys, forwards calls under them, keeps the ledger. No HTTP, no NestJS:
 * `vault-key-broker` serves it over a socket, `VaultKeyModule` calls it in its own process.
 */
export class Broker {
  readonly #clock: Clock;
  readonly #ledger: Ledger;
  readonly #proxy: Proxy;
  readonly #prefixes = new Map<string, string>();
  #closed: Promise<void> | undefined;

  /**
   * As the constructor, but waits where another broker has the store: up to 10 s, for one that is
   * stopping.
   *
   * @throws BrokerOptionsError with every fault of the options.
   * @throws StoreInUseError where the store is still another broker's.
   * @throws DoubtfulStoreError where the store may not be the one that was left.
   * @throws Error where it cannot be opened.
   */
  static async open(options: BrokerOptions, host: BrokerHost = {}): Promise<Broker> {
    const deadline = performance.now() + STOP_WAIT_MS;
    for (let told = false; ; told = true) {
      try {
        return new Broker(options, host);
      } catch (error) {
        if (!(error instanceof StoreInUseError) || performance.now() > deadline) throw error;
        if (error.holder === 'this process' && (await askForStore(error.file))) continue;
        if (!told) host.log?.(`${error.what}; waiting up to ${STOP_WAIT_MS / 1_000} s for its end`);
      }
      await setTimeout(STOP_POLL_MS);
    }
  }

  /**
   * Opens the store, at once or not at all, and makes the broker ready.
   *
   * @param host What the process around it has to give.
   * @throws As {@link open}.
   */
  constructor(options: BrokerOptions, host: BrokerHost = {}) {
    const faults = brokerOptionFaults(options);
    const store = parseStore(options.store ?? DEFAULT_STORE);
    const timeoutMs = parseTimeout(options.vendorTimeout ?? DEFAULT_VENDOR_TIMEOUT);
    if (faults.length > 0 || 'fault' in store || timeoutMs === undefined) {
      throw new BrokerOptionsError(faults);
    }
    const proxies = vendorProxies(options);
    this.#clock = host.clock ?? new Clock(host.log);
    const configured = new Map<string, ConfiguredVendor>();
    const { callsPerKey = DEFAULT_CALLS_PER_KEY } = options.limits ?? {};
    for (const [name, account] of Object.entries(options.vendors)) {
      const vendor = vendors.get(name);
      if (vendor === undefined) continue;
      const url = new URL(account.baseUrl ?? vendor.defaultBaseUrl);
      const settings = vendorSettings(account, vendor);
      const proxy = proxies.get(name);
      const connection = new VendorConnection(url.origin, {
        timeoutMs,
        connections: settings.connections,
        maxPerKey: callsPerKey,
        ...(proxy === undefined ? {} : { proxy: proxy.url }),
      });
      configured.set(name, { vendor, secret: account.secretKey, connection, settings });
      this.#prefixes.set(name, vendor.pathPrefix);
    }
    this.#ledger = new SqliteLedger(store.file, {
      auditKey: options.auditKey,
      doubts: new AcceptedDoubts(options.acceptStore),
      clock: this.#clock,
      log: host.log,
    });
    const { givesWay } = host;
    // Held weakly, so that a broker that is no longer referenced can be collected, and its store closed.
    const itself = new WeakRef(this);
    if (givesWay !== undefined) {
      offerStore(store.file, async () => {
        if (!givesWay()) return false;
        await itself.deref()?.close();
        return true;
      });
    }
    this.#proxy = new Proxy(this.#ledger, configured, callsPerKey, this.#clock, host.log);
    for (const [name, { url, variable }] of proxies) {
      host.log?.(`calls to ${name} go through the proxy ${url.host} (${variable})`);
    }
  }

  /** Whether a vendor of that name is configured. */
  hasVendor(name: string): boolean {
    return this.#prefixes.has(name);
  }

  /**
   * Issues a key.
   *
   * @param body What `POST /v1/keys` takes.
   * @throws BrokerRefusal 422 with every bad field, or 503.
   */
  async issue(body: unknown, remoteAddress?: string): Promise<IssuedKeyBody> {
    const { key, token } = await this.#newKey(body);
    await this.#ledger.issue(key, remoteAddress);
    return {
      id: key.id,
      token,
      label: key.label,
      vendor: key.vendor,
      daily_usd_cap: toUsd(key.capMicros),
      allowed_endpoints: key.allowedEndpoints,
      ...(Object.keys(key.subject).length === 0 ? {} : { subject: key.subject }),
      ...(key.parentId === undefined ? {} : { parent_id: key.parentId }),
      ...(key.lease === undefined ? {} : { lease_id: key.lease.id }),
      ...(Object.keys(key.budgets).length === 0 ? {} : { budgets: usdOf(key.budgets) }),
      created_at: new Date(key.createdAt).toISOString(),
      expires_at: new Date(key.expiresAt).toISOString(),
    };
  }

  /**
   * As {@link issue}, for work in this very process: the key is written down with the first call
   * under it, or within moments. Whoever could know its token is gone if the process dies before.
   */
  async issueForOwnWork(body: unknown): Promise<OwnKey> {
    const { key, token } = await this.#newKey(body);
    await this.#ledger.issueSoon(key);
    return { id: key.id, token, expiresAt: new Date(key.expiresAt) };
  }

  /**
   * Revokes a key. Once the promise resolves no call is admitted with it.
   *
   * @throws BrokerRefusal 404 where no key ever had the id, or 503.
   */
  async revoke(id: string, remoteAddress?: string): Promise<RevokedKeyBody> {
    const { revokedAt } = await this.#revoke([id], remoteAddress);
    const at = revokedAt.get(id);
    if (at === undefined) throw notFound('There is no key of that id.');
    return { id, status: 'revoked', revoked_at: new Date(at).toISOString() };
  }

  /**
   * Revokes up to 1,000 keys at once.
   *
   * @param body What `POST /v1/keys/revoke` takes.
   */
  async revokeAll(
    body: unknown,
    remoteAddress?: string,
  ): Promise<{ revoked: number; unknown: readonly string[] }> {
    const { ids, ...others } = fieldsOf(body) as { ids?: unknown };
    const unknownNames = unknownFields(others, ['ids']);
    if (unknownNames.length > 0) throw invalidFields(unknownNames);
    if (
      !Array.isArray(ids) ||
      ids.length < 1 ||
      ids.length > 1_000 ||
      !ids.every((id): id is string => typeof id === 'string')
    ) {
      throw invalidFields([{ field: 'ids', message: 'must be an array of 1 to 1000 key ids' }]);
    }
    const { revokedAt, unknown } = await this.#revoke([...new Set(ids)], remoteAddress);
    return { revoked: revokedAt.size, unknown };
  }

  /** @throws BrokerRefusal 404. */
  async key(id: string): Promise<KeyView> {
    const found = await this.#ledger.key(id, this.#clock.now());
    if (found === undefined) throw notFound('There is no key of that id.');
    return viewOf(found, this.#clock.now());
  }

  /** Keys, newest first; at most `limit` (1–1,000) of them. */
  async keys(filter: KeyFilter = {}, limit = 100, cursor?: string): Promise<KeyPage> {
    const now = this.#clock.now();
    const page = await this.#ledger.keys(filter, pageOf(limit, cursor), now);
    return {
      keys: page.entries.map((entry) => viewOf(entry, now)),
      ...(page.next === undefined ? {} : { cursor: page.next }),
    };
  }

  /**
   * What a key may know about itself.
   *
   * @param token The key's own; absent where none was sent.
   * @throws BrokerRefusal 401, the same for every way in which a token can be wrong.
   */
  async currentKey(token?: string): Promise<CurrentKeyView> {
    const now = this.#clock.now();
    const key =
      token === undefined || !isWellFormedToken(token)
        ? undefined
        : await this.#ledger.keyByTokenHash(hashToken(token));
    const found =
      key === undefined || !isLive(key, now) ? undefined : await this.#ledger.key(key.id, now);
    if (found === undefined) throw invalidKey(token !== undefined);
    const [, ...others] = await this.#ledger.capsOver(found.key.id, now);
    return { ...viewOf(found, now), budgets: others.map(capView) };
  }

  /**
   * Sets an operator's daily cap over a subject, in place of the one that was set before.
   *
   * @param body What `PUT /v1/budgets/{scope}/{id}` takes.
   * @throws BrokerRefusal 422 with every bad field, or 503.
   */
  async putBudget(
    scope: string,
    id: string,
    body: unknown,
    remoteAddress?: string,
  ): Promise<CountedBudgetView> {
    const parsed = parseBudgetRequest(scope, id, body, this.#vendorNames);
    if ('faults' in parsed) throw invalidFields(parsed.faults);
    await this.#ledger.putBudget(parsed.budget, this.#clock.now(), remoteAddress);
    try {
      return await this.#countedBudget(parsed.budget);
    } catch {
      // It is set, whatever the store says of the reads that follow.
      return { ...budgetView(parsed.budget, undefined), live_keys: null };
    }
  }

  /**
   * An operator's budget, as it was set.
   *
   * @throws BrokerRefusal 404.
   */
  async budget(path: BudgetPath): Promise<CountedBudgetView> {
    const name = ruleName(this.#budgetRule(path));
    const found = (await this.#ledger.budgets()).find((budget) => ruleName(budget) === name);
    if (found === undefined) throw noBudget();
    return this.#countedBudget(found);
  }

  /**
   * Every daily cap in force: those that operators have set, then the application's over all that
   * had a live key today. The first page has all of the operators'; a later one may be empty.
   */
  async budgets(cursor?: string): Promise<BudgetPage> {
    const set = cursor === undefined ? await this.#ledger.budgets() : [];
    const operators = await Promise.all(set.map((budget) => this.#budgetView(budget)));
    const app = await this.#ledger.appBudgets(cursor, this.#clock.now());
    return {
      budgets: [...operators, ...app.entries.map(appBudgetView)],
      ...(app.next === undefined ? {} : { cursor: app.next }),
    };
  }

  /**
   * Every daily cap over one subject, an operator's and the application's apart, with what is left
   * of each.
   *
   * @param query What `GET /v1/budgets/effective` takes: what is absent is what a key without it has.
   * @throws BrokerRefusal 422 with every bad parameter.
   */
  async effectiveBudgets(
    query: EffectiveBudgetsQuery,
  ): Promise<{ caps: readonly SubjectCapView[] }> {
    const parsed = parseEffectiveBudgets(query, this.#vendorNames);
    if ('faults' in parsed) throw invalidFields(parsed.faults);
    const caps = await this.#ledger.capsOfSubjects(parsed.subjects, this.#clock.now());
    return { caps: caps.map(subjectCapView) };
  }

  /** @throws BrokerRefusal 404. */
  async deleteBudget(
    path: BudgetPath,
    remoteAddress?: string,
  ): Promise<BudgetSubjectView & { status: 'removed' }> {
    const rule = this.#budgetRule(path);
    if (!(await this.#ledger.deleteBudget(rule, this.#clock.now(), remoteAddress)))
      throw noBudget();
    return { ...budgetSubjectView(rule), status: 'removed' };
  }

  /**
   * Stops a subject: new keys and calls with live ones. Once the promise resolves no call of
   * the subject is admitted.
   *
   * @param body What `POST /v1/brakes` takes.
   * @returns The brake; its `hit` is null where the keys that it hit are still being counted, and
   * {@link brakes} tells it then.
   * @throws BrokerRefusal 422 with every bad field, or 503.
   */
  async brake(body: unknown, remoteAddress?: string): Promise<BrakeView> {
    const parsed = parseBrakeRequest(body, this.#vendorNames);
    if ('faults' in parsed) throw invalidFields(parsed.faults);
    const { lifeMs, ...request } = parsed.request;
    const now = this.#clock.now();
    if (request.scope === 'key' && (await this.#ledger.key(request.target, now)) === undefined) {
      throw invalidFields([{ field: 'id', message: 'is not the id of a key' }]);
    }
    const brake = {
      id: `brk_${newId(now)}`,
      ...request,
      createdAt: now,
      ...(lifeMs === undefined ? {} : { expiresAt: now + lifeMs }),
    };
    const hit = await this.#ledger.putBrake(brake, remoteAddress);
    return brakeView(hit === undefined ? brake : { ...brake, hit });
  }

  /** The brakes that stand, the oldest first. */
  async brakes(): Promise<{ brakes: readonly BrakeView[] }> {
    return { brakes: (await this.#ledger.brakes(this.#clock.now())).map(brakeView) };
  }

  /**
   * Lifts a brake.
   *
   * @throws BrokerRefusal 404 where none of that id stands, or 503.
   */
  async lift(
    id: string,
    remoteAddress?: string,
  ): Promise<{ id: string; status: 'lifted'; lifted_at: string }> {
    const now = this.#clock.now();
    if ((await this.#ledger.liftBrake(id, now, remoteAddress)) === undefined) {
      throw notFound('There is no brake of that id.');
    }
    return { id, status: 'lifted', lifted_at: new Date(now).toISOString() };
  }

  /**
   * Begins a lease: a heartbeat under which keys can be issued, and with which they die.
   *
   * @param body What `POST /v1/leases` takes.
   * @throws BrokerRefusal 422, or 503.
   */
  async beginLease(body: unknown): Promise<LeaseView> {
    if (this.#closed !== undefined) throw shuttingDown();
    const parsed = parseLeaseRequest(body);
    if ('faults' in parsed) throw invalidFields(parsed.faults);
    const { ttlMs } = parsed;
    const now = this.#clock.now();
    const lease = { id: `lease_${newId(now)}`, ttlMs, expiresAt: now + ttlMs };
    await this.#ledger.putLease(lease);
    return leaseView(lease);
  }

  /** @throws BrokerRefusal 404 where the lease was never there or has lapsed. */
  async renewLease(id: string): Promise<LeaseView> {
    const lease = await this.#ledger.renewLease(id, this.#clock.now());
    if (lease === undefined) throw notFound('There is no lease of that id, or it has lapsed.');
    return leaseView(lease);
  }

  /**
   * Ends a lease, and with it every key issued under it.
   *
   * @throws BrokerRefusal 404 where the lease was never there.
   */
  async endLease(id: string): Promise<{ id: string; status: 'ended' }> {
    if (!(await this.#ledger.endLease(id, this.#clock.now()))) {
      throw notFound('There is no lease of that id.');
    }
    return { id, status: 'ended' };
  }

  /** Holds, newest first; at most `limit` (1–1,000) of them. */
  async holds(filter: HoldFilter = {}, limit = 100, cursor?: string): Promise<HoldPage> {
    const { entries, next } = await this.#ledger.holds(filter, pageOf(limit, cursor));
    return { holds: entries.map(holdView), ...(next === undefined ? {} : { cursor: next }) };
  }

  /**
   * Ends a hold that is `unknown`: the vendor executed the call, for `usd`.
   *
   * @param body What `POST /v1/holds/{id}/settle` takes.
   * @throws BrokerRefusal 404, 422, or 503.
   */
  async settleHold(id: string, body: unknown, remoteAddress?: string): Promise<HoldView> {
    const { usd, ...others } = fieldsOf(body) as { usd?: unknown };
    const faults = unknownFields(others, ['usd']);
    const message = usdFault(usd, 6);
    if (message !== undefined) faults.push({ field: 'usd', message });
    if (faults.length > 0) throw invalidFields(faults);
    const micros = usdToMicros(usd as number);
    return holdView(await this.#ledger.endUnknown(id, micros, this.#clock.now(), remoteAddress));
  }

  /**
   * Ends a hold that is `unknown`: the vendor did not execute the call.
   *
   * @throws BrokerRefusal 404, 422, or 503.
   */
  async releaseHold(id: string, remoteAddress?: string): Promise<HoldView> {
    return holdView(await this.#ledger.endUnknown(id, undefined, this.#clock.now(), remoteAddress));
  }

  /** The audit log, newest first, each call one entry; at most `limit` (1–1,000) of them. */
  async audit(filter: AuditFilter = {}, limit = 100, cursor?: string): Promise<AuditPage> {
    const { entries, next } = await this.#ledger.auditRecords(filter, pageOf(limit, cursor));
    return {
      entries: entries.map(auditEntryView),
      ...(next === undefined ? {} : { cursor: next }),
    };
  }

  /**
   * Walks the chain of the audit log.
   *
   * @param head A head kept elsewhere, which the log must still lead to.
   */
  verifyAudit(head?: string): Promise<AuditVerdict> {
    return this.#ledger.verifyAudit(head);
  }

  /** How busy the broker is, in counts. */
  figures(): Promise<LedgerFigures> {
    return this.#ledger.figures(this.#clock.now());
  }

  /** The rows of the audit log as they are chained, newest first; at most `limit` of them. */
  auditEntries(filter: AuditFilter = {}, limit = 1_000): Promise<AuditEntry[]> {
    return this.#ledger.audit(filter, { limit }).then(({ entries }) => [...entries]);
  }

  /** The store's state; rejects where no decision can be taken. */
  state(): Promise<StoreState> {
    return this.#ledger.state();
  }

  /**
   * Copies the store while it is in use: whole in one new file, as of the moment that the copy begins.
   * The audit key is not in it.
   *
   * @returns How large the copy is.
   * @throws Error where there is a file of that name, or it cannot be written.
   * @throws BrokerRefusal 404 where the store is in memory.
   */
  async backup(file: string): Promise<{ bytes: number }> {
    const copy = await this.copy();
    await writeCopy(copy, file);
    return { bytes: copy.bytes };
  }

  /** As {@link backup}, for a caller that reads the copy itself: at once, or to its end within a minute a MiB. */
  async copy(): Promise<StoreCopy> {
    return this.#ledger.copy();
  }

  /** Puts a call through the proxy. Never rejects: what is refused is an answer too. */
  forward(call: ProxyCall): Promise<ProxyAnswer> {
    return this.#proxy.forward(call);
  }

  /** Whether it is closed, or about to be. */
  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** Stops admitting, waits for what is under way, closes the store. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#proxy.close();
    await this.#ledger.close();
  }

  get #vendorNames(): ReadonlySet<string> {
    return new Set(this.#prefixes.keys());
  }

  #budgetRule(path: BudgetPath): BudgetRule {
    const parsed = parseBudgetRule(path, this.#vendorNames);
    if ('faults' in parsed) throw invalidFields(parsed.faults);
    return parsed.rule;
  }

  async #budgetView(budget: Budget): Promise<BudgetView> {
    return budgetView(budget, await this.#ledger.capUnder(budget, this.#clock.now()));
  }

  async #countedBudget(budget: Budget): Promise<CountedBudgetView> {
    const liveKeys = await this.#ledger.liveKeysUnder(budget, this.#clock.now());
    return { ...(await this.#budgetView(budget)), live_keys: liveKeys ?? null };
  }

  async #newKey(body: unknown): Promise<{ key: KeyRecord; token: string }> {
    if (this.#closed !== undefined) throw shuttingDown();
    const parsed = parseIssueRequest(body, this.#prefixes);
    if ('faults' in parsed) {
      const { faults, links } = parsed;
      throw invalidFields([
        ...faults,
        ...(await this.#ledger.linkFaults(links, this.#clock.now())),
      ]);
    }
    const { request } = parsed;
    const now = this.#clock.now();
    const token = newToken();
    const key: KeyRecord = {
      id: `vk_${newId(now)}`,
      tokenHash: hashToken(token),
      label: request.label,
      vendor: request.vendor,
      capMicros: request.capMicros,
      allowedEndpoints: request.allowedEndpoints,
      subject: request.subject,
      ...(request.parentId === undefined ? {} : { parentId: request.parentId }),
      // When it lapses is the lease's own to say, whenever the key is looked at.
      ...(request.leaseId === undefined
        ? {}
        : { lease: { id: request.leaseId, expiresAt: Infinity } }),
      budgets: request.budgets,
      createdAt: now,
      expiresAt: now + request.lifeMs,
    };
    return { key, token };
  }

  #revoke(ids: readonly string[], remoteAddress: string | undefined): Promise<RevokeDecision> {
    return this.#ledger.revoke(ids, this.#clock.now(), remoteAddress);
  }
}

/** @throws BrokerOptionsError where the environment names a proxy that cannot be used. */
function vendorProxies({ vendors: accounts }: BrokerOptions): ReadonlyMap<string, VendorProxy> {
  const proxies = new Map<string, VendorProxy>();
  for (const [name, { baseUrl }] of Object.entries(accounts)) {
    const url = baseUrl ?? vendors.get(name)?.defaultBaseUrl;
    const proxy = url === undefined ? undefined : proxyFor(new URL(url), process.env);
    if (proxy === undefined) continue;
    if ('fault' in proxy) {
      throw new BrokerOptionsError([{ path: proxy.variable, message: proxy.fault }]);
    }
    proxies.set(name, proxy);
  }
  return proxies;
}

function pageOf(limit: number, cursor: string | undefined): PageRequest {
  return { limit, ...(cursor === undefined ? {} : { cursor }) };
}

function noBudget(): BrokerRefusal {
  return notFound('No operator has set a budget for this subject.');
}
