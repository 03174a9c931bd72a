"use strict";
var __decorate = (this && this.__decorate) || function (decorators, target, key, desc) {
    var c = arguments.length, r = c < 3 ? target : desc === null ? desc = Object.getOwnPropertyDescriptor(target, key) : desc, d;
    if (typeof Reflect === "object" && typeof Reflect.decorate === "function") r = Reflect.decorate(decorators, target, key, desc);
    else for (var i = decorators.length - 1; i >= 0; i--) if (d = decorators[i]) r = (c < 3 ? d(r) : c > 3 ? d(target, key, r) : d(target, key)) || r;
    return c > 3 && r && Object.defineProperty(target, key, r), r;
};
var __metadata = (this && this.__metadata) || function (k, v) {
    if (typeof Reflect === "object" && typeof Reflect.metadata === "function") return Reflect.metadata(k, v);
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.VaultKeyModuleOptions = exports.LeaseOptions = exports.BudgetsOptions = exports.EmbeddedOptions = exports.EmbeddedVendorsOptions = exports.EmbeddedStripeOptions = exports.BrokerServerOptions = exports.DEFAULT_LEASE_TTL_SECONDS = void 0;
require("reflect-metadata");
const class_transformer_1 = require("class-transformer");
const class_validator_1 = require("class-validator");
const broker_options_1 = require("./broker/broker.options");
const vault_key_option_checks_1 = require("./vault-key.option-checks");
/** How long keys outlive an instance that has died, in seconds, where nobody says. */
exports.DEFAULT_LEASE_TTL_SECONDS = 30;
/** A broker that is a server: Keybrake, or a `vault-key-broker` of one's own. */
class BrokerServerOptions {
    /**
     * The management API; `/v1/keys` is added to its path. `http:` only to loopback and to the hosts
     * of {@link allowPlainHttp}. `KEYBRAKE_URL` where absent; there is no other default, so that no
     * token goes to a server that nobody named. Keybrake's own is `https://api.keybrake.com`.
     */
    url;
    /**
     * The proxy; `/{vendor}/…` is added to its path. `http:` as for `url`. `KEYBRAKE_PROXY_URL` where
     * absent.
     *
     * @default `url`, its path included; for Keybrake's own 'https://proxy.keybrake.com'
     */
    proxyUrl;
    /**
     * Hosts that plain `http:` may go to, such as the broker's in a private network of containers.
     * Tokens cross that network in the clear. Names or addresses, without scheme and port.
     *
     * @default none beside loopback
     */
    allowPlainHttp;
    /** The management token. `KEYBRAKE_TOKEN` where absent. */
    token;
    /**
     * The contract the server speaks: `keybrake` sends nothing but what Keybrake's own API documents.
     *
     * @default 'keybrake' where `url` is Keybrake's, else 'vault-key'
     */
    dialect;
}
exports.BrokerServerOptions = BrokerServerOptions;
__decorate([
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.brokerUrl, "broker: { url: 'https://broker.example.com' }"),
    __metadata("design:type", Object)
], BrokerServerOptions.prototype, "url", void 0);
__decorate([
    vault_key_option_checks_1.optional,
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.serverUrl, "broker: { proxyUrl: 'https://broker.example.com' }"),
    __metadata("design:type", Object)
], BrokerServerOptions.prototype, "proxyUrl", void 0);
__decorate([
    vault_key_option_checks_1.optional,
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.hostNames, "broker: { url: 'http://broker:4100', allowPlainHttp: ['broker'] }"),
    __metadata("design:type", Object)
], BrokerServerOptions.prototype, "allowPlainHttp", void 0);
__decorate([
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.managementToken, 'broker: { token: process.env.KEYBRAKE_TOKEN }'),
    __metadata("design:type", Object)
], BrokerServerOptions.prototype, "token", void 0);
__decorate([
    vault_key_option_checks_1.optional,
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.dialectName, "broker: { dialect: 'vault-key' }"),
    __metadata("design:type", Object)
], BrokerServerOptions.prototype, "dialect", void 0);
/** The Stripe account behind the embedded broker. */
class EmbeddedStripeOptions {
    /**
     * The account's secret. Use a restricted key (`rk_…`) with only the rights the tools need. Stays
     * in the broker: no handler sees it.
     */
    secretKey;
    /**
     * Where the vendor's API is. `http:` only to loopback.
     *
     * @default 'https://api.stripe.com'
     */
    baseUrl;
    /** US dollars for one major unit of a currency: `{ eur: 1.09 }`. Without one it is refused. */
    rates;
    /** Prices of calls that the broker cannot price itself, and refuses without one. */
    prices;
    /** Calls that cost nothing, and are refused unless they stand here. */
    free;
    /** Connected accounts that calls may name. */
    accounts;
    /** Request headers that are forwarded beside the usual ones, in lower case. */
    headers;
    /** How much of a request body is read. */
    limits;
}
exports.EmbeddedStripeOptions = EmbeddedStripeOptions;
__decorate([
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.vendorSecret, 'embedded: { vendors: { stripe: { secretKey: process.env.STRIPE_SECRET_KEY } } }'),
    __metadata("design:type", Object)
], EmbeddedStripeOptions.prototype, "secretKey", void 0);
__decorate([
    vault_key_option_checks_1.optional,
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.vendorUrl, "baseUrl: 'https://api.stripe.com'"),
    __metadata("design:type", Object)
], EmbeddedStripeOptions.prototype, "baseUrl", void 0);
__decorate([
    (0, class_validator_1.Allow)(),
    __metadata("design:type", Object)
], EmbeddedStripeOptions.prototype, "rates", void 0);
__decorate([
    (0, class_validator_1.Allow)(),
    __metadata("design:type", Object)
], EmbeddedStripeOptions.prototype, "prices", void 0);
__decorate([
    (0, class_validator_1.Allow)(),
    __metadata("design:type", Object)
], EmbeddedStripeOptions.prototype, "free", void 0);
__decorate([
    (0, class_validator_1.Allow)(),
    __metadata("design:type", Object)
], EmbeddedStripeOptions.prototype, "accounts", void 0);
__decorate([
    (0, class_validator_1.Allow)(),
    __metadata("design:type", Object)
], EmbeddedStripeOptions.prototype, "headers", void 0);
__decorate([
    (0, class_validator_1.Allow)(),
    __metadata("design:type", Object)
], EmbeddedStripeOptions.prototype, "limits", void 0);
/** The accounts behind the embedded broker, by vendor. */
class EmbeddedVendorsOptions {
    stripe;
}
exports.EmbeddedVendorsOptions = EmbeddedVendorsOptions;
__decorate([
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.section, 'vendors: { stripe: { secretKey: process.env.STRIPE_SECRET_KEY } }'),
    (0, class_validator_1.ValidateNested)(),
    (0, class_transformer_1.Type)(() => EmbeddedStripeOptions),
    __metadata("design:type", EmbeddedStripeOptions)
], EmbeddedVendorsOptions.prototype, "stripe", void 0);
/** The broker in this process. */
class EmbeddedOptions {
    vendors;
    /**
     * The ledger: `sqlite:<path>`, or `sqlite::memory:`, which does not outlive the process. A file
     * belongs to one process at a time.
     *
     * @default 'sqlite:./vault-key.db'
     */
    store = broker_options_1.DEFAULT_STORE;
    /**
     * How long a vendor may take to begin its answer: digits and `ms`, `s` or `m`, `1ms` to `10m`.
     *
     * @default '80s'
     */
    vendorTimeout = broker_options_1.DEFAULT_VENDOR_TIMEOUT;
    /**
     * What the audit log is chained with: at least 32 characters, the same at every start.
     *
     * @default made with the store, and kept beside it as `<path>.audit-key`
     */
    auditKey;
    /**
     * What is meant of a store that may not be the one that was left, by the name that the refusal to
     * start gives. For one start: leave it out of the next.
     *
     * @default nothing: such a store is refused
     */
    acceptStore;
    /** What the broker takes on at once. */
    limits;
}
exports.EmbeddedOptions = EmbeddedOptions;
__decorate([
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.section, 'embedded: { vendors: { stripe: { secretKey: process.env.STRIPE_SECRET_KEY } } }'),
    (0, class_validator_1.ValidateNested)(),
    (0, class_transformer_1.Type)(() => EmbeddedVendorsOptions),
    __metadata("design:type", EmbeddedVendorsOptions)
], EmbeddedOptions.prototype, "vendors", void 0);
__decorate([
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.storeUrl, "embedded: { store: 'sqlite:./vault-key.db' }"),
    __metadata("design:type", Object)
], EmbeddedOptions.prototype, "store", void 0);
__decorate([
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.duration, "embedded: { vendorTimeout: '80s' }"),
    __metadata("design:type", Object)
], EmbeddedOptions.prototype, "vendorTimeout", void 0);
__decorate([
    vault_key_option_checks_1.optional,
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.auditKey, 'embedded: { auditKey: process.env.VAULT_KEY_AUDIT_KEY }'),
    __metadata("design:type", Object)
], EmbeddedOptions.prototype, "auditKey", void 0);
__decorate([
    vault_key_option_checks_1.optional,
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.acceptedDoubts, "embedded: { acceptStore: ['clock'] }"),
    __metadata("design:type", Object)
], EmbeddedOptions.prototype, "acceptStore", void 0);
__decorate([
    (0, class_validator_1.Allow)(),
    __metadata("design:type", Object)
], EmbeddedOptions.prototype, "limits", void 0);
/**
 * Daily caps, each across all keys of a subject: USD a UTC calendar day, 0 to 1,000,000, rounded down
 * to the cent. An operator may set others in the broker; of the two the tighter decides.
 */
class BudgetsOptions {
    /** What each tenant may spend a day. Keys without a tenant share one. */
    tenant;
    /** What each user may spend a day, within their tenant. Whoever is not logged in is one user. */
    user;
    /**
     * What each of an agent's runs may spend a day, within its user. A request without
     * `X-Agent-Run-ID` is a run of its own.
     */
    run;
    /** What each tool may spend a day, whoever calls it. */
    tool;
}
exports.BudgetsOptions = BudgetsOptions;
__decorate([
    vault_key_option_checks_1.optional,
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.budgetCap, 'budgets: { tenant: 5000 }'),
    __metadata("design:type", Number)
], BudgetsOptions.prototype, "tenant", void 0);
__decorate([
    vault_key_option_checks_1.optional,
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.budgetCap, 'budgets: { user: 500 }'),
    __metadata("design:type", Number)
], BudgetsOptions.prototype, "user", void 0);
__decorate([
    vault_key_option_checks_1.optional,
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.budgetCap, 'budgets: { run: 50 }'),
    __metadata("design:type", Number)
], BudgetsOptions.prototype, "run", void 0);
__decorate([
    vault_key_option_checks_1.optional,
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.budgetCap, 'budgets: { tool: 1000 }'),
    __metadata("design:type", Number)
], BudgetsOptions.prototype, "tool", void 0);
/** The heartbeat of an instance of the application. */
class LeaseOptions {
    /**
     * How long keys outlive an instance that has died: a whole number of seconds, 1 to 86,400. The
     * lease is renewed at a third of it.
     *
     * @default 30
     */
    ttlSeconds = exports.DEFAULT_LEASE_TTL_SECONDS;
}
exports.LeaseOptions = LeaseOptions;
__decorate([
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.leaseTtl, 'lease: { ttlSeconds: 30 }'),
    __metadata("design:type", Object)
], LeaseOptions.prototype, "ttlSeconds", void 0);
/** What `VaultKeyModule` is configured with: `broker` or `embedded`, never both. */
class VaultKeyModuleOptions {
    /** A broker that is a server. What it leaves out is read from `KEYBRAKE_*`. */
    broker;
    /** The broker in this process. `KEYBRAKE_*` is not read then. */
    embedded;
    /**
     * Says on whose behalf a call works: a user, a run, a tenant, a tool. What it leaves out is read
     * from the request: `request.user`, `X-Agent-Run-ID`.
     *
     * @example (context) => ({ tenantId: context.switchToHttp().getRequest().tenantId })
     */
    identify;
    /**
     * Daily caps over tenants, users, runs and tools. They travel with each key: a key a request
     * would give an agent a fresh cap at every request. Not with a broker of the `keybrake` dialect.
     *
     * @example { user: 500, run: 50 }
     */
    budgets;
    /**
     * Whether keys die with this instance of the application: `true`, or for how long they outlive
     * it. Where no lease is to be had, no key is. Not with a broker of the `keybrake` dialect.
     *
     * @default false
     */
    lease;
    /**
     * How long invocations at work may go on once the application is told to stop, by a signal after
     * `app.enableShutdownHooks()` or by `app.close()`: digits and `ms`, `s` or `m`, `1ms` to `10m`.
     * None begins from that moment; after this time the keys of those that are left are revoked and
     * their vendor calls refused, streams included. Nest waits as long before it closes its servers.
     *
     * @default '10s'
     */
    shutdownGrace;
}
exports.VaultKeyModuleOptions = VaultKeyModuleOptions;
__decorate([
    vault_key_option_checks_1.optional,
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.section, "broker: { url: 'https://broker.example.com', token: process.env.KEYBRAKE_TOKEN }"),
    (0, class_validator_1.ValidateNested)(),
    (0, class_transformer_1.Type)(() => BrokerServerOptions),
    __metadata("design:type", Object)
], VaultKeyModuleOptions.prototype, "broker", void 0);
__decorate([
    vault_key_option_checks_1.optional,
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.section, 'embedded: { vendors: { stripe: { secretKey: process.env.STRIPE_SECRET_KEY } } }'),
    (0, class_validator_1.ValidateNested)(),
    (0, class_transformer_1.Type)(() => EmbeddedOptions),
    __metadata("design:type", Object)
], VaultKeyModuleOptions.prototype, "embedded", void 0);
__decorate([
    vault_key_option_checks_1.optional,
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.callable, 'identify: (context) => ({ userId: … })'),
    __metadata("design:type", Object)
], VaultKeyModuleOptions.prototype, "identify", void 0);
__decorate([
    vault_key_option_checks_1.optional,
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.budgetsSection, 'budgets: { user: 500, run: 50 }'),
    (0, class_validator_1.ValidateNested)(),
    (0, class_transformer_1.Type)(() => BudgetsOptions),
    __metadata("design:type", Object)
], VaultKeyModuleOptions.prototype, "budgets", void 0);
__decorate([
    vault_key_option_checks_1.optional,
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.leaseSection, 'lease: true'),
    (0, class_validator_1.ValidateNested)(),
    (0, class_transformer_1.Type)(() => LeaseOptions),
    __metadata("design:type", Object)
], VaultKeyModuleOptions.prototype, "lease", void 0);
__decorate([
    vault_key_option_checks_1.optional,
    (0, vault_key_option_checks_1.Sound)(vault_key_option_checks_1.duration, "shutdownGrace: '10s'"),
    __metadata("design:type", Object)
], VaultKeyModuleOptions.prototype, "shutdownGrace", void 0);
