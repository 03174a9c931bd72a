import 'reflect-metadata';
import { Type, plainToInstance } from 'class-transformer';
import {
  Allow,
  ValidateBy,
  ValidateIf,
  ValidateNested,
  getMetadataStorage,
  validateSync,
} from 'class-validator';
import type { ValidationArguments, ValidationError } from 'class-validator';
import type { IdentifyAgent } from './agent-tool/identity';
import type { BrokerDialect, KeyBudgets } from './broker-client/broker-client';
import type { HttpBrokerClientOptions } from './broker-client/http-broker.client';
import {
  DEFAULT_STORE,
  DEFAULT_VENDOR_TIMEOUT,
  MIN_AUDIT_KEY_LENGTH,
  baseUrlFault,
  brokerRuleFaults,
  isLoopback,
  parseStore,
  parseTimeout,
} from './broker/broker.options';
import type { BrokerLimitOptions, BrokerOptions, VendorOptions } from './broker/broker.options';
import { APP_BUDGET_SCOPES } from './broker/budgets/budget';
import { capFault } from './broker/money/usd';
import { VaultKeyStartUpException } from './vault-key/vault-key-start-up.exception';
import type { StartUpFault } from './vault-key/vault-key-start-up.exception';

const KEYBRAKE_HOST = 'api.keybrake.com';
const KEYBRAKE_URL = `https://${KEYBRAKE_HOST}`;
const KEYBRAKE_PROXY_URL = 'https://proxy.keybrake.com';
const DEFAULT_LEASE_TTL_SECONDS = 30;
const MAX_LEASE_TTL_SECONDS = 86_400;
const SECRET = /^[\x21-\x7e]{1,4096}$/;

/** What is wrong with a value, as the rest of a sentence that begins with its path. */
type Check = (value: unknown) => string | undefined;

/** A class-validator rule that is a {@link Check}, with what right looks like. */
function Sound(check: Check, example: string): PropertyDecorator {
  return ValidateBy(
    {
      name: check.name,
      validator: {
        validate: (value: unknown) => check(value) === undefined,
        defaultMessage: (args?: ValidationArguments) => check(args?.value) ?? 'is not sound',
      },
    },
    { context: { example } },
  );
}

const optional = ValidateIf((_options, value) => value !== undefined);

/** A broker that is a server: Keybrake, or a `vault-key-broker` of one's own. */
export class BrokerServerOptions {
  /**
   * The management API; `/v1/keys` is added. `http:` only to loopback. `KEYBRAKE_URL` where absent.
   *
   * @default 'https://api.keybrake.com'
   */
  @Sound(serverUrl, "broker: { url: 'https://broker.example.com' }")
  url?: string | undefined = KEYBRAKE_URL;

  /**
   * The proxy; `/{vendor}/…` is added. `http:` only to loopback. `KEYBRAKE_PROXY_URL` where absent.
   *
   * @default the origin of `url`, for Keybrake's own 'https://proxy.keybrake.com'
   */
  @optional
  @Sound(serverUrl, "broker: { proxyUrl: 'https://broker.example.com' }")
  proxyUrl?: string | undefined;

  /** The management token. `KEYBRAKE_TOKEN` where absent. */
  @Sound(managementToken, 'broker: { token: process.env.KEYBRAKE_TOKEN }')
  token?: string | undefined;

  /**
   * The contract the server speaks: `keybrake` sends nothing but what Keybrake's own API documents.
   *
   * @default 'keybrake' where `url` is Keybrake's, else 'vault-key'
   */
  @optional
  @Sound(dialectName, "broker: { dialect: 'vault-key' }")
  dialect?: BrokerDialect | undefined;
}

/** The Stripe account behind the embedded broker. */
export class EmbeddedStripeOptions {
  /**
   * The account's secret. Use a restricted key (`rk_…`) with only the rights the tools need. Stays
   * in the broker: no handler sees it.
   */
  @Sound(
    vendorSecret,
    'embedded: { vendors: { stripe: { secretKey: process.env.STRIPE_SECRET_KEY } } }',
  )
  secretKey!: string | undefined;

  /**
   * Where the vendor's API is. `http:` only to loopback.
   *
   * @default 'https://api.stripe.com'
   */
  @optional
  @Sound(vendorUrl, "baseUrl: 'https://api.stripe.com'")
  baseUrl?: string | undefined;

  /** US dollars for one major unit of a currency: `{ eur: 1.09 }`. Without one it is refused. */
  @Allow()
  rates?: VendorOptions['rates'];

  /** Prices of calls that the broker cannot price itself, and refuses without one. */
  @Allow()
  prices?: VendorOptions['prices'];

  /** Calls that cost nothing, and are refused unless they stand here. */
  @Allow()
  free?: VendorOptions['free'];

  /** Connected accounts that calls may name. */
  @Allow()
  accounts?: VendorOptions['accounts'];

  /** Request headers that are forwarded beside the usual ones, in lower case. */
  @Allow()
  headers?: VendorOptions['headers'];

  /** How much of a request body is read. */
  @Allow()
  limits?: VendorOptions['limits'];
}

/** The accounts behind the embedded broker, by vendor. */
export class EmbeddedVendorsOptions {
  @Sound(section, 'vendors: { stripe: { secretKey: process.env.STRIPE_SECRET_KEY } }')
  @ValidateNested()
  @Type(() => EmbeddedStripeOptions)
  stripe!: EmbeddedStripeOptions;
}

/** The broker in this process. */
export class EmbeddedOptions {
  @Sound(section, 'embedded: { vendors: { stripe: { secretKey: process.env.STRIPE_SECRET_KEY } } }')
  @ValidateNested()
  @Type(() => EmbeddedVendorsOptions)
  vendors!: EmbeddedVendorsOptions;

  /**
   * The ledger: `sqlite:<path>`, or `sqlite::memory:`, which does not outlive the process. A file
   * belongs to one process at a time.
   *
   * @default 'sqlite:./vault-key.db'
   */
  @Sound(storeUrl, "embedded: { store: 'sqlite:./vault-key.db' }")
  store?: string | undefined = DEFAULT_STORE;

  /**
   * How long a vendor may take to begin its answer: digits and `ms`, `s` or `m`, `1ms` to `10m`.
   *
   * @default '80s'
   */
  @Sound(vendorTimeout, "embedded: { vendorTimeout: '80s' }")
  vendorTimeout?: string | undefined = DEFAULT_VENDOR_TIMEOUT;

  /**
   * What the audit log is chained with: at least 32 characters, the same at every start.
   *
   * @default made with the store, and kept beside it as `<path>.audit-key`
   */
  @optional
  @Sound(auditKey, 'embedded: { auditKey: process.env.VAULT_KEY_AUDIT_KEY }')
  auditKey?: string | undefined;

  /** What the broker takes on at once. */
  @Allow()
  limits?: BrokerLimitOptions;
}

/**
 * Daily caps, each across all keys of a subject: USD a UTC calendar day, 0 to 1,000,000, at most 2
 * decimals. An operator may set others in the broker; of the two the tighter decides.
 */
export class BudgetsOptions {
  /** What each tenant may spend a day. Keys without a tenant share one. */
  @optional
  @Sound(capFault, 'budgets: { tenant: 5000 }')
  tenant?: number;

  /** What each user may spend a day, within their tenant. Whoever is not logged in is one user. */
  @optional
  @Sound(capFault, 'budgets: { user: 500 }')
  user?: number;

  /**
   * What each of an agent's runs may spend a day, within its user. A request without
   * `X-Agent-Run-ID` is a run of its own.
   */
  @optional
  @Sound(capFault, 'budgets: { run: 50 }')
  run?: number;

  /** What each tool may spend a day, whoever calls it. */
  @optional
  @Sound(capFault, 'budgets: { tool: 1000 }')
  tool?: number;
}

/** The heartbeat of an instance of the application. */
export class LeaseOptions {
  /**
   * How long keys outlive an instance that has died: a whole number of seconds, 1 to 86,400. The
   * lease is renewed at a third of it.
   *
   * @default 30
   */
  @Sound(leaseTtl, 'lease: { ttlSeconds: 30 }')
  ttlSeconds?: number | undefined = DEFAULT_LEASE_TTL_SECONDS;
}

/** What `VaultKeyModule` is configured with: `broker` or `embedded`, never both. */
export class VaultKeyModuleOptions {
  /** A broker that is a server. What it leaves out is read from `KEYBRAKE_*`. */
  @optional
  @Sound(section, 'broker: { token: process.env.KEYBRAKE_TOKEN }')
  @ValidateNested()
  @Type(() => BrokerServerOptions)
  broker?: BrokerServerOptions | undefined;

  /** The broker in this process. `KEYBRAKE_*` is not read then. */
  @optional
  @Sound(section, 'embedded: { vendors: { stripe: { secretKey: process.env.STRIPE_SECRET_KEY } } }')
  @ValidateNested()
  @Type(() => EmbeddedOptions)
  embedded?: EmbeddedOptions | undefined;

  /**
   * Says on whose behalf a call works: a user, a run, a tenant, a tool. What it leaves out is read
   * from the request: `request.user`, `X-Agent-Run-ID`.
   *
   * @example (context) => ({ tenantId: context.switchToHttp().getRequest().tenantId })
   */
  @optional
  @Sound(callable, 'identify: (context) => ({ userId: … })')
  identify?: IdentifyAgent | undefined;

  /**
   * Daily caps over tenants, users, runs and tools. They travel with each key: a key a request
   * would give an agent a fresh cap at every request. Not with a broker of the `keybrake` dialect.
   *
   * @example { user: 500, run: 50 }
   */
  @optional
  @Sound(budgetsSection, 'budgets: { user: 500, run: 50 }')
  @ValidateNested()
  @Type(() => BudgetsOptions)
  budgets?: BudgetsOptions | undefined;

  /**
   * Whether keys die with this instance of the application: `true`, or for how long they outlive
   * it. Where no lease is to be had, no key is. Not with a broker of the `keybrake` dialect.
   *
   * @default false
   */
  @optional
  @Sound(leaseSection, 'lease: true')
  @ValidateNested()
  @Type(() => LeaseOptions)
  lease?: boolean | LeaseOptions | undefined;
}

/** Options found sound, with every default in its place. Holds secrets: never log it. */
export type ResolvedVaultKeyOptions = {
  identify?: IdentifyAgent;
  budgets?: KeyBudgets;
  leaseTtlSeconds?: number;
} & (
  | { broker: HttpBrokerClientOptions; embedded?: undefined }
  | { embedded: BrokerOptions; broker?: undefined }
);

const ENVIRONMENT = {
  url: 'KEYBRAKE_URL',
  proxyUrl: 'KEYBRAKE_PROXY_URL',
  token: 'KEYBRAKE_TOKEN',
} as const;

/** Options that only a broker of this package enforces. */
const OWN_OPTIONS = ['budgets', 'lease'] as const;

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
  if (plain['lease'] === true) plain['lease'] = {};
  if (plain['lease'] === false) delete plain['lease'];

  const options = plainToInstance(VaultKeyModuleOptions, plain);
  const faults = validateSync(options, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: false,
  }).flatMap((error) => faultsOf(error, ''));
  faults.push(...brokerRules(plain), ...undefinedBudgets(given), ...notEnforced(plain));
  if (both) {
    faults.unshift({
      where: 'broker and embedded',
      message: 'exclude each other: keep the one the application is to use',
      example: 'VaultKeyModule.forRoot({ broker: { token: process.env.KEYBRAKE_TOKEN } })',
    });
  } else if (plain['broker'] === undefined && plain['embedded'] === undefined) {
    faults.unshift({
      where: 'broker or embedded',
      message:
        'must be given, or KEYBRAKE_TOKEN set in the environment: they say where vault keys come from',
      example:
        'VaultKeyModule.forRoot({ embedded: { vendors: { stripe: { secretKey: process.env.STRIPE_SECRET_KEY } } } })',
    });
  }
  if (faults.length > 0) {
    throw new VaultKeyStartUpException(
      faults.map((fault) => {
        const variable = filled.get(fault.where);
        return variable === undefined ? fault : { ...fault, where: `${fault.where} (${variable})` };
      }),
    );
  }
  return resolved(options);
}

function resolved(options: VaultKeyModuleOptions): ResolvedVaultKeyOptions {
  const { broker, embedded, identify, budgets, lease } = options;
  const rest = {
    ...(identify === undefined ? {} : { identify }),
    ...(budgets === undefined ? {} : { budgets: capsOf(budgets) }),
    ...(lease instanceof LeaseOptions
      ? { leaseTtlSeconds: lease.ttlSeconds ?? DEFAULT_LEASE_TTL_SECONDS }
      : {}),
  };
  if (embedded !== undefined) {
    const { secretKey, ...stripe } = embedded.vendors.stripe;
    const { limits, auditKey: chainedWith } = embedded;
    return {
      ...rest,
      embedded: {
        vendors: {
          stripe: { secretKey: secretKey ?? '', ...withoutUndefined({ ...stripe }) },
        },
        store: embedded.store ?? DEFAULT_STORE,
        vendorTimeout: embedded.vendorTimeout ?? DEFAULT_VENDOR_TIMEOUT,
        ...(limits === undefined ? {} : { limits }),
        ...(chainedWith === undefined ? {} : { auditKey: chainedWith }),
      },
    };
  }
  const url = broker?.url ?? KEYBRAKE_URL;
  const isKeybrake = isKeybrakeUrl(url);
  return {
    ...rest,
    broker: {
      url,
      proxyUrl: broker?.proxyUrl ?? (isKeybrake ? KEYBRAKE_PROXY_URL : new URL(url).origin),
      token: broker?.token ?? '',
      dialect: broker?.dialect ?? (isKeybrake ? 'keybrake' : 'vault-key'),
    },
  };
}

function capsOf({ tenant, user, run, tool }: BudgetsOptions): KeyBudgets {
  return withoutUndefined({ tenant, user, run, tool });
}

/** What the embedded broker itself has against its rules. */
function brokerRules(plain: Readonly<Record<string, unknown>>): StartUpFault[] {
  const { embedded } = plain;
  if (!isRecord(embedded)) return [];
  const stripe = isRecord(embedded['vendors']) ? embedded['vendors']['stripe'] : undefined;
  const faults: StartUpFault[] = [];
  brokerRuleFaults(
    { limits: embedded['limits'], ...(isRecord(stripe) ? { vendors: { stripe } } : {}) },
    (path, message) => faults.push({ where: `embedded.${path}`, message }),
  );
  return faults;
}

/** A budget that came out as `undefined` was meant to be one. */
function undefinedBudgets(given: unknown): StartUpFault[] {
  const budgets = isRecord(given) ? given['budgets'] : undefined;
  if (!isRecord(budgets)) return [];
  return APP_BUDGET_SCOPES.filter((scope) => scope in budgets && budgets[scope] === undefined).map(
    (scope) => ({
      where: `budgets.${scope}`,
      message: 'is undefined: give it a number of US dollars, or leave it out',
      example: `budgets: { ${scope}: 500 }`,
    }),
  );
}

/** A cap nobody enforces is refused, not ignored. */
function notEnforced(plain: Readonly<Record<string, unknown>>): StartUpFault[] {
  const { broker, embedded } = plain;
  if (embedded !== undefined || !isRecord(broker)) return [];
  const { dialect, url = KEYBRAKE_URL } = broker;
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
  if (given === undefined && !environment[ENVIRONMENT.token]) return;
  const broker: Record<string, unknown> = { ...given };
  for (const [option, variable] of Object.entries(ENVIRONMENT)) {
    const value = environment[variable];
    if (broker[option] !== undefined || !value) continue;
    // A proxy named elsewhere than the broker it belongs to would get that broker's keys.
    if (option === 'proxyUrl' && isRecord(given) && given['url'] !== undefined) continue;
    broker[option] = value;
    filled.set(`broker.${option}`, variable);
  }
  plain['broker'] = broker;
}

function faultsOf(error: ValidationError, above: string): StartUpFault[] {
  const where = above === '' ? error.property : `${above}.${error.property}`;
  const own = Object.entries(error.constraints ?? {})
    .filter(([rule]) => rule !== 'nestedValidation')
    .map(([rule, message]): StartUpFault => {
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
  const kind = target instanceof EmbeddedVendorsOptions ? 'vendor of this version' : 'option';
  return `is not a known ${kind} (known: ${optionNames(target).join(', ')})`;
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

function section(value: unknown): string | undefined {
  if (isRecord(value)) return undefined;
  return value === undefined ? 'is missing' : 'must be an object';
}

function budgetsSection(value: unknown): string | undefined {
  if (!isRecord(value)) return section(value);
  return APP_BUDGET_SCOPES.some((scope) => value[scope] !== undefined)
    ? undefined
    : `must hold a cap for at least one of ${APP_BUDGET_SCOPES.join(', ')}`;
}

function leaseSection(value: unknown): string | undefined {
  return isRecord(value) ? undefined : 'must be true, false or an object';
}

function leaseTtl(value: unknown): string | undefined {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_LEASE_TTL_SECONDS
    ? undefined
    : `must be a whole number of seconds from 1 to ${MAX_LEASE_TTL_SECONDS}`;
}

function callable(value: unknown): string | undefined {
  return typeof value === 'function' ? undefined : 'must be a function';
}

function managementToken(value: unknown): string | undefined {
  if (value === undefined || value === '') {
    return 'is missing: set KEYBRAKE_TOKEN in the environment of this process, or pass it';
  }
  return SECRET.test(typeof value === 'string' ? value : '')
    ? undefined
    : 'must be a string of printable ASCII characters without spaces or line breaks';
}

function vendorSecret(value: unknown): string | undefined {
  if (value === undefined || value === '') return 'is missing';
  return SECRET.test(typeof value === 'string' ? value : '')
    ? undefined
    : 'must be a string of printable ASCII characters without spaces or line breaks';
}

function auditKey(value: unknown): string | undefined {
  return typeof value === 'string' && value.length >= MIN_AUDIT_KEY_LENGTH
    ? undefined
    : `must be a string of at least ${MIN_AUDIT_KEY_LENGTH} characters`;
}

function dialectName(value: unknown): string | undefined {
  return value === 'keybrake' || value === 'vault-key'
    ? undefined
    : 'must be "keybrake" or "vault-key"';
}

function vendorUrl(value: unknown): string | undefined {
  return typeof value === 'string' ? baseUrlFault(value) : 'must be a string';
}

function storeUrl(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  const store = parseStore(value);
  return 'fault' in store ? store.fault : undefined;
}

function vendorTimeout(value: unknown): string | undefined {
  return typeof value === 'string' && parseTimeout(value) !== undefined
    ? undefined
    : 'must be digits and ms, s or m, from 1ms to 10m';
}

// What was given is never shown: a URL may hold credentials.
function serverUrl(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return 'must be an absolute URL';
  const url = new URL(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must be an https: URL';
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return 'must be an https: URL: plain http: is for loopback only, since the token goes with it';
  }
  if (url.username !== '' || url.password !== '') return 'must not hold credentials';
  if (url.search !== '' || url.hash !== '') return 'must have no query and no fragment';
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A copy in which what is `undefined` is absent, so that a default takes its place. */
function withoutUndefined(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, isRecord(value) ? withoutUndefined(value) : value]),
  );
}
