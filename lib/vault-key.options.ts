import 'reflect-metadata';
import { Type, plainToInstance } from 'class-transformer';
import {
  ValidateBy,
  ValidateIf,
  ValidateNested,
  getMetadataStorage,
  validateSync,
} from 'class-validator';
import type { ValidationArguments, ValidationError } from 'class-validator';
import type { IdentifyAgent } from './agent-tool/identity';
import type { BrokerDialect } from './broker-client/broker-client';
import type { HttpBrokerClientOptions } from './broker-client/http-broker.client';
import {
  DEFAULT_STORE,
  DEFAULT_VENDOR_TIMEOUT,
  baseUrlFault,
  isLoopback,
  parseStore,
  parseTimeout,
} from './broker/broker.options';
import type { BrokerOptions } from './broker/broker.options';
import { VaultKeyStartUpException } from './vault-key/vault-key-start-up.exception';
import type { StartUpFault } from './vault-key/vault-key-start-up.exception';

const KEYBRAKE_HOST = 'api.keybrake.com';
const KEYBRAKE_URL = `https://${KEYBRAKE_HOST}`;
const KEYBRAKE_PROXY_URL = 'https://proxy.keybrake.com';
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
}

/** Options found sound, with every default in its place. Holds secrets: never log it. */
export type ResolvedVaultKeyOptions = { identify?: IdentifyAgent } & (
  | { broker: HttpBrokerClientOptions; embedded?: undefined }
  | { embedded: BrokerOptions; broker?: undefined }
);

const ENVIRONMENT = {
  url: 'KEYBRAKE_URL',
  proxyUrl: 'KEYBRAKE_PROXY_URL',
  token: 'KEYBRAKE_TOKEN',
} as const;

/** Options that other versions have, and what to say to who gives them here. */
const NOT_IN_THIS_VERSION: ReadonlySet<string> = new Set(['budgets', 'lease']);

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

  const options = plainToInstance(VaultKeyModuleOptions, plain);
  const faults = validateSync(options, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: false,
  }).flatMap((error) => faultsOf(error, ''));
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

function resolved({ broker, embedded, identify }: VaultKeyModuleOptions): ResolvedVaultKeyOptions {
  const rest = identify === undefined ? {} : { identify };
  if (embedded !== undefined) {
    const { secretKey, baseUrl } = embedded.vendors.stripe;
    return {
      ...rest,
      embedded: {
        vendors: {
          stripe: { secretKey: secretKey ?? '', ...(baseUrl === undefined ? {} : { baseUrl }) },
        },
        store: embedded.store ?? DEFAULT_STORE,
        vendorTimeout: embedded.vendorTimeout ?? DEFAULT_VENDOR_TIMEOUT,
      },
    };
  }
  const url = broker?.url ?? KEYBRAKE_URL;
  const { hostname, origin } = new URL(url);
  const isKeybrake = hostname === KEYBRAKE_HOST;
  return {
    ...rest,
    broker: {
      url,
      proxyUrl: broker?.proxyUrl ?? (isKeybrake ? KEYBRAKE_PROXY_URL : origin),
      token: broker?.token ?? '',
      dialect: broker?.dialect ?? (isKeybrake ? 'keybrake' : 'vault-key'),
    },
  };
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
  if (above === '' && NOT_IN_THIS_VERSION.has(property)) {
    return 'is not in this version, and a rule that nobody enforces is refused';
  }
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
