"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.VaultKeyHttpClient = exports.NO_OWN_TIMEOUT_MS = void 0;
const node_http_1 = require("node:http");
const node_stream_1 = require("node:stream");
const broker_client_1 = require("../../broker-client/broker-client");
const agent_braked_exception_1 = require("../../exceptions/agent-braked.exception");
const call_refused_exception_1 = require("../../exceptions/call-refused.exception");
const exception_behind_1 = require("../../exceptions/exception-behind");
const refusal_reader_1 = require("../../exceptions/refusal-reader");
const spend_cap_exceeded_exception_1 = require("../../exceptions/spend-cap-exceeded.exception");
const vault_key_exception_1 = require("../../exceptions/vault-key.exception");
const vault_key_invalid_exception_1 = require("../../exceptions/vault-key-invalid.exception");
const vault_key_unavailable_exception_1 = require("../../exceptions/vault-key-unavailable.exception");
const vendor_exception_1 = require("../../exceptions/vendor.exception");
const vendor_outcome_unknown_exception_1 = require("../../exceptions/vendor-outcome-unknown.exception");
const vendor_rate_limited_exception_1 = require("../../exceptions/vendor-rate-limited.exception");
const vendor_unreachable_exception_1 = require("../../exceptions/vendor-unreachable.exception");
const call_numbering_1 = require("../../vault-key/call-numbering");
const stripe_error_1 = require("./stripe-error");
const vendor_response_1 = require("./vendor-response");
/** The client's time-out where a call has none of its own: the broker's alone ends such a call. */
exports.NO_OWN_TIMEOUT_MS = 80_000;
const VENDOR = 'stripe';
const HOST = 'api.stripe.com';
/** What the client's own idempotency keys begin with. */
const GENERATED = 'stripe-node-retry-';
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
/**
 * What the `stripe` client sends with: each call goes with the vault key of the run it is made in,
 * to the broker that issued it. Never rejects. What is refused is told as an answer, of which the
 * client makes its error: to a rejection it gives words of its own, and an attempt more.
 */
class VaultKeyHttpClient {
    #vaultKeys;
    /** By run and idempotency key, what an attempt came to that the vendor may have executed. */
    #doubts = new WeakMap();
    constructor(vaultKeys) {
        this.#vaultKeys = vaultKeys;
    }
    getClientName() {
        return 'nestjs-vault-key';
    }
    async makeRequest(host, _port, path, method, headers, body, _protocol, timeout) {
        try {
            checkAddress(host, path, method);
            const outgoing = headersOf(headers);
            const key = this.#vaultKeys.get(VENDOR);
            const generatedKey = outgoing['idempotency-key'];
            if (generatedKey?.startsWith(GENERATED) === true) {
                const account = outgoing['stripe-account'] ?? outgoing['stripe-context'];
                const numbered = (0, call_numbering_1.numberedKey)({ method, path, body, account, generatedKey });
                if (numbered !== undefined)
                    outgoing['idempotency-key'] = numbered;
            }
            const attempt = {
                key,
                idempotencyKey: method === 'GET' ? undefined : outgoing['idempotency-key'],
                readOnly: method === 'GET',
                timeoutMs: timeout === exports.NO_OWN_TIMEOUT_MS ? undefined : timeout,
            };
            const answering = key.broker.relay({
                vendor: VENDOR,
                token: key.token,
                method,
                target: targetOf(method, path),
                headers: outgoing,
                ...(body === '' ? {} : { body }),
            });
            return await this.#answered(attempt, answering);
        }
        catch (error) {
            return response(exceptionOf({ readOnly: method === 'GET' }, error));
        }
    }
    async #answered(attempt, answering) {
        let answer;
        try {
            answer = await inTime(attempt, answering);
        }
        catch (error) {
            return this.#refused(attempt, exceptionOf(attempt, error), true);
        }
        const { status, headers } = answer;
        if (status < 300) {
            if (attempt.idempotencyKey !== undefined) {
                this.#doubts.get(attempt.key)?.delete(attempt.idempotencyKey);
            }
            const read = () => this.#readResult(attempt, answer);
            return new vendor_response_1.VendorResponse(status, headers, read, () => streamOf(attempt, answer));
        }
        const content = await readJson(attempt, answer);
        const exception = (0, refusal_reader_1.readProxiedAnswer)({ ...told(attempt), status, headers, body: content });
        if (exception instanceof vendor_exception_1.VendorException || exception instanceof vendor_rate_limited_exception_1.VendorRateLimitedException) {
            if (status >= 500)
                this.#doubt(attempt, exception);
            return vendorError(answer, content, exception);
        }
        if (exception !== undefined)
            return this.#refused(attempt, exception, false);
        return new vendor_response_1.VendorResponse(status, headers, () => Promise.resolve(content));
    }
    /** An answer that says the call was executed: what it holds, or that it cannot be read. */
    async #readResult(attempt, answer) {
        const { status, headers } = answer;
        const content = await readJson(attempt, answer);
        const exception = (0, refusal_reader_1.readProxiedAnswer)({ ...told(attempt), status, headers, body: content });
        if (exception === undefined)
            return content ?? {};
        return { error: (0, stripe_error_1.errorOf)(exception) };
    }
    /** @param unanswered Whether the broker gave no answer: the client may try again what it would. */
    #refused(attempt, exception, unanswered) {
        if (exception instanceof vendor_outcome_unknown_exception_1.VendorOutcomeUnknownException) {
            this.#doubt(attempt, exception);
            return response(exception, exception.retryable);
        }
        // That nothing was sent holds for the last attempt, not for the one that nobody knows the end of.
        const doubt = sentNothing(exception) ? this.#doubtOver(attempt) : undefined;
        const retry = unanswered || exception instanceof vendor_unreachable_exception_1.VendorUnreachableException;
        return response(doubt ?? exception, retry && exception.retryable);
    }
    #doubt({ key, idempotencyKey }, exception) {
        if (idempotencyKey === undefined)
            return;
        const doubts = this.#doubts.get(key) ?? new Map();
        this.#doubts.set(key, doubts.set(idempotencyKey, exception));
    }
    #doubtOver({ key, idempotencyKey }) {
        return idempotencyKey === undefined ? undefined : this.#doubts.get(key)?.get(idempotencyKey);
    }
}
exports.VaultKeyHttpClient = VaultKeyHttpClient;
/** @throws CallRefusedException for all but the API that the broker's proxy stands before. */
function checkAddress(host, path, method) {
    if (host !== HOST || /^\/v2(?![^/?])/.test(path)) {
        const where = host === HOST ? 'the /v2 API' : host.slice(0, 100);
        throw new call_refused_exception_1.CallRefusedException({
            status: 501,
            code: 'host_not_proxied',
            message: `The call is to ${where}, where no vault key is enforced, so it was not sent. Through a vault key go the /v1 calls of ${HOST}.`,
        });
    }
    if (!/^[A-Z]{1,20}$/.test(method)) {
        throw call_refused_exception_1.CallRefusedException.forArgument('method', 'must be a method of HTTP');
    }
}
/** Beside a GET the broker takes a query of `expand[]` alone; the client numbers its arrays. */
function targetOf(method, path) {
    return method === 'DELETE' ? path.replace(/([?&]expand\[)\d+(?=\]=)/g, '$1') : path;
}
/**
 * The headers as the broker takes them, in lower case.
 *
 * @throws CallRefusedException for credentials, and for what cannot stand in a header.
 */
function headersOf(headers) {
    const outgoing = {};
    for (const [given, value] of Object.entries(headers)) {
        const name = given.toLowerCase();
        if (name === 'authorization') {
            throw call_refused_exception_1.CallRefusedException.forArgument('apiKey', 'must not be given: a call goes with the vault key of its run and no other', 'api_key_not_proxied');
        }
        const text = Array.isArray(value) ? value.join(', ') : String(value);
        try {
            (0, node_http_1.validateHeaderValue)(name, text);
        }
        catch {
            throw call_refused_exception_1.CallRefusedException.forArgument(name, 'holds a character that no header may hold');
        }
        outgoing[name] = text;
    }
    return outgoing;
}
/** The answer, or what the call has come to where its own time-out is over before. */
function inTime(attempt, answering) {
    const { timeoutMs } = attempt;
    if (timeoutMs === undefined)
        return answering;
    return new Promise((resolve, reject) => {
        let late = false;
        const timer = setTimeout(() => {
            late = true;
            reject(new vendor_outcome_unknown_exception_1.VendorOutcomeUnknownException({
                ...told(attempt),
                happened: `no answer came within the ${timeoutMs} ms that the call was given`,
                timedOut: true,
            }));
        }, timeoutMs);
        answering.then((answer) => {
            clearTimeout(timer);
            if (late)
                answer.body.destroy();
            else
                resolve(answer);
        }, (error) => {
            clearTimeout(timer);
            reject(error);
        });
    });
}
function exceptionOf(attempt, error) {
    if (error instanceof vault_key_exception_1.VaultKeyException)
        return error;
    return new vendor_outcome_unknown_exception_1.VendorOutcomeUnknownException({
        ...told(attempt),
        happened: 'the call failed on its way',
        cause: error,
    });
}
/** What every account of a call says of it. */
function told({ idempotencyKey, readOnly }) {
    return {
        vendor: VENDOR,
        readOnly,
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    };
}
/** Whether an exception says of its own attempt that nothing has reached the vendor. */
function sentNothing(exception) {
    return (exception instanceof vault_key_invalid_exception_1.VaultKeyInvalidException ||
        exception instanceof vault_key_unavailable_exception_1.VaultKeyUnavailableException ||
        exception instanceof vendor_unreachable_exception_1.VendorUnreachableException ||
        exception instanceof agent_braked_exception_1.AgentBrakedException ||
        exception instanceof spend_cap_exceeded_exception_1.SpendCapExceededException);
}
/** The vendor's own error, as it came. */
function vendorError({ status, headers }, content, exception) {
    const { error } = (content ?? {});
    if (typeof error !== 'object' || error === null) {
        const body = { error: (0, stripe_error_1.errorOf)(exception) };
        return new vendor_response_1.VendorResponse(status, headers, () => Promise.resolve(body));
    }
    (0, exception_behind_1.standFor)(error, exception);
    return new vendor_response_1.VendorResponse(status, headers, () => Promise.resolve(content));
}
/** An answer of this package's own. `retry`: whether an attempt more may help, where one is left. */
function response(exception, retry = false) {
    const headers = { 'content-type': 'application/json', 'stripe-should-retry': String(retry) };
    const body = { error: (0, stripe_error_1.errorOf)(exception) };
    return new vendor_response_1.VendorResponse((0, stripe_error_1.statusOf)(exception), headers, () => Promise.resolve(body));
}
/** The body as a stream that ends with an error once it has stood still for the call's own time-out. */
function streamOf(attempt, { body }) {
    const { timeoutMs } = attempt;
    if (timeoutMs === undefined)
        return body;
    let timer;
    const waitForMore = () => {
        clearTimeout(timer);
        timer = setTimeout(() => {
            const happened = `nothing more of the answer came within the ${timeoutMs} ms that the call was given`;
            stream.destroy(new vendor_outcome_unknown_exception_1.VendorOutcomeUnknownException({ ...told(attempt), happened, timedOut: true }));
        }, timeoutMs);
    };
    const stream = new node_stream_1.Readable({
        read: () => {
            waitForMore();
            body.resume();
        },
        destroy: (error, done) => {
            clearTimeout(timer);
            body.destroy();
            done(error);
        },
    });
    // A stream nobody listens to must not bring the process down when it breaks off.
    stream.on('error', () => undefined);
    body.pause();
    body.on('data', (chunk) => {
        // Where it is the reader who stands still, no time runs.
        clearTimeout(timer);
        if (stream.push(chunk))
            waitForMore();
        else
            body.pause();
    });
    body.on('end', () => {
        clearTimeout(timer);
        stream.push(null);
    });
    body.on('error', (error) => stream.destroy(error));
    body.on('close', () => {
        if (!body.readableEnded)
            stream.destroy(new Error('The answer broke off.'));
    });
    return stream;
}
/** `undefined` where the body broke off, came too late, or is no JSON. */
async function readJson({ key, timeoutMs }, answer) {
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => answer.body.destroy(), timeoutMs);
    const bytes = await (0, broker_client_1.readWhole)(answer, MAX_ANSWER_BYTES);
    clearTimeout(timer);
    if (bytes === undefined)
        return undefined;
    try {
        return JSON.parse(bytes.toString('utf8').replaceAll(key.token, key.maskedToken));
    }
    catch {
        return undefined;
    }
}
