"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.CALLER_GONE = exports.BrokerRefusal = void 0;
exports.invalidKey = invalidKey;
exports.invalidFields = invalidFields;
exports.brakedBy = brakedBy;
exports.storeUnavailable = storeUnavailable;
exports.parentMissing = parentMissing;
exports.auditUnavailable = auditUnavailable;
exports.callerGone = callerGone;
exports.notFound = notFound;
exports.methodNotAllowed = methodNotAllowed;
exports.shuttingDown = shuttingDown;
/**
 * An answer of the broker's own in place of the vendor's. Its body has one shape, which the Stripe
 * SDK reads as a Stripe error (`error`) and Keybrake's readers know (the top level).
 */
class BrokerRefusal extends Error {
    status;
    code;
    /** What the body says beside `code` and `message`. JSON values only, never a secret. */
    fields;
    headers;
    constructor(status, code, message, fields = {}, headers = {}) {
        super(message);
        this.name = 'BrokerRefusal';
        this.status = status;
        this.code = code;
        this.fields = fields;
        this.headers = headers;
    }
    /** The JSON body, as bytes on the wire. */
    toBody() {
        return JSON.stringify({
            error: {
                type: 'vault_key_error',
                code: this.code,
                message: this.message,
                param: null,
                ...this.fields,
            },
            code: this.code,
            ...this.fields,
        });
    }
    /** The headers of the answer, lower case, without `content-length`. */
    toHeaders() {
        return {
            'content-type': 'application/json',
            'cache-control': 'no-store',
            'stripe-should-retry': 'false',
            'x-vault-key-verdict': this.code,
            ...this.headers,
        };
    }
}
exports.BrokerRefusal = BrokerRefusal;
/** The one answer for every way in which a vault key can be wrong: nothing tells them apart. */
function invalidKey(credentialSent) {
    return new BrokerRefusal(401, 'invalid_key', 'The vault key is missing or not valid for this call.', {}, { 'www-authenticate': credentialSent ? 'Bearer error="invalid_token"' : 'Bearer' });
}
/** A management request with bad fields, every one of them named. */
function invalidFields(faults) {
    const list = faults.map(({ field, message }) => `${field} ${message}`.trim()).join('; ');
    return new BrokerRefusal(422, 'invalid_request', `The request is not valid: ${list}.`, {
        fields: faults,
    });
}
/** A standing brake stops the key, or would stop it. */
function brakedBy(scope, reason) {
    return new BrokerRefusal(403, 'braked', `An operator has stopped this ${scope}: ${reason}`, {
        scope,
        reason,
    });
}
/** The store could not take the decision, so nothing was done. */
function storeUnavailable(cause) {
    const refusal = new BrokerRefusal(503, 'store_unavailable', 'The ledger cannot be written right now, so nothing was forwarded.');
    refusal.cause = cause;
    return refusal;
}
/** A key above the key of a call is gone, and its cap with it: no call of that key can be decided. */
function parentMissing(parentId) {
    return new BrokerRefusal(503, 'store_unavailable', `The key ${parentId}, whose cap this key counts against, is not in the store, so nothing was forwarded. Issue a new key.`);
}
/** The decision could be taken but not written down, so it was not taken. */
function auditUnavailable(cause) {
    const refusal = new BrokerRefusal(503, 'audit_unavailable', 'The audit log cannot be written right now, so nothing was forwarded.');
    refusal.cause = cause;
    return refusal;
}
/** The code of a call whose caller went away before all of it had arrived. */
exports.CALLER_GONE = 'caller_gone';
/** The caller went away in mid-request. It is counted, and shown to no one: nobody reads the answer. */
function callerGone(cause) {
    const refusal = new BrokerRefusal(400, exports.CALLER_GONE, 'The caller went away before the whole request had arrived, so nothing was forwarded.');
    refusal.cause = cause;
    return refusal;
}
/** Nothing is there. */
function notFound(message) {
    return new BrokerRefusal(404, 'not_found', message);
}
/** The path is there, but takes other methods. */
function methodNotAllowed(allowed) {
    const allow = [...new Set(allowed)].join(', ');
    return new BrokerRefusal(405, 'method_not_allowed', `This path takes ${allow}.`, {}, { allow });
}
/** The broker admits nothing more. */
function shuttingDown() {
    return new BrokerRefusal(503, 'overloaded', 'The broker is shutting down.', {}, { 'retry-after': '1' });
}
