"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.ProxiedVendorService = void 0;
const node_crypto_1 = require("node:crypto");
const broker_client_1 = require("../broker-client/broker-client");
const target_1 = require("../broker/endpoints/target");
const call_refused_exception_1 = require("../exceptions/call-refused.exception");
const refusal_reader_1 = require("../exceptions/refusal-reader");
const call_numbering_1 = require("../vault-key/call-numbering");
const form_encoding_1 = require("./form-encoding");
const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
/**
 * Base of the services that call a vendor with the run's vault key, through the broker's proxy.
 *
 * @example
 * ```ts
 * @Injectable()
 * export class ProxiedAcmeService extends ProxiedVendorService {
 *   constructor(vaultKeys: CurrentVaultKey) {
 *     super(vaultKeys, 'acme');
 *   }
 *
 *   order(sku: string) {
 *     return this.request<{ id: string }>('POST', '/v1/orders', { sku });
 *   }
 * }
 * ```
 */
class ProxiedVendorService {
    vendor;
    #vaultKeys;
    /** @param vendor The vendor's name at the broker, such as `stripe`. */
    constructor(vaultKeys, vendor) {
        this.vendor = vendor;
        this.#vaultKeys = vaultKeys;
    }
    /**
     * Makes one call and gives the parsed JSON of its answer (`undefined` for an answer without
     * content, 204). Nothing is retried.
     *
     * @param path The vendor's own path, `/v1/customers`: no `%`, no `..`; may have a query.
     * @param params Sent form-encoded: in the query of `GET`, else in the body.
     * @throws VaultKeyMissingException outside a run, and after it has ended.
     * @throws CallRefusedException for a path, parameter or idempotency key that cannot be sent, and
     * for what the broker refuses.
     * @throws SpendCapExceededException, EndpointNotAllowedException, AgentBrakedException,
     * VaultKeyInvalidException or VaultKeyUnavailableException when the broker sent nothing on.
     * @throws VendorException for the vendor's own errors, VendorRateLimitedException for its 429,
     * VendorUnreachableException when it was not reached.
     * @throws VendorOutcomeUnknownException when the call was sent and no usable answer came.
     *
     * @example
     * ```ts
     * const customer = await this.stripe.request<{ id: string }>('POST', '/v1/customers', {
     *   email: 'ada@example.com',
     *   metadata: { order: 'o_1' },
     * });
     * ```
     */
    async request(method, path, params = {}, options = {}) {
        const key = this.#vaultKeys.get(this.vendor);
        if (!METHODS.has(method)) {
            throw call_refused_exception_1.CallRefusedException.forArgument('method', `must be one of ${[...METHODS].join(', ')}`);
        }
        const readOnly = method === 'GET';
        const given = readOnly ? undefined : givenKey(options);
        const form = (0, form_encoding_1.encodeForm)(params);
        const target = targetOf(path, readOnly ? form : '');
        const body = readOnly || form === '' ? undefined : form;
        const idempotencyKey = readOnly
            ? undefined
            : (given ?? (0, call_numbering_1.numberedKey)({ method, path: target, body }) ?? (0, node_crypto_1.randomUUID)());
        const answer = await key.broker.forward({
            vendor: this.vendor,
            token: key.token,
            method,
            target,
            headers: {
                accept: 'application/json',
                ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
                ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
            },
            ...(body === undefined ? {} : { body }),
        });
        const bytes = await (0, broker_client_1.readWhole)(answer, MAX_ANSWER_BYTES);
        const text = bytes?.toString('utf8');
        const content = parseJson(text?.replaceAll(key.token, key.maskedToken));
        const { status, headers } = answer;
        const exception = (0, refusal_reader_1.readProxiedAnswer)({
            status,
            headers,
            body: content,
            vendor: this.vendor,
            idempotencyKey,
            readOnly,
        });
        if (exception !== undefined)
            throw exception;
        return content;
    }
}
exports.ProxiedVendorService = ProxiedVendorService;
function givenKey(options) {
    const { idempotencyKey } = options;
    if (idempotencyKey === undefined)
        return undefined;
    if (typeof idempotencyKey !== 'string' || !IDEMPOTENCY_KEY.test(idempotencyKey)) {
        throw call_refused_exception_1.CallRefusedException.forArgument('idempotencyKey', 'must be 1 to 255 visible ASCII characters, such as "order-1842"');
    }
    return idempotencyKey;
}
function targetOf(path, query) {
    if (typeof path !== 'string') {
        throw call_refused_exception_1.CallRefusedException.forArgument('path', 'must be a string such as "/v1/customers"', 'invalid_path');
    }
    const target = query === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`;
    const fault = (0, target_1.targetFault)(target);
    if (fault !== undefined)
        throw call_refused_exception_1.CallRefusedException.forArgument('path', `cannot be sent: ${fault}`, 'invalid_path');
    return target;
}
function parseJson(text) {
    if (text === undefined)
        return undefined;
    try {
        return JSON.parse(text);
    }
    catch {
        return undefined;
    }
}
