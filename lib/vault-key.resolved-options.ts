import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync } from 'class-validator';
import type { ValidationError } from 'class-validator';
import type { IdentifyAgent } from './agent-tool/identity';
import type { HttpBrokerClientOptions } from './broker-client/http-broker.options';
import {
  DEFAULT_RETENTION,
  DEFAULT_STORE,
  DEFAULT_VENDOR_TIMEOUT,
  auditKeyFaultFor,
  parseStore,
  parseTimeout,
  readReloadable,
} from './broker/broker.options';
import type { BrokerOptions } from './broker/broker.options';
import type { MetricsRegistry } from './broker/metrics/prometheus';
import type { PooledStore } from './broker/ledger/postgres/pg-pool';
import { isRecord } from './contract/is-record';
import { DEFAULT_LEASE_TTL_SECONDS, LeaseOptions, CheckedOptions } from './vault-key.options';
import type { MetricsOptions } from './vault-key.options';
import { budgetRules, budgetTerms } from './vault-key.budget-options';
import { offlineOf, offlineRules } from './vault-key.offline-options';
import { brokerListFaults } from './vault-key.option-checks';
import type { KeyBudgetTerms } from './vault-key/budget-choice';
import type { ChooseAccount } from './vault-key/account-choice';
import { VaultKeyStartUpException } from './vault-key/vault-key-start-up.exception';
import type { StartUpIssue } from './vault-key/vault-key-start-up.exception';

const KEYBRAKE_HOST = 'api.keybrake.com';
const KEYBRAKE_PROXY_URL = 'https://proxy.keybrake.com';

/** Valid options, with every default in its place. Holds secrets: never log it. */
export type ResolvedVaultKeyOptions = {
  identify?: IdentifyAgent;
  account?: ChooseAccount;
  budgets?: KeyBudgetTerms;
  budgetsMode?: 'shadow';
  leaseTtlSeconds?: number;
  shutdownGraceMs?: number;
  metricsRegistry?: MetricsRegistry;
  eventEmitter?: boolean;
} & (
  | { broker: HttpBrokerClientOptions; embedded?: undefined }
  | {
      embedded: BrokerOptions;
      /** Whether the accounts are at a Stripe in this process, whose address is not known yet. */
      isOffline?: true;
      broker?: undefined;
    }
);

const ENVIRONMENT = {
  url: 'KEYBRAKE_URL',
  proxyUrl: 'KEYBRAKE_PROXY_URL',
  token: 'KEYBRAKE_TOKEN',
} as const;

/** For those who have no secret yet, and are told that it is missing. */
const OFFLINE_EXAMPLE =
  'embedded: { offline: true }, which imitates Stripe, to try it without an account';

/** Options that only a broker of this package knows. */
const OWN_OPTIONS = ['budgets', 'budgetsMode', 'lease', 'eventEmitter'] as const;

/**
 * Completes the options and finds what is wrong with them.
 *
 * @throws VaultKeyStartUpException with every fault.
 */
export function resolveVaultKeyOptions(
  given: unknown,
  environment: NodeJS.ProcessEnv = process.env,
): ResolvedVaultKeyOptions {
  const plain: Record<string, unknown> = isRecord(given) ? withoutUndefined(given) : {};
  const filled = new Map<string, string>();
  const both = plain['broker'] !== undefined && plain['embedded'] !== undefined;
  if (plain['embedded'] === undefined) fillFromEnvironment(plain, environment, filled);
  const several = brokersOf(plain);
  if (plain['lease'] === true) plain['lease'] = {};
  if (plain['lease'] === false) delete plain['lease'];

  const offline = offlineOf(plain);
  const options = instanceOf(plain);
  const faults = validateSync(options, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: false,
  }).flatMap((error) => faultsOf(error, ''));
  faults.push(
    ...(several === undefined ? [] : brokerListRules(several, plain)),
    ...brokerRules(plain),
    ...(offline ? offlineRules(environment) : []),
    ...budgetRules(given),
    ...notEnforced(plain),
  );
  if (both) {
    faults.unshift({
      where: 'broker and embedded',
      message: 'exclude each other: keep the one the application is to use',
      example:
        "VaultKeyModule.forRoot({ broker: { url: 'https://broker.example.com', token: process.env.KEYBRAKE_TOKEN } })",
    });
  } else if (plain['broker'] === undefined && plain['embedded'] === undefined) {
    faults.unshift({
      where: 'broker or embedded',
      message:
        'must be given, or KEYBRAKE_URL and KEYBRAKE_TOKEN set in the environment: they say where vault keys come from',
      example:
        'VaultKeyModule.forRoot({ embedded: { vendors: { stripe: { secretKey: process.env.STRIPE_SECRET_KEY } } } })',
    });
  }
  if (faults.length > 0) {
    throw new VaultKeyStartUpException(
      faults.map((fault) => {
        const variable = filled.get(fault.where.replace(/\[\d+\]$/, ''));
        return variable === undefined ? fault : { ...fault, where: `${fault.where} (${variable})` };
      }),
    );
  }
  const found = resolved(options);
  return offline && found.embedded !== undefined ? { ...found, isOffline: true } : found;
}

/**
 * An instance of the options. A pool and a registry are in it as they were given: they would be copied, with
 * all that they hold.
 */
function instanceOf({ metrics, ...plain }: Readonly<Record<string, unknown>>): CheckedOptions {
  const options = withPool(plain);
  if (metrics !== undefined) options.metrics = metrics as MetricsOptions;
  return options;
}

function withPool(plain: Readonly<Record<string, unknown>>): CheckedOptions {
  const { embedded } = plain;
  const store = isRecord(embedded) ? embedded['store'] : undefined;
  if (!isRecord(embedded) || typeof store !== 'object')
    return plainToInstance(CheckedOptions, plain);
  const options = plainToInstance(CheckedOptions, {
    ...plain,
    embedded: { ...embedded, store: undefined },
  });
  if (options.embedded !== undefined) options.embedded.store = store as PooledStore;
  return options;
}

function resolved(options: CheckedOptions): ResolvedVaultKeyOptions {
  const { broker, embedded, identify, account, budgets, budgetsMode } = options;
  const { lease, eventEmitter, shutdownGrace = '' } = options;
  const shutdownGraceMs = parseTimeout(shutdownGrace);
  const rest = {
    ...(identify === undefined ? {} : { identify }),
    ...(account === undefined ? {} : { account }),
    ...(budgets === undefined ? {} : { budgets: budgetTerms(budgets) }),
    ...(budgetsMode === 'shadow' ? { budgetsMode } : {}),
    ...(lease instanceof LeaseOptions
      ? { leaseTtlSeconds: lease.ttlSeconds ?? DEFAULT_LEASE_TTL_SECONDS }
      : {}),
    ...(shutdownGraceMs === undefined ? {} : { shutdownGraceMs }),
    ...(options.metrics === undefined ? {} : { metricsRegistry: options.metrics.registry }),
    ...(eventEmitter === true ? { eventEmitter } : {}),
  };
  if (embedded !== undefined) {
    const { vendors, limits, operators, auditKey: chainedWith, acceptStore } = embedded;
    const { thresholds, webhooks } = embedded;
    return {
      ...rest,
      embedded: {
        vendors,
        store: embedded.store ?? DEFAULT_STORE,
        vendorTimeout: embedded.vendorTimeout ?? DEFAULT_VENDOR_TIMEOUT,
        retention: embedded.retention ?? DEFAULT_RETENTION,
        ...(limits === undefined ? {} : { limits }),
        ...(operators === undefined ? {} : { operators }),
        ...(thresholds === undefined ? {} : { thresholds }),
        ...(webhooks === undefined ? {} : { webhooks }),
        ...(chainedWith === undefined ? {} : { auditKey: chainedWith }),
        ...(acceptStore === undefined ? {} : { acceptStore }),
      },
    };
  }
  const url = broker?.url ?? '';
  const token = broker?.token ?? '';
  if (typeof url !== 'string') {
    return { ...rest, broker: { url: [...url], token, dialect: 'vault-key' } };
  }
  const isKeybrake = isKeybrakeUrl(url);
  return {
    ...rest,
    broker: {
      url,
      proxyUrl: broker?.proxyUrl ?? (isKeybrake ? KEYBRAKE_PROXY_URL : url),
      token,
      dialect: broker?.dialect ?? (isKeybrake ? 'keybrake' : 'vault-key'),
    },
  };
}

/** The list of brokers, where there is one. A list of one is that one. */
function brokersOf(plain: Record<string, unknown>): readonly unknown[] | undefined {
  const { broker } = plain;
  if (!isRecord(broker) || !Array.isArray(broker['url'])) return undefined;
  const urls: readonly unknown[] = broker['url'];
  if (urls.length !== 1) return urls;
  plain['broker'] = { ...broker, url: urls[0] };
  return undefined;
}

/** What is wrong with a list of brokers, and what does not go with one. */
function brokerListRules(
  urls: readonly unknown[],
  { broker }: Readonly<Record<string, unknown>>,
): StartUpIssue[] {
  const options = isRecord(broker) ? broker : {};
  const example =
    "broker: { url: ['https://broker-1.example.com', 'https://broker-2.example.com'] }";
  const faults: StartUpIssue[] = brokerListFaults(urls, options).map(({ index, message }, i) => ({
    where: index === undefined ? 'broker.url' : `broker.url[${index}]`,
    message,
    ...(i === 0 ? { example } : {}),
  }));
  for (const [index, url] of urls.entries()) {
    if (!isKeybrakeUrl(url)) continue;
    const message = "is Keybrake's own server, which has no store in common with another broker";
    faults.push({ where: `broker.url[${index}]`, message });
  }
  if (options['dialect'] === 'keybrake') {
    faults.push({
      where: 'broker.dialect',
      message:
        'must be "vault-key" where url is a list: a request for a key cannot be repeated in the "keybrake" dialect',
    });
  }
  if (options['proxyUrl'] !== undefined) {
    faults.push({
      where: 'broker.proxyUrl',
      message: 'must be left out where url is a list: each broker forwards calls at its own URL',
    });
  }
  return faults;
}

/** What the embedded broker itself has against its rules. */
function brokerRules(plain: Readonly<Record<string, unknown>>): StartUpIssue[] {
  const { embedded } = plain;
  if (!isRecord(embedded)) return [];
  const faults = missingAuditKey(embedded);
  const { vendors, limits, operators, thresholds, webhooks } = embedded;
  readReloadable({ vendors, limits, operators, thresholds, webhooks }, (path, message) => {
    // What is no object is told with the options' own rules.
    if (path === 'vendors' && !isRecord(vendors)) return;
    const isMissing = path.endsWith('.secretKey') && message.startsWith('is missing');
    const example = isMissing ? { example: OFFLINE_EXAMPLE } : {};
    faults.push({ where: `embedded.${path}`, message, ...example });
  });
  return faults;
}

/** A store that several instances share has its audit key from its options alone. */
function missingAuditKey(embedded: Readonly<Record<string, unknown>>): StartUpIssue[] {
  const { store = DEFAULT_STORE, auditKey } = embedded;
  if (auditKey !== undefined || !(typeof store === 'string' || isRecord(store))) return [];
  const place = parseStore(store as string | PooledStore);
  const message = 'fault' in place ? undefined : auditKeyFaultFor(place, undefined);
  return message === undefined ? [] : [{ where: 'embedded.auditKey', message }];
}

/** A cap that the broker does not enforce is refused, not ignored. */
function notEnforced(plain: Readonly<Record<string, unknown>>): StartUpIssue[] {
  const { broker, embedded } = plain;
  if (embedded !== undefined || !isRecord(broker)) return [];
  const { dialect, url } = broker;
  const speaksKeybrake = dialect === undefined ? isKeybrakeUrl(url) : dialect === 'keybrake';
  if (!speaksKeybrake) return [];
  return OWN_OPTIONS.filter((option) => plain[option] !== undefined).map((option) => ({
    where: option,
    message:
      'is not enforced by a broker of the "keybrake" dialect: leave it out, or use `embedded` or a vault-key-broker of your own',
    example: "VaultKeyModule.forRoot({ broker: { url: 'https://broker.example.com' } })",
  }));
}

function isKeybrakeUrl(url: unknown): boolean {
  return typeof url === 'string' && URL.canParse(url) && new URL(url).hostname === KEYBRAKE_HOST;
}

function fillFromEnvironment(
  plain: Record<string, unknown>,
  environment: NodeJS.ProcessEnv,
  filled: Map<string, string>,
): void {
  const given = plain['broker'];
  if (given !== undefined && !isRecord(given)) return;
  if (given === undefined && !environment.KEYBRAKE_TOKEN && !environment.KEYBRAKE_URL) return;
  const broker: Record<string, unknown> = { ...given };
  for (const [option, variable] of Object.entries(ENVIRONMENT)) {
    const value = environment[variable];
    if (broker[option] !== undefined || !value) continue;
    // A proxy named elsewhere than the broker it belongs to would get that broker's keys.
    if (option === 'proxyUrl' && isRecord(given) && given['url'] !== undefined) continue;
    broker[option] = option === 'url' ? urlsIn(value) : value;
    filled.set(`broker.${option}`, variable);
  }
  plain['broker'] = broker;
}

/** A URL, or several with commas between them. */
function urlsIn(value: string): string | readonly string[] {
  return value.includes(',') ? value.split(',').map((url) => url.trim()) : value;
}

function faultsOf(error: ValidationError, above: string): StartUpIssue[] {
  const where = above === '' ? error.property : `${above}.${error.property}`;
  const own = Object.entries(error.constraints ?? {})
    .filter(([rule]) => rule !== 'nestedValidation')
    .map(([rule, message]): StartUpIssue => {
      if (rule === 'whitelistValidation') return { where, message: unknownOption(error, above) };
      const context = error.contexts?.[rule] as { example: string } | undefined;
      return { where, message, ...(context === undefined ? {} : { example: context.example }) };
    });
  return [...own, ...(error.children ?? []).flatMap((child) => faultsOf(child, where))];
}

function unknownOption({ property, target }: ValidationError, above: string): string {
  if (above === '' && property === 'isGlobal') {
    return 'belongs beside useFactory, useClass or useExisting, not in what they give';
  }
  return `is not a known option (known: ${optionNames(target).join(', ')})`;
}

function optionNames(target: object | undefined): string[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(
    (target ?? {}).constructor,
    '',
    false,
    false,
  );
  return [...new Set(rules.map(({ propertyName }) => propertyName))];
}

/** A copy in which what is `undefined` is absent, so that a default takes its place. */
function withoutUndefined(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => {
        // What is no option is kept as it was given: a pool has more than its fields.
        const isSection = isRecord(value) && name !== 'pool' && name !== 'registry';
        return [name, isSection ? withoutUndefined(value) : value];
      }),
  );
}
