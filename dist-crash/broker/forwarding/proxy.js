"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Proxy = exports.DEFAULT_CALLS_PER_KEY = void 0;
const audit_entry_1 = require("../audit/audit-entry");
const clock_1 = require("../clock");
const pattern_1 = require("../endpoints/pattern");
const target_1 = require("../endpoints/target");
const instant_1 = require("../instant");
const key_1 = require("../keys/key");
const token_1 = require("../keys/token");
const sparse_log_1 = require("../metrics/sparse-log");
const usd_1 = require("../money/usd");
const parameters_1 = require("../pricing/parameters");
const refusal_1 = require("../refusal");
const vendor_options_1 = require("../vendor.options");
const answer_body_1 = require("./answer-body");
const fingerprint_1 = require("./fingerprint");
const request_body_1 = require("./request-body");
const request_headers_1 = require("./request-headers");
const response_headers_1 = require("./response-headers");
/** How many calls with one key may be under way unless the options say otherwise. */
exports.DEFAULT_CALLS_PER_KEY = 256;
/** The one place that admits a call: checks, price, hold, forwarding, settlement, in this order. */
class Proxy {
    ledger;
    vendors;
    maxCallsPerKey;
    clock;
    #callsByKey = new Map();
    #unreachable;
    /** Calls that are being put through, and settlements that are being written. */
    #underWay = 0;
    #onIdle;
    #closing = false;
    constructor(ledger, vendors, maxCallsPerKey = exports.DEFAULT_CALLS_PER_KEY, clock = new clock_1.Clock(), log = () => { }) {
        this.ledger = ledger;
        this.vendors = vendors;
        this.maxCallsPerKey = maxCallsPerKey;
        this.clock = clock;
        this.#unreachable = new sparse_log_1.SparseLog(log);
    }
    /** Puts a call through. Never rejects: what is refused is an answer too. */
    async forward(call) {
        const caller = { known: false };
        this.#underWay += 1;
        try {
            return await this.#forward(call, caller);
        }
        catch (error) {
            const refusal = error instanceof refusal_1.BrokerRefusal ? error : (0, refusal_1.storeUnavailable)(error);
            return refusalAnswer(refusal, caller.known);
        }
        finally {
            this.#done();
        }
    }
    /** Stops admitting, and waits until every call that has left is settled. */
    async close() {
        this.#closing = true;
        if (this.#underWay > 0)
            await new Promise((resolve) => (this.#onIdle = resolve));
        await Promise.all([...this.vendors.values()].map(({ connection }) => connection.close()));
    }
    async #forward(call, caller) {
        const configured = this.vendors.get(call.vendor);
        if (configured === undefined)
            throw (0, refusal_1.notFound)('There is no such vendor.');
        if (this.#closing)
            throw (0, refusal_1.shuttingDown)();
        const headers = (0, request_headers_1.readCallHeaders)(call.rawHeaders, configured.settings?.headers);
        const hash = tokenHashOf(headers);
        const found = hash === undefined ? undefined : this.ledger.keyByTokenHash(hash);
        const key = found instanceof Promise ? await found : found;
        if (key === undefined || key.vendor !== call.vendor || !(0, key_1.isLive)(key, this.clock.now())) {
            throw (0, refusal_1.invalidKey)(headers.authorization !== undefined);
        }
        caller.known = true;
        const row = rowOf(call, key, headers, this.clock.now());
        const refusal = this.#enter(key.id);
        if (refusal !== undefined)
            return await this.#refuse(row, call, refusal);
        let flight;
        try {
            const admitted = await this.#admit(call, configured, key, headers, row);
            flight = new Flight(() => {
                this.#leave(key.id);
                this.#done();
            });
            this.#underWay += 1;
            return await this.#send(configured, key, admitted, flight);
        }
        finally {
            if (flight === undefined)
                this.#leave(key.id);
        }
    }
    /** Counts a call under way with a key, or says why there may be none. */
    #enter(keyId) {
        const calls = this.#callsByKey.get(keyId) ?? 0;
        if (calls >= this.maxCallsPerKey) {
            return new refusal_1.BrokerRefusal(503, 'overloaded', `${this.maxCallsPerKey} calls with this key are under way, as many as one key may have. Try again in a moment.`, {}, { 'retry-after': '1' });
        }
        this.#callsByKey.set(keyId, calls + 1);
        return undefined;
    }
    #leave(keyId) {
        const left = (this.#callsByKey.get(keyId) ?? 1) - 1;
        if (left === 0)
            this.#callsByKey.delete(keyId);
        else
            this.#callsByKey.set(keyId, left);
    }
    #done() {
        this.#underWay -= 1;
        if (this.#underWay === 0)
            this.#onIdle?.();
    }
    async #admit(call, configured, key, headers, row) {
        let priced;
        let release;
        try {
            const { limits } = configured.settings ?? vendor_options_1.NO_VENDOR_SETTINGS;
            const target = checkTarget(call, configured, key, headers);
            const bytes = call.body === undefined || Buffer.isBuffer(call.body)
                ? (0, request_body_1.wholeBody)(call.body, limits.bodyBytes)
                : await (0, request_body_1.collectBody)(call.body, limits.bodyBytes);
            priced = price(call, configured, target, headers, bytes);
            const reserved = configured.connection.reserve(connectionCaller(key));
            release = reserved instanceof Promise ? await reserved : reserved;
        }
        catch (error) {
            // A caller that went away was refused nothing.
            if (!(error instanceof refusal_1.BrokerRefusal) || error.code === refusal_1.CALLER_GONE)
                throw error;
            return this.#refuse(row, call, error);
        }
        try {
            return await this.#hold(call, key, headers, row, priced, release);
        }
        catch (error) {
            release();
            throw error;
        }
    }
    /** @throws BrokerRefusal once it is in the audit log. */
    async #refuse(row, call, refusal) {
        const { code, message, fields } = refusal;
        const { attempted } = fields;
        row.path = call.target.split('?')[0] ?? '';
        // The row has the path once.
        const reason = typeof attempted === 'string' ? message.replace(attempted, 'the call') : message;
        await this.ledger.recordRefusal({ ...row, verdict: code, reason });
        throw refusal;
    }
    /** Step 6: the decision of the ledger. */
    async #hold(call, key, headers, row, priced, release) {
        const { target, priceable } = priced;
        const account = accountIn(headers);
        const body = (0, parameters_1.toFormBody)(priceable.parameters);
        row.path = target.path;
        row.amount = 'amount' in priced.price ? (priced.price.amount ?? null) : null;
        row.currency = 'currency' in priced.price ? (priced.price.currency ?? null) : null;
        const decision = await this.ledger.admit({
            callId: row.call_id,
            key,
            account,
            price: priced.price,
            ...(call.method === 'GET' || row.idempotency_key_hash == null
                ? {}
                : {
                    operation: {
                        keyHash: row.idempotency_key_hash,
                        fingerprint: (0, fingerprint_1.fingerprintOf)({
                            account,
                            tenant: key.subject.tenant_id ?? '',
                            user: key.subject.user_id ?? '',
                            method: call.method,
                            target: call.target,
                            parameters: priceable.parameters,
                        }),
                    },
                }),
            now: this.clock.now(),
            audit: row,
        });
        if (!decision.admitted)
            throw decision.refusal;
        return {
            call,
            headers,
            priceable,
            body,
            hold: decision.hold,
            remainingUsd: (0, usd_1.toUsd)(decision.remainingMicros),
            release,
        };
    }
    async #send(configured, key, { call, headers, priceable, body, hold, remainingUsd, release }, flight) {
        const { vendor, secret, connection } = configured;
        const sent = { ...headers.forwarded };
        for (const { header, value } of headers.accounts)
            sent[header] = value;
        sent['authorization'] = vendor.authorization(secret);
        sent['accept-encoding'] = 'identity';
        if (body !== '')
            sent['content-type'] = 'application/x-www-form-urlencoded';
        const head = await connection.exchange({
            method: call.method,
            path: call.target,
            headers: sent,
            ...(body === '' ? {} : { body }),
        }, hold.price.kind !== 'free', (end) => {
            flight.end = end;
            release();
            // One that cannot be written is kept by the ledger, and its hold stands until it is.
            const settled = this.#settle(configured, hold, priceable, end);
            settled.then(flight.land, flight.land);
        });
        if (head === undefined) {
            await flight.landed();
            this.#noteUnreachable(call.vendor, flight.end);
            throw unanswered(flight.end);
        }
        const refusal = refusedAnswer(head.status);
        if (refusal !== undefined) {
            head.body.drop();
            await flight.landed();
            throw refusal;
        }
        const relayed = (0, response_headers_1.relayedHeaders)(head.headers, secret);
        relayed['x-vault-key-verdict'] = 'forwarded';
        relayed['x-vault-key-id'] = key.id;
        relayed['x-vault-key-remaining-usd'] = String(remainingUsd);
        return new Answer(head.status, relayed, head.body);
    }
    #noteUnreachable(vendor, end) {
        if (end?.kind !== 'failed' || end.sent)
            return;
        this.#unreachable.note(vendor, `vendor_unreachable: nothing could be sent to ${vendor} (${end.cause})`);
    }
    /** Rejects, and never throws. */
    async #settle(configured, hold, call, end) {
        return this.#end(hold, outcomeOf(configured, hold, call, end), end);
    }
    #end(hold, outcome, end) {
        const now = this.clock.now();
        const requestId = end.kind === 'failed' ? undefined : end.headers['request-id'];
        return this.ledger.end({
            hold,
            outcome,
            now,
            audit: {
                at: (0, instant_1.instantText)(now),
                reason: reasonOf(end),
                vendor_status: end.kind === 'failed' ? null : end.status,
                vendor_request_id: typeof requestId === 'string' ? requestId : null,
                latency_ms: now - hold.admittedAt,
            },
        });
    }
}
exports.Proxy = Proxy;
/** A call that has left, until its settlement is written. */
class Flight {
    onLanded;
    /** How it ended. */
    end;
    #landed = false;
    #onLanded;
    constructor(onLanded) {
        this.onLanded = onLanded;
    }
    land = () => {
        this.#landed = true;
        this.onLanded();
        this.#onLanded?.();
    };
    landed() {
        if (this.#landed)
            return Promise.resolve();
        return new Promise((resolve) => (this.#onLanded = resolve));
    }
}
class Answer {
    status;
    headers;
    #body;
    constructor(status, headers, body) {
        this.status = status;
        this.headers = headers;
        this.#body = body;
    }
    get body() {
        return this.#body.stream();
    }
    bytes(maxBytes) {
        return this.#body.bytes(maxBytes);
    }
}
/** What every audit row of a call says. */
function rowOf(call, key, { idempotencyKey }, now) {
    return {
        ...(0, audit_entry_1.auditRowOf)('refusal', now, key, call.remoteAddress),
        call_id: `call_${(0, token_1.newId)(now)}`,
        method: call.method,
        ...(idempotencyKey === undefined ? {} : { idempotency_key_hash: (0, fingerprint_1.sha256)(idempotencyKey) }),
    };
}
/** A user counts within its tenant. */
function connectionCaller({ id, subject }) {
    const { tenant_id: tenant, user_id: user } = subject;
    return { keyId: id, user: user === undefined ? '' : JSON.stringify([tenant, user]) };
}
/** The hash of the token that was sent; `undefined` where none was that can be one. */
function tokenHashOf({ authorization }) {
    const token = (0, request_headers_1.bearerToken)(authorization);
    return token === undefined || !(0, token_1.isWellFormedToken)(token) ? undefined : (0, token_1.hashToken)(token);
}
/** Steps 3 and 4: where the call goes, and whether it may. */
function checkTarget(call, { vendor, settings = vendor_options_1.NO_VENDOR_SETTINGS }, key, headers) {
    const target = (0, target_1.parseTarget)(call.target);
    if ('fault' in target)
        throw invalidPath(target.fault);
    if (!target.path.startsWith(vendor.pathPrefix)) {
        throw invalidPath(`the path is not below ${vendor.pathPrefix}`);
    }
    if ((0, token_1.withoutTokens)(target.path) !== target.path)
        throw invalidPath('the path holds a vault key');
    const queryFault = target.query === undefined || call.method === 'GET' ? undefined : (0, target_1.writeQueryFault)(target.query);
    if (queryFault !== undefined)
        throw invalidPath(queryFault);
    checkAccount(headers, settings.accounts);
    checkAllowed(key, call.method, target);
    return target;
}
/** Step 5: what the call costs. */
function price(call, { vendor, settings = vendor_options_1.NO_VENDOR_SETTINGS }, target, headers, bytes) {
    if (call.method === 'GET' && bytes.length > 0) {
        throw new refusal_1.BrokerRefusal(400, 'invalid_body', 'A GET must have no body.');
    }
    const { parameters, decimals } = (0, request_body_1.parseBody)(bytes, headers.contentType, settings.limits);
    const priceable = {
        method: call.method,
        segments: target.segments.slice(vendor.pathPrefix.split('/').length - 2),
        parameters: vendor.canonical(parameters),
        decimals,
    };
    headers.forwarded['stripe-version'] = vendor.apiVersion(headers.versions);
    vendor.checkExpansion(target.query, priceable.parameters);
    return { target, priceable, price: vendor.price(priceable, settings.prices) };
}
/** The connected account a call is for; empty where it is the secret's own. */
function accountIn({ accounts }) {
    return accounts[0]?.value ?? '';
}
/** @throws BrokerRefusal 403 `account_not_allowed`. */
function checkAccount({ accounts }, allowed) {
    const [first] = accounts;
    if (first === undefined || (accounts.length === 1 && allowed.has(first.value)))
        return;
    throw new refusal_1.BrokerRefusal(403, 'account_not_allowed', 'The call names a connected account that the broker is not configured for.');
}
function checkAllowed(key, method, target) {
    if ((0, pattern_1.isAllowed)((0, pattern_1.soundPatterns)(key.allowedEndpoints), method, target.segments))
        return;
    const attempted = `${method} ${target.path}`;
    throw new refusal_1.BrokerRefusal(403, 'endpoint_not_allowed', `${attempted} is not among the endpoints this vault key allows.`, { allowed_endpoints: key.allowedEndpoints, attempted });
}
function refusalAnswer(refusal, isKnown) {
    const bytes = Buffer.from(refusal.toBody());
    const headers = { ...refusal.toHeaders(), 'content-length': String(bytes.length) };
    const answer = new Answer(refusal.status, headers, answer_body_1.AnswerBody.of(bytes));
    return isKnown ? answer : Object.assign(answer, { unknownCaller: true });
}
/** The refusal that stands in for an answer which must not be relayed. */
function refusedAnswer(status) {
    if (status >= 300 && status < 400) {
        return new refusal_1.BrokerRefusal(502, 'vendor_redirect', 'The vendor answered with a redirect, which is never followed; what became of the call is not known.');
    }
    if (status === 401) {
        return new refusal_1.BrokerRefusal(502, 'vendor_rejected_credentials', "The vendor did not accept the account's secret key. Nothing was charged.");
    }
    return undefined;
}
function unanswered(end) {
    if (end?.kind === 'failed' && !end.sent) {
        return new refusal_1.BrokerRefusal(502, 'vendor_unreachable', 'The vendor could not be reached. Nothing was sent, so nothing was charged.');
    }
    const timedOut = end?.kind === 'failed' && end.timedOut;
    return new refusal_1.BrokerRefusal(timedOut ? 504 : 502, 'vendor_outcome_unknown', `The call was sent, but ${timedOut ? 'no answer came in time' : 'the connection broke before an answer came'}: it may have been executed. Retry only with the same Idempotency-Key.`);
}
function reasonOf(end) {
    if (end.kind === 'complete')
        return null;
    if (end.kind === 'cut')
        return 'the answer was cut short';
    if (!end.sent)
        return 'nothing was sent';
    return end.timedOut ? 'no answer came in time' : 'the connection broke before an answer';
}
function invalidPath(fault) {
    return new refusal_1.BrokerRefusal(400, 'invalid_path', `The target is not in canonical form: ${fault}.`);
}
function parseJson(body) {
    if (body === undefined)
        return undefined;
    try {
        return JSON.parse(body.toString('utf8'));
    }
    catch {
        return undefined;
    }
}
function outcomeOf({ vendor, settings }, hold, call, end) {
    switch (end.kind) {
        case 'complete':
            return vendor.outcome(hold.price, call, end.status, parseJson(end.body), settings?.prices);
        case 'cut':
            return vendor.outcome(hold.price, call, end.status, undefined);
        case 'failed':
            return { ending: end.sent ? 'unknown' : 'released' };
    }
}
