import 'reflect-metadata';
import { Type } from 'class-transformer';
import { Allow, ValidateNested } from 'class-validator';
import type { IdentifyAgent } from './agent-tool/identity';
import type { BrokerDialect } from './broker-client/broker-client';
import { DEFAULT_RETENTION, DEFAULT_STORE, DEFAULT_VENDOR_TIMEOUT } from './broker/broker.options';
import type { PooledStore } from './broker/ledger/postgres/pg-pool';
import type { StoreDoubt } from './broker/ledger/store-doubt';
import type { BrokerLimitOptions } from './broker/broker.options';
import type { MetricsRegistry } from './broker/metrics/prometheus';
import type { VendorOptions } from './broker/accounts/account';
import type { BudgetMode } from './contract/budget-periods';
import type { BudgetCaps, ComputeBudget } from './vault-key/budget-choice';
import type { OperatorOptions } from './broker/operators/operator.options';
import type { WebhookOptions } from './broker/webhooks/webhook.options';
import type { ChooseAccount } from './vault-key/account-choice';
import {
  Checked,
  acceptedDoubts,
  auditKey,
  brokerUrl,
  budgetsMode,
  callable,
  dialectName,
  duration,
  flag,
  retention,
  hostNames,
  leaseSection,
  leaseTtl,
  managementToken,
  metricsSection,
  neverWithVendors,
  optional,
  section,
  serverUrl,
  storeUrl,
} from './vault-key.option-checks';

/** How long keys outlive an instance that has died, in seconds, by default. */
export const DEFAULT_LEASE_TTL_SECONDS = 30;

/** A broker that is a server: Keybrake, or a `vault-key-broker` of one's own. */
export class BrokerServerOptions {
  /**
   * The management API; `/v1/keys` is added to its path. `http:` only to loopback and to the hosts
   * of {@link allowPlainHttp}. `KEYBRAKE_URL` where absent; there is no other default, so that a
   * token goes only to a server that you name. Keybrake's own is `https://api.keybrake.com`.
   *
   * A list names up to 16 brokers of this package on one store, with the same token: the first is asked,
   * and where it does not answer, the next. In `KEYBRAKE_URL` commas separate them. A call to a
   * vendor goes to another broker only where it has certainly not reached the one before.
   *
   * @example ['https://broker-1.example.com', 'https://broker-2.example.com']
   */
  @Checked(brokerUrl, "broker: { url: 'https://broker.example.com' }")
  url?: string | readonly string[] | undefined;

  /**
   * The proxy; `/{vendor}/…` is added to its path. `http:` as for `url`. `KEYBRAKE_PROXY_URL` where
   * both this and `url` are absent from the code. Not with a list of brokers: each of them forwards calls
   * at its own URL.
   *
   * @default `url`, its path included; for Keybrake's own 'https://proxy.keybrake.com'
   */
  @optional
  @Checked(serverUrl, "broker: { proxyUrl: 'https://broker.example.com' }")
  proxyUrl?: string | undefined;

  /**
   * Hosts that plain `http:` may go to, such as the broker's in a private network of containers.
   * Tokens cross that network in the clear. Names or addresses, without scheme and port.
   *
   * @default none beside loopback
   */
  @optional
  @Checked(hostNames, "broker: { url: 'http://broker:4100', allowPlainHttp: ['broker'] }")
  allowPlainHttp?: readonly string[] | undefined;

  /** The management token. `KEYBRAKE_TOKEN` where absent. */
  @Checked(managementToken, 'broker: { token: process.env.KEYBRAKE_TOKEN }')
  token?: string | undefined;

  /**
   * The contract the server speaks: `keybrake` sends nothing but what Keybrake's own API documents.
   *
   * @default 'keybrake' where `url` is Keybrake's, else 'vault-key'
   */
  @optional
  @Checked(dialectName, "broker: { dialect: 'vault-key' }")
  dialect?: BrokerDialect | undefined;
}

/** The broker in this process. */
export class EmbeddedOptions {
  /**
   * The accounts, by the names that marks, budgets and brakes have for them. One that is called
   * `stripe` is at Stripe; another one says so by its `kind`.
   *
   * @example { stripe: { secretKey }, 'stripe-acme': { kind: 'stripe', secretKey: acmeSecretKey } }
   */
  @Checked(
    section,
    'embedded: { vendors: { stripe: { secretKey: process.env.STRIPE_SECRET_KEY } } }',
  )
  vendors!: Readonly<Record<string, VendorOptions>>;

  /** Only where there are no `vendors`: see {@link OfflineOptions}. */
  @optional
  @Checked(neverWithVendors, 'embedded: { offline: true }')
  offline?: false | undefined;

  /**
   * The ledger: `sqlite:<path>`, which belongs to one process at a time; `sqlite::memory:`, which does not
   * outlive the process; or `postgres://<user>@<host>/<database>`, which all instances of the application
   * may share: it needs the package `pg` and an `auditKey`. Or `{ pool }`, a pool of connections that the
   * application has to such a database.
   *
   * @default 'sqlite:./vault-key.db'
   */
  @Checked(storeUrl, "embedded: { store: 'sqlite:./vault-key.db' }")
  store?: string | PooledStore | undefined = DEFAULT_STORE;

  /**
   * How long a vendor may take to begin its answer: digits and `ms`, `s` or `m`, `1ms` to `10m`.
   *
   * @default '80s'
   */
  @Checked(duration, "embedded: { vendorTimeout: '80s' }")
  vendorTimeout?: string | undefined = DEFAULT_VENDOR_TIMEOUT;

  /**
   * How long keys, holds and what hangs on them stay in the store after their end: days, from `2d` to
   * `3650d`. The audit log is not among them.
   *
   * @default '90d'
   */
  @Checked(retention, "embedded: { retention: '90d' }")
  retention?: string | undefined = DEFAULT_RETENTION;

  /**
   * What the audit log is chained with: at least 32 characters, the same at every start.
   *
   * @default made with the store, and kept beside it as `<path>.audit-key`
   */
  @optional
  @Checked(auditKey, 'embedded: { auditKey: process.env.VAULT_KEY_AUDIT_KEY }')
  auditKey?: string | undefined;

  /**
   * Doubts about the store that you accept, by the name that the refusal to start gives. For one
   * start: leave it out of the next.
   *
   * @default nothing: such a store is refused
   */
  @optional
  @Checked(acceptedDoubts, "embedded: { acceptStore: ['clock'] }")
  acceptStore?: readonly StoreDoubt[] | undefined;

  /** What the broker takes on at once. */
  @Allow()
  limits?: BrokerLimitOptions;

  /**
   * The people who answer for the agents. Code in the application may name one of them when it asks
   * `BrokerOperator` for a change: then the broker asks for their role.
   *
   * @default none
   */
  @Allow()
  operators?: readonly OperatorOptions[];

  /**
   * Which parts of a budget's cap are told, once a period, when spent and held come to them: up to 10 whole
   * numbers from 1 to 100.
   *
   * @default [50, 80, 100]
   */
  @Allow()
  thresholds?: readonly number[];

  /**
   * Where events are sent to, by names: signed by the Standard Webhooks scheme, at least once, in order for each
   * user.
   *
   * @example { ops: { url: 'https://hooks.example.com/vault-key', secret: process.env.HOOK_SECRET } }
   */
  @Allow()
  webhooks?: Readonly<Record<string, WebhookOptions>>;
}

/**
 * Caps, each across all keys of a subject: a number is USD a UTC calendar day, 0 to 1,000,000, rounded
 * down to the cent; `{ cap, period }` is a cap of another period, and a list has several. A function
 * says them for each invocation; where it throws or gives no cap, the invocation does not begin (503
 * `vault_key_unavailable`). An operator may set others in the broker; of two of one period the tighter
 * decides.
 *
 * @example { user: ({ identity }) => ({ cap: planOf(identity.userId).cap, period: 'month' }), run: 50 }
 */
export class BudgetsOptions {
  /** What each tenant may spend. Keys without a tenant share one. */
  @Allow()
  tenant?: BudgetCaps | ComputeBudget;

  /** What each user may spend, within their tenant. All who are not logged in count as one user. */
  @Allow()
  user?: BudgetCaps | ComputeBudget;

  /**
   * What each of an agent's runs may spend, within its user. A request without
   * `X-Agent-Run-ID` is a run of its own.
   */
  @Allow()
  run?: BudgetCaps | ComputeBudget;

  /** What each tool may spend, for all of its callers together. */
  @Allow()
  tool?: BudgetCaps | ComputeBudget;
}

/** The lease of an instance of the application: its keys end with it. */
export class LeaseOptions {
  /**
   * How long keys outlive an instance that has died: a whole number of seconds, 1 to 86,400. The
   * lease is renewed at a third of it.
   *
   * @default 30
   */
  @Checked(leaseTtl, 'lease: { ttlSeconds: 30 }')
  ttlSeconds?: number | undefined = DEFAULT_LEASE_TTL_SECONDS;
}

/** Where the application keeps its metrics. */
export interface MetricsOptions {
  /**
   * A registry of the package `prom-client`: the keys that wait to be revoked and the invocations at work
   * go there, and all that an embedded broker measures.
   */
  registry: MetricsRegistry;
}

/** The options that go with every broker. */
export class SharedOptions {
  /**
   * Says on whose behalf a call works: a user, an agent run, a tenant, a tool. What it leaves out is
   * read from the request: `request.user`, `X-Agent-Run-ID`.
   *
   * @example (context) => ({ tenantId: context.switchToHttp().getRequest().tenantId })
   */
  @optional
  @Checked(callable, 'identify: (context) => ({ userId: … })')
  identify?: IdentifyAgent | undefined;

  /**
   * Which account an invocation works with: the name of an entry of the broker's vendors, by which its
   * key is issued. Asked before each invocation whose mark or policy names no `vendor`. Where it
   * throws, or gives no name or one that the broker does not have, the invocation does not begin
   * (503 `vault_key_unavailable`): no account takes the place of another.
   *
   * @default every invocation works with `stripe`
   * @example ({ identity }) => accounts.of(identity.tenantId)
   */
  @optional
  @Checked(callable, 'account: ({ identity }) => …')
  account?: ChooseAccount | undefined;

  /**
   * Caps over tenants, users, agent runs and tools. They travel with each key: a key a
   * request would give an agent a fresh cap at every request. Not with a broker of the `keybrake`
   * dialect.
   *
   * @example { user: 500, run: 50 }
   */
  @optional
  @Checked(section, 'budgets: { user: 500, run: 50 }')
  @ValidateNested()
  @Type(() => BudgetsOptions)
  budgets?: BudgetsOptions | undefined;

  /**
   * `shadow`: the {@link budgets} refuse nothing; what they would refuse is recorded in the audit log
   * (`would_refuse`). To introduce caps in production. A cap of 0 refuses all the same, as do the cap of each key
   * and what operators have set. Not with a broker of the `keybrake` dialect.
   *
   * @default 'enforce'
   */
  @optional
  @Checked(budgetsMode, "budgetsMode: 'shadow'")
  budgetsMode?: BudgetMode | undefined;

  /**
   * Whether keys die with this instance of the application: `true`, or for how long they outlive
   * it. If no lease can be obtained, no key is issued. Not with a broker of the `keybrake` dialect.
   *
   * @default false
   */
  @optional
  @Checked(leaseSection, 'lease: true')
  @ValidateNested()
  @Type(() => LeaseOptions)
  lease?: boolean | LeaseOptions | undefined;

  /**
   * How long invocations at work may go on once the application is told to stop, by a signal after
   * `app.enableShutdownHooks()` or by `app.close()`: digits and `ms`, `s` or `m`, `1ms` to `10m`.
   * None begins from that moment; after this time the keys of those that are left are revoked and
   * their vendor calls refused, streams included. Nest waits as long before it closes its servers.
   *
   * @default '10s'
   */
  @optional
  @Checked(duration, "shutdownGrace: '10s'")
  shutdownGrace?: string | undefined;

  /**
   * Has the application's Prometheus metrics tell of vault keys too. Needs the package `prom-client`.
   *
   * @default nothing is measured for Prometheus
   * @example { registry: register }
   */
  @optional
  @Checked(metricsSection, 'metrics: { registry: register }')
  metrics?: MetricsOptions | undefined;

  /**
   * Whether the application's `EventEmitter2` is handed the broker's events, as `vault-key.threshold` and so on:
   * needs `EventEmitterModule` of `@nestjs/event-emitter`. Not with a broker of the `keybrake` dialect.
   *
   * @default false
   */
  @optional
  @Checked(flag, 'eventEmitter: true')
  eventEmitter?: boolean | undefined;
}

/** The broker in this process, and a Stripe beside it. */
export interface OfflineOptions extends Omit<EmbeddedOptions, 'vendors' | 'offline'> {
  /**
   * In place of `vendors`: an imitation of Stripe in this process, to try things out with. No network, no account, no
   * money; test cards such as `pm_card_visa` work. What it knows ends with the process, and so does the ledger,
   * unless `store` says otherwise. Refused where `NODE_ENV` is `production`.
   */
  offline: true;
  vendors?: undefined;
}

/** Every option of `VaultKeyModule`, as it is checked at the start. */
export class CheckedOptions extends SharedOptions {
  /** A broker that is a server. What it leaves out is read from `KEYBRAKE_*`. */
  @optional
  @Checked(
    section,
    "broker: { url: 'https://broker.example.com', token: process.env.KEYBRAKE_TOKEN }",
  )
  @ValidateNested()
  @Type(() => BrokerServerOptions)
  broker?: BrokerServerOptions | undefined;

  /** The broker in this process. `KEYBRAKE_*` is not read then. */
  @optional
  @Checked(
    section,
    'embedded: { vendors: { stripe: { secretKey: process.env.STRIPE_SECRET_KEY } } }',
  )
  @ValidateNested()
  @Type(() => EmbeddedOptions)
  embedded?: EmbeddedOptions | undefined;
}

/** The options of an application whose broker is a server. */
export interface BrokerServerModuleOptions extends SharedOptions {
  /** Where the broker is. What it leaves out is read from `KEYBRAKE_*`. */
  broker?: BrokerServerOptions | undefined;
  embedded?: undefined;
}

/** The options of an application that has the broker in its own process. */
export interface EmbeddedModuleOptions extends SharedOptions {
  /** The broker in this process. `KEYBRAKE_*` is not read then. */
  embedded: EmbeddedOptions | OfflineOptions;
  broker?: undefined;
}

/** What `VaultKeyModule` is configured with: `broker` or `embedded`, never both. */
export type VaultKeyModuleOptions = BrokerServerModuleOptions | EmbeddedModuleOptions;
