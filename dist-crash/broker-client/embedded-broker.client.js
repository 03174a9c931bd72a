"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.EmbeddedBrokerClient = exports.EmbeddedBroker = void 0;
exports.absentEmbeddedBroker = absentEmbeddedBroker;
const node_stream_1 = require("node:stream");
const common_1 = require("@nestjs/common");
const refusal_1 = require("../broker/refusal");
const call_refused_exception_1 = require("../exceptions/call-refused.exception");
const refusal_reader_1 = require("../exceptions/refusal-reader");
const vault_key_invalid_exception_1 = require("../exceptions/vault-key-invalid.exception");
const vault_key_unavailable_exception_1 = require("../exceptions/vault-key-unavailable.exception");
const broker_client_1 = require("./broker-client");
const management_wire_1 = require("./management-wire");
/**
 * The broker in this process, for what only an operator asks: keys and their spend, budgets, brakes,
 * holds, the audit log.
 * Injectable where the module is configured with `embedded`; elsewhere each of its methods throws.
 *
 * @example
 * constructor(private readonly broker: EmbeddedBroker) {}
 *
 * liveKeys() {
 *   return this.broker.keys({ status: 'active' });
 * }
 */
class EmbeddedBroker {
}
exports.EmbeddedBroker = EmbeddedBroker;
const OWN_HEADERS = new Set([
    'authorization',
    'connection',
    'content-length',
    'host',
    'transfer-encoding',
]);
/** The broker in this process: each call is a function call, and no socket is opened for it. */
class EmbeddedBrokerClient extends broker_client_1.BrokerClient {
    broker;
    life;
    dialect = 'vault-key';
    /**
     * Opens the store.
     * Waits up to 10 s for another broker that has it and is stopping.
     *
     * @throws Error where the options are not sound, or the store cannot be had.
     */
    static async open(options) {
        // Loaded here, so that an application whose broker is a server needs no SQLite driver.
        const core = require('../broker/broker');
        const logger = new common_1.Logger('VaultKeyBroker');
        const life = { isNeeded: false };
        const broker = await core.Broker.open(options, {
            log: (line) => logger.warn(line),
            givesWay: () => !life.isNeeded,
        });
        return new EmbeddedBrokerClient(broker, life);
    }
    constructor(
    /** The broker behind this client. */
    broker, life) {
        super();
        this.broker = broker;
        this.life = life;
    }
    /** Whether an application works with it: a later one of this process does not get its store. */
    set isNeeded(isNeeded) {
        this.life.isNeeded = isNeeded;
    }
    /**
     * Whether the broker is not to be reached through this client, as one that is down: no key is to
     * be had, no call is forwarded, no question answered. What ends keys still reaches it, so that an
     * application can shut down.
     */
    isDown = false;
    async issue(request) {
        try {
            if (this.isDown)
                throw (0, refusal_1.storeUnavailable)();
            const key = await this.broker.issueForOwnWork({
                label: request.label,
                vendor: request.vendor,
                daily_usd_cap: request.dailyUsdCap,
                allowed_endpoints: request.allowedEndpoints,
                expires_in: request.expiresIn,
                ...(0, management_wire_1.ownIssueFields)(request),
            });
            return { issued: true, key };
        }
        catch (error) {
            return notIssued(error);
        }
    }
    async revoke(ids) {
        try {
            await this.broker.revokeAll({ ids });
            return { ended: ids, failed: [] };
        }
        catch (error) {
            const reason = error instanceof refusal_1.BrokerRefusal
                ? `the broker refused: ${error.code}`
                : 'the embedded broker failed';
            return { ended: [], failed: ids.map((id) => ({ id, reason })) };
        }
    }
    async forward(call) {
        if (this.isDown)
            return vendorAnswerOf((0, refusal_1.storeUnavailable)());
        const rawHeaders = ['authorization', `Bearer ${call.token}`];
        const { headers: given } = call;
        for (const name in given) {
            const value = given[name];
            if (value !== undefined && !OWN_HEADERS.has(name.toLowerCase()))
                rawHeaders.push(name, value);
        }
        const answer = await this.broker.forward({
            vendor: call.vendor,
            method: call.method,
            target: call.target,
            rawHeaders,
            ...(call.body === undefined ? {} : { body: Buffer.from(call.body) }),
        });
        const { headers } = answer;
        for (const name in headers) {
            const value = headers[name];
            if (Array.isArray(value))
                headers[name] = value.join(', ');
        }
        return answer;
    }
    async standing({ token, vendor, }) {
        const view = await this.#ask('what remains under a cap', () => this.broker.currentKey(token), {
            401: () => new vault_key_invalid_exception_1.VaultKeyInvalidException({ vendor }),
        });
        return (0, management_wire_1.readStanding)(view) ?? unreadable();
    }
    async brake(request) {
        const view = await this.#ask('to put a brake', () => this.broker.brake((0, management_wire_1.brakeBody)(request)));
        return (0, management_wire_1.readBrake)(view) ?? unreadable();
    }
    async lift(brakeId) {
        await this.#ask('to lift a brake', () => this.broker.lift(brakeId), {
            404: () => call_refused_exception_1.CallRefusedException.noSuchBrake(brakeId),
        });
    }
    async brakes() {
        const list = await this.#ask('which brakes stand', () => this.broker.brakes());
        return (0, management_wire_1.readBrakes)(list) ?? unreadable();
    }
    async beginLease(ttlSeconds) {
        const begun = () => this.broker.beginLease({ ttl_seconds: ttlSeconds });
        return (await this.#ask('for a lease', begun)).id;
    }
    async renewLease(leaseId) {
        try {
            if (this.isDown)
                throw (0, refusal_1.storeUnavailable)();
            await this.broker.renewLease(leaseId);
            return true;
        }
        catch (error) {
            if (error instanceof refusal_1.BrokerRefusal && error.status === 404)
                return false;
            throw refused('to renew a lease', error);
        }
    }
    async endLease(leaseId) {
        try {
            await this.broker.endLease(leaseId);
        }
        catch (error) {
            if (error instanceof refusal_1.BrokerRefusal && error.status === 404)
                return;
            throw refused('to end a lease', error);
        }
    }
    close() {
        return this.broker.close();
    }
    async #ask(what, ask, meanings = {}) {
        try {
            if (this.isDown)
                throw (0, refusal_1.storeUnavailable)();
            return await ask();
        }
        catch (error) {
            const meaning = error instanceof refusal_1.BrokerRefusal ? meanings[error.status] : undefined;
            throw meaning === undefined ? refused(what, error) : meaning();
        }
    }
}
exports.EmbeddedBrokerClient = EmbeddedBrokerClient;
/** What `EmbeddedBroker` is where the broker is a server. */
function absentEmbeddedBroker() {
    const absent = () => {
        throw new Error("EmbeddedBroker is there only where VaultKeyModule is configured with `embedded`. This application's broker is a server: ask its management API.");
    };
    return {
        hasVendor: absent,
        issue: absent,
        revoke: absent,
        revokeAll: absent,
        key: absent,
        keys: absent,
        currentKey: absent,
        putBudget: absent,
        budget: absent,
        budgets: absent,
        deleteBudget: absent,
        brake: absent,
        brakes: absent,
        lift: absent,
        beginLease: absent,
        renewLease: absent,
        endLease: absent,
        holds: absent,
        settleHold: absent,
        releaseHold: absent,
        audit: absent,
        verifyAudit: absent,
        figures: absent,
        auditEntries: absent,
        state: absent,
        backup: absent,
        forward: absent,
    };
}
function notIssued(error) {
    if (!(error instanceof refusal_1.BrokerRefusal)) {
        return {
            issued: false,
            error: new vault_key_unavailable_exception_1.VaultKeyUnavailableException({
                message: 'The embedded broker could not issue a vault key. Try again in a moment.',
                cause: error,
            }),
        };
    }
    const answer = answerOf(error);
    return {
        issued: false,
        error: (0, refusal_reader_1.readIssueRefusal)(answer),
        ...((0, refusal_reader_1.refusesLease)(answer) ? { leaseRefused: true } : {}),
    };
}
function refused(what, error) {
    if (error instanceof refusal_1.BrokerRefusal)
        return (0, refusal_reader_1.readManagementRefusal)(answerOf(error), what);
    return new vault_key_unavailable_exception_1.VaultKeyUnavailableException({
        message: `The embedded broker was asked ${what} and failed. Try again in a moment.`,
        cause: error,
    });
}
function answerOf(refusal) {
    const body = JSON.parse(refusal.toBody());
    return { status: refusal.status, headers: refusal.toHeaders(), body };
}
/** A refusal, as the broker's proxy answers it. */
function vendorAnswerOf(refusal) {
    const body = node_stream_1.Readable.from([Buffer.from(refusal.toBody())], { objectMode: false });
    return { status: refusal.status, headers: refusal.toHeaders(), body };
}
function unreadable() {
    throw new vault_key_unavailable_exception_1.VaultKeyUnavailableException({
        message: 'The embedded broker gave an answer that cannot be read.',
    });
}
