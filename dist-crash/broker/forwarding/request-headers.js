"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.readCallHeaders = readCallHeaders;
exports.bearerToken = bearerToken;
const token_1 = require("../keys/token");
const refusal_1 = require("../refusal");
const FORWARDED = new Set([
    'accept',
    'accept-language',
    'idempotency-key',
    'user-agent',
]);
const VERSION = 'stripe-version';
const ONCE = new Set([
    'authorization',
    'host',
    'content-type',
    'content-length',
    'content-encoding',
    'idempotency-key',
    'stripe-account',
    'stripe-context',
]);
const ACCOUNT = new Set(['stripe-account', 'stripe-context']);
const METHOD_OVERRIDES = new Set([
    'x-http-method-override',
    'x-http-method',
    'x-method-override',
]);
const CONNECTION_MAY_NAME = new Set([
    'keep-alive',
    'close',
    'te',
    'trailer',
    'upgrade',
]);
const MAX_IDEMPOTENCY_KEY = 255;
const NONE = new Set();
/**
 * Reads the headers of a proxied call from their raw form, which alone shows duplicates.
 *
 * @param added What the vendor's configuration forwards beside the usual, lower case.
 * @throws BrokerRefusal 400 `invalid_request` where two readers could read them differently.
 */
function readCallHeaders(rawHeaders, added = NONE) {
    const once = new Map();
    const forwarded = {};
    const accounts = [];
    const versions = [];
    for (let i = 0; i < rawHeaders.length; i += 2) {
        const name = (rawHeaders[i] ?? '').toLowerCase();
        const value = rawHeaders[i + 1] ?? '';
        // Some servers read `Stripe_Account` as `Stripe-Account`, so both spellings count as one.
        const spelled = name.replaceAll('_', '-');
        if (METHOD_OVERRIDES.has(spelled))
            throw invalid(`The header ${name} is not taken.`);
        if (ACCOUNT.has(spelled))
            accounts.push({ header: spelled, value });
        if (spelled === VERSION)
            versions.push(value);
        if (ONCE.has(spelled)) {
            if (once.has(spelled))
                throw invalid(`The header ${spelled} is given more than once.`);
            once.set(spelled, value);
            if (name !== spelled) {
                if (ACCOUNT.has(spelled))
                    continue;
                throw invalid(`The header ${spelled} is spelled with an underscore.`);
            }
        }
        if (name === 'connection')
            checkConnection(value);
        // What is joined to an earlier value of the same name would reach the vendor as one.
        const isForwarded = FORWARDED.has(name) || (added.has(name) && (0, token_1.withoutTokens)(value) === value);
        if (isForwarded && !(name in forwarded))
            forwarded[name] = value;
    }
    checkIdempotencyKey(once.get('idempotency-key'));
    const encoding = once.get('content-encoding');
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
        throw new refusal_1.BrokerRefusal(415, 'unsupported_media_type', 'A body must be sent without Content-Encoding.');
    }
    return {
        forwarded,
        ...optional('authorization', once.get('authorization')),
        ...optional('contentType', once.get('content-type')),
        ...optional('idempotencyKey', once.get('idempotency-key')),
        accounts,
        versions,
    };
}
/** The credential of `Authorization: Bearer …`; `undefined` where there is none of that form. */
function bearerToken(authorization) {
    return authorization === undefined
        ? undefined
        : /^Bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1];
}
function checkConnection(value) {
    for (const token of value.toLowerCase().split(',')) {
        if (!CONNECTION_MAY_NAME.has(token.trim())) {
            throw invalid('The header connection names a header that must reach its reader.');
        }
    }
}
function checkIdempotencyKey(key) {
    if (key === undefined)
        return;
    if (key === '' || key.length > MAX_IDEMPOTENCY_KEY || !/^[\x20-\x7e]*$/.test(key)) {
        throw invalid(`Idempotency-Key must be 1 to ${MAX_IDEMPOTENCY_KEY} characters of ASCII.`);
    }
}
function optional(name, value) {
    return value === undefined ? {} : { [name]: value };
}
function invalid(message) {
    return new refusal_1.BrokerRefusal(400, 'invalid_request', message);
}
