"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Broker = void 0;
const node_perf_hooks_1 = require("node:perf_hooks");
const promises_1 = require("node:timers/promises");
const audit_view_1 = require("./audit/audit-view");
const brake_request_1 = require("./brakes/brake-request");
const brake_view_1 = require("./brakes/brake-view");
const budget_1 = require("./budgets/budget");
const budget_request_1 = require("./budgets/budget-request");
const budget_view_1 = require("./budgets/budget-view");
const broker_options_1 = require("./broker.options");
const clock_1 = require("./clock");
const proxy_1 = require("./forwarding/proxy");
const vendor_connection_1 = require("./forwarding/vendor-connection");
const vendor_proxy_1 = require("./forwarding/vendor-proxy");
const issue_request_1 = require("./keys/issue-request");
const key_1 = require("./keys/key");
const token_1 = require("./keys/token");
const lease_request_1 = require("./leases/lease-request");
const known_fields_1 = require("./known-fields");
const hold_view_1 = require("./ledger/hold-view");
const store_copy_1 = require("./ledger/sqlite/store-copy");
const sqlite_ledger_1 = require("./ledger/sqlite/sqlite-ledger");
const open_stores_1 = require("./ledger/sqlite/open-stores");
const store_doubt_1 = require("./ledger/store-doubt");
const usd_1 = require("./money/usd");
const vendors_1 = require("./pricing/vendors");
const refusal_1 = require("./refusal");
const vendor_options_1 = require("./vendor.options");
/** How long a start waits for a broker that is stopping, and how often it looks. */
const STOP_WAIT_MS = 10_000;
const STOP_POLL_MS = 100;
/**
 * The broker itself: issues keys, forwards calls under them, keeps the ledger. No HTTP, no NestJS:
 * `vault-key-broker` serves it over a socket, `VaultKeyModule` calls it in its own process.
 */
class Broker {
    #clock;
    #ledger;
    #proxy;
    #prefixes = new Map();
    #closed;
    /**
     * As the constructor, but waits where another broker has the store: up to 10 s, for one that is
     * stopping.
     *
     * @throws BrokerOptionsError with every fault of the options.
     * @throws StoreInUseError where the store is still another broker's.
     * @throws DoubtfulStoreError where the store may not be the one that was left.
     * @throws Error where it cannot be opened.
     */
    static async open(options, host = {}) {
        const deadline = node_perf_hooks_1.performance.now() + STOP_WAIT_MS;
        for (let told = false;; told = true) {
            try {
                return new Broker(options, host);
            }
            catch (error) {
                if (!(error instanceof store_doubt_1.StoreInUseError) || node_perf_hooks_1.performance.now() > deadline)
                    throw error;
                if (error.holder === 'this process' && (await (0, open_stores_1.askForStore)(error.file)))
                    continue;
                if (!told)
                    host.log?.(`${error.what}; waiting up to ${STOP_WAIT_MS / 1_000} s for its end`);
            }
            await (0, promises_1.setTimeout)(STOP_POLL_MS);
        }
    }
    /**
     * Opens the store, at once or not at all, and makes the broker ready.
     *
     * @param host What the process around it has to give.
     * @throws As {@link open}.
     */
    constructor(options, host = {}) {
        const faults = (0, broker_options_1.brokerOptionFaults)(options);
        const store = (0, broker_options_1.parseStore)(options.store ?? broker_options_1.DEFAULT_STORE);
        const timeoutMs = (0, broker_options_1.parseTimeout)(options.vendorTimeout ?? broker_options_1.DEFAULT_VENDOR_TIMEOUT);
        if (faults.length > 0 || 'fault' in store || timeoutMs === undefined) {
            throw new broker_options_1.BrokerOptionsError(faults);
        }
        const proxies = vendorProxies(options);
        this.#clock = host.clock ?? new clock_1.Clock(host.log);
        const configured = new Map();
        const { callsPerKey = proxy_1.DEFAULT_CALLS_PER_KEY } = options.limits ?? {};
        for (const [name, account] of Object.entries(options.vendors)) {
            const vendor = vendors_1.vendors.get(name);
            if (vendor === undefined)
                continue;
            const url = new URL(account.baseUrl ?? vendor.defaultBaseUrl);
            const settings = (0, vendor_options_1.vendorSettings)(account, vendor);
            const proxy = proxies.get(name);
            const connection = new vendor_connection_1.VendorConnection(url.origin, {
                timeoutMs,
                connections: settings.connections,
                maxPerKey: callsPerKey,
                ...(proxy === undefined ? {} : { proxy: proxy.url }),
            });
            configured.set(name, { vendor, secret: account.secretKey, connection, settings });
            this.#prefixes.set(name, vendor.pathPrefix);
        }
        this.#ledger = new sqlite_ledger_1.SqliteLedger(store.file, {
            auditKey: options.auditKey,
            doubts: new store_doubt_1.AcceptedDoubts(options.acceptStore),
            clock: this.#clock,
            log: host.log,
        });
        const { givesWay } = host;
        // Held weakly, so that a broker that nobody has any more can be collected, and its store closed.
        const itself = new WeakRef(this);
        if (givesWay !== undefined) {
            (0, open_stores_1.offerStore)(store.file, async () => {
                if (!givesWay())
                    return false;
                await itself.deref()?.close();
                return true;
            });
        }
        this.#proxy = new proxy_1.Proxy(this.#ledger, configured, callsPerKey, this.#clock, host.log);
        for (const [name, { url, variable }] of proxies) {
            host.log?.(`calls to ${name} go through the proxy ${url.host} (${variable})`);
        }
    }
    /** Whether a vendor of that name is configured. */
    hasVendor(name) {
        return this.#prefixes.has(name);
    }
    /**
     * Issues a key.
     *
     * @param body What `POST /v1/keys` takes.
     * @throws BrokerRefusal 422 with every bad field, or 503.
     */
    async issue(body, remoteAddress) {
        const { key, token } = await this.#newKey(body);
        await this.#ledger.issue(key, remoteAddress);
        return {
            id: key.id,
            token,
            label: key.label,
            vendor: key.vendor,
            daily_usd_cap: (0, usd_1.toUsd)(key.capMicros),
            allowed_endpoints: key.allowedEndpoints,
            ...(Object.keys(key.subject).length === 0 ? {} : { subject: key.subject }),
            ...(key.parentId === undefined ? {} : { parent_id: key.parentId }),
            ...(key.lease === undefined ? {} : { lease_id: key.lease.id }),
            ...(Object.keys(key.budgets).length === 0 ? {} : { budgets: (0, key_1.usdOf)(key.budgets) }),
            created_at: new Date(key.createdAt).toISOString(),
            expires_at: new Date(key.expiresAt).toISOString(),
        };
    }
    /**
     * As {@link issue}, for work in this very process: the key is written down with the first call
     * under it, or within moments. Whoever could know its token is gone if the process dies before.
     */
    async issueForOwnWork(body) {
        const { key, token } = await this.#newKey(body);
        await this.#ledger.issueSoon(key);
        return { id: key.id, token, expiresAt: new Date(key.expiresAt) };
    }
    /**
     * Revokes a key. Once the promise resolves no call is admitted with it.
     *
     * @throws BrokerRefusal 404 where no key ever had the id, or 503.
     */
    async revoke(id, remoteAddress) {
        const { revokedAt } = await this.#revoke([id], remoteAddress);
        const at = revokedAt.get(id);
        if (at === undefined)
            throw (0, refusal_1.notFound)('There is no key of that id.');
        return { id, status: 'revoked', revoked_at: new Date(at).toISOString() };
    }
    /**
     * Revokes up to 1,000 keys at once.
     *
     * @param body What `POST /v1/keys/revoke` takes.
     */
    async revokeAll(body, remoteAddress) {
        const { ids, ...others } = (0, known_fields_1.fieldsOf)(body);
        const unknownNames = (0, known_fields_1.unknownFields)(others, ['ids']);
        if (unknownNames.length > 0)
            throw (0, refusal_1.invalidFields)(unknownNames);
        if (!Array.isArray(ids) ||
            ids.length < 1 ||
            ids.length > 1_000 ||
            !ids.every((id) => typeof id === 'string')) {
            throw (0, refusal_1.invalidFields)([{ field: 'ids', message: 'must be an array of 1 to 1000 key ids' }]);
        }
        const { revokedAt, unknown } = await this.#revoke([...new Set(ids)], remoteAddress);
        return { revoked: revokedAt.size, unknown };
    }
    /** @throws BrokerRefusal 404. */
    async key(id) {
        const found = await this.#ledger.key(id, this.#clock.now());
        if (found === undefined)
            throw (0, refusal_1.notFound)('There is no key of that id.');
        return (0, key_1.viewOf)(found, this.#clock.now());
    }
    /** Keys, newest first; at most `limit` (1–1,000) of them. */
    async keys(filter = {}, limit = 100, cursor) {
        const now = this.#clock.now();
        const page = await this.#ledger.keys(filter, pageOf(limit, cursor), now);
        return {
            keys: page.entries.map((entry) => (0, key_1.viewOf)(entry, now)),
            ...(page.next === undefined ? {} : { cursor: page.next }),
        };
    }
    /**
     * What a key may know about itself.
     *
     * @param token The key's own; absent where none was sent.
     * @throws BrokerRefusal 401, the same for every way in which a token can be wrong.
     */
    async currentKey(token) {
        const now = this.#clock.now();
        const key = token === undefined || !(0, token_1.isWellFormedToken)(token)
            ? undefined
            : await this.#ledger.keyByTokenHash((0, token_1.hashToken)(token));
        const found = key === undefined || !(0, key_1.isLive)(key, now) ? undefined : await this.#ledger.key(key.id, now);
        if (found === undefined)
            throw (0, refusal_1.invalidKey)(token !== undefined);
        const [, ...others] = await this.#ledger.capsOver(found.key.id, now);
        return { ...(0, key_1.viewOf)(found, now), budgets: others.map(budget_view_1.capView) };
    }
    /**
     * Puts a daily cap over a subject, in place of the one that stands.
     *
     * @param body What `PUT /v1/budgets/{scope}/{id}` takes.
     * @throws BrokerRefusal 422 with every bad field, or 503.
     */
    async putBudget(scope, id, body, remoteAddress) {
        const parsed = (0, budget_request_1.parseBudgetRequest)(scope, id, body, this.#vendorNames);
        if ('faults' in parsed)
            throw (0, refusal_1.invalidFields)(parsed.faults);
        await this.#ledger.putBudget(parsed.budget, this.#clock.now(), remoteAddress);
        return this.#budgetView(parsed.budget);
    }
    /** @throws BrokerRefusal 404. */
    async budget(path) {
        const name = (0, budget_1.budgetName)(this.#budgetSubject(path));
        const found = (await this.#ledger.budgets()).find((budget) => (0, budget_1.budgetName)(budget) === name);
        if (found === undefined)
            throw noBudget();
        return this.#budgetView(found);
    }
    /** Every daily cap that an operator has set. */
    async budgets() {
        const all = await this.#ledger.budgets();
        return { budgets: await Promise.all(all.map((budget) => this.#budgetView(budget))) };
    }
    /** @throws BrokerRefusal 404. */
    async deleteBudget(path, remoteAddress) {
        const subject = this.#budgetSubject(path);
        if (!(await this.#ledger.deleteBudget(subject, this.#clock.now(), remoteAddress)))
            throw noBudget();
        return { ...(0, budget_view_1.budgetSubjectView)(subject), status: 'removed' };
    }
    /**
     * Stops a subject: new keys and calls with standing ones. Once the promise resolves no call of
     * the subject is admitted.
     *
     * @param body What `POST /v1/brakes` takes.
     * @returns The brake; its `hit` is null where the keys that it hit are still being counted, and
     * {@link brakes} tells it then.
     * @throws BrokerRefusal 422 with every bad field, or 503.
     */
    async brake(body, remoteAddress) {
        const parsed = (0, brake_request_1.parseBrakeRequest)(body, this.#vendorNames);
        if ('faults' in parsed)
            throw (0, refusal_1.invalidFields)(parsed.faults);
        const { lifeMs, ...request } = parsed.request;
        const now = this.#clock.now();
        if (request.scope === 'key' && (await this.#ledger.key(request.target, now)) === undefined) {
            throw (0, refusal_1.invalidFields)([{ field: 'id', message: 'is not the id of a key' }]);
        }
        const brake = {
            id: `brk_${(0, token_1.newId)(now)}`,
            ...request,
            createdAt: now,
            ...(lifeMs === undefined ? {} : { expiresAt: now + lifeMs }),
        };
        const hit = await this.#ledger.putBrake(brake, remoteAddress);
        return (0, brake_view_1.brakeView)(hit === undefined ? brake : { ...brake, hit });
    }
    /** The brakes that stand, the oldest first. */
    async brakes() {
        return { brakes: (await this.#ledger.brakes(this.#clock.now())).map(brake_view_1.brakeView) };
    }
    /**
     * Lifts a brake.
     *
     * @throws BrokerRefusal 404 where none of that id stands, or 503.
     */
    async lift(id, remoteAddress) {
        const now = this.#clock.now();
        if ((await this.#ledger.liftBrake(id, now, remoteAddress)) === undefined) {
            throw (0, refusal_1.notFound)('There is no brake of that id.');
        }
        return { id, status: 'lifted', lifted_at: new Date(now).toISOString() };
    }
    /**
     * Begins a lease: a heartbeat under which keys can be issued, and with which they die.
     *
     * @param body What `POST /v1/leases` takes.
     * @throws BrokerRefusal 422, or 503.
     */
    async beginLease(body) {
        if (this.#closed !== undefined)
            throw (0, refusal_1.shuttingDown)();
        const parsed = (0, lease_request_1.parseLeaseRequest)(body);
        if ('faults' in parsed)
            throw (0, refusal_1.invalidFields)(parsed.faults);
        const { ttlMs } = parsed;
        const now = this.#clock.now();
        const lease = { id: `lease_${(0, token_1.newId)(now)}`, ttlMs, expiresAt: now + ttlMs };
        await this.#ledger.putLease(lease);
        return (0, lease_request_1.leaseView)(lease);
    }
    /** @throws BrokerRefusal 404 where the lease was never there or has lapsed. */
    async renewLease(id) {
        const lease = await this.#ledger.renewLease(id, this.#clock.now());
        if (lease === undefined)
            throw (0, refusal_1.notFound)('There is no lease of that id, or it has lapsed.');
        return (0, lease_request_1.leaseView)(lease);
    }
    /**
     * Ends a lease, and with it every key issued under it.
     *
     * @throws BrokerRefusal 404 where the lease was never there.
     */
    async endLease(id) {
        if (!(await this.#ledger.endLease(id, this.#clock.now()))) {
            throw (0, refusal_1.notFound)('There is no lease of that id.');
        }
        return { id, status: 'ended' };
    }
    /** Holds, newest first; at most `limit` (1–1,000) of them. */
    async holds(filter = {}, limit = 100, cursor) {
        const { entries, next } = await this.#ledger.holds(filter, pageOf(limit, cursor));
        return { holds: entries.map(hold_view_1.holdView), ...(next === undefined ? {} : { cursor: next }) };
    }
    /**
     * Ends a hold that is `unknown`: the vendor executed the call, for `usd`.
     *
     * @param body What `POST /v1/holds/{id}/settle` takes.
     * @throws BrokerRefusal 404, 422, or 503.
     */
    async settleHold(id, body, remoteAddress) {
        const { usd, ...others } = (0, known_fields_1.fieldsOf)(body);
        const faults = (0, known_fields_1.unknownFields)(others, ['usd']);
        const message = (0, usd_1.usdFault)(usd, 6);
        if (message !== undefined)
            faults.push({ field: 'usd', message });
        if (faults.length > 0)
            throw (0, refusal_1.invalidFields)(faults);
        const micros = (0, usd_1.usdToMicros)(usd);
        return (0, hold_view_1.holdView)(await this.#ledger.endUnknown(id, micros, this.#clock.now(), remoteAddress));
    }
    /**
     * Ends a hold that is `unknown`: the vendor did not execute the call.
     *
     * @throws BrokerRefusal 404, 422, or 503.
     */
    async releaseHold(id, remoteAddress) {
        return (0, hold_view_1.holdView)(await this.#ledger.endUnknown(id, undefined, this.#clock.now(), remoteAddress));
    }
    /** The audit log, newest first, each call one entry; at most `limit` (1–1,000) of them. */
    async audit(filter = {}, limit = 100, cursor) {
        const { entries, next } = await this.#ledger.auditRecords(filter, pageOf(limit, cursor));
        return {
            entries: entries.map(audit_view_1.auditEntryView),
            ...(next === undefined ? {} : { cursor: next }),
        };
    }
    /**
     * Walks the chain of the audit log.
     *
     * @param head A head kept elsewhere, which the log must still lead to.
     */
    verifyAudit(head) {
        return this.#ledger.verifyAudit(head);
    }
    /** How busy the broker is, in counts. */
    figures() {
        return this.#ledger.figures(this.#clock.now());
    }
    /** The rows of the audit log as they are chained, newest first; at most `limit` of them. */
    auditEntries(filter = {}, limit = 1_000) {
        return this.#ledger.audit(filter, { limit }).then(({ entries }) => [...entries]);
    }
    /** The store's state; rejects where no decision can be taken. */
    state() {
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
    async backup(file) {
        const copy = await this.copy();
        await (0, store_copy_1.writeCopy)(copy, file);
        return { bytes: copy.bytes };
    }
    /** As {@link backup}, for whoever reads the copy: at once, or to its end within a minute a MiB. */
    async copy() {
        return this.#ledger.copy();
    }
    /** Puts a call through the proxy. Never rejects: what is refused is an answer too. */
    forward(call) {
        return this.#proxy.forward(call);
    }
    /** Whether it is closed, or about to be. */
    get isClosed() {
        return this.#closed !== undefined;
    }
    /** Stops admitting, waits for what is under way, closes the store. */
    close() {
        this.#closed ??= this.#close();
        return this.#closed;
    }
    async #close() {
        await this.#proxy.close();
        await this.#ledger.close();
    }
    get #vendorNames() {
        return new Set(this.#prefixes.keys());
    }
    #budgetSubject(path) {
        const parsed = (0, budget_request_1.parseBudgetSubject)(path, this.#vendorNames);
        if ('faults' in parsed)
            throw (0, refusal_1.invalidFields)(parsed.faults);
        return parsed.subject;
    }
    async #budgetView(budget) {
        return (0, budget_view_1.budgetView)(budget, await this.#ledger.budgetState(budget, this.#clock.now()));
    }
    async #newKey(body) {
        if (this.#closed !== undefined)
            throw (0, refusal_1.shuttingDown)();
        const parsed = (0, issue_request_1.parseIssueRequest)(body, this.#prefixes);
        if ('faults' in parsed) {
            const { faults, links } = parsed;
            throw (0, refusal_1.invalidFields)([
                ...faults,
                ...(await this.#ledger.linkFaults(links, this.#clock.now())),
            ]);
        }
        const { request } = parsed;
        const now = this.#clock.now();
        const token = (0, token_1.newToken)();
        const key = {
            id: `vk_${(0, token_1.newId)(now)}`,
            tokenHash: (0, token_1.hashToken)(token),
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
    #revoke(ids, remoteAddress) {
        return this.#ledger.revoke(ids, this.#clock.now(), remoteAddress);
    }
}
exports.Broker = Broker;
/** @throws BrokerOptionsError where the environment names a proxy that cannot be used. */
function vendorProxies({ vendors: accounts }) {
    const proxies = new Map();
    for (const [name, { baseUrl }] of Object.entries(accounts)) {
        const url = baseUrl ?? vendors_1.vendors.get(name)?.defaultBaseUrl;
        const proxy = url === undefined ? undefined : (0, vendor_proxy_1.proxyFor)(new URL(url), process.env);
        if (proxy === undefined)
            continue;
        if ('fault' in proxy) {
            throw new broker_options_1.BrokerOptionsError([{ path: proxy.variable, message: proxy.fault }]);
        }
        proxies.set(name, proxy);
    }
    return proxies;
}
function pageOf(limit, cursor) {
    return { limit, ...(cursor === undefined ? {} : { cursor }) };
}
function noBudget() {
    return (0, refusal_1.notFound)('There is no budget of its own over this subject.');
}
