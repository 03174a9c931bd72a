"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.StripeError = void 0;
/** A refusal in Stripe's own shape: `{ "error": { "type", "code", "message", "param", … } }`. */
class StripeError extends Error {
    status;
    type;
    fields;
    constructor(status, type, message, fields = {}) {
        super(message);
        this.status = status;
        this.type = type;
        this.fields = fields;
        this.name = 'StripeError';
    }
    static invalid(message, fields) {
        return new StripeError(400, 'invalid_request_error', message, fields);
    }
    /** An id in the path that names nothing is a 404; one in a parameter is a 400. */
    static missing(what, id, param, status) {
        return new StripeError(status, 'invalid_request_error', `No such ${what}: '${id}'`, {
            code: 'resource_missing',
            param,
        });
    }
    static unrecognizedUrl(method, path) {
        return new StripeError(404, 'invalid_request_error', `Unrecognized request URL (${method}: ${path}). If you are trying to list objects, remove the trailing slash. ` +
            'If you are trying to retrieve an object, make sure you passed a valid (non-empty) identifier in your code.');
    }
    toBody() {
        const { code } = this.fields;
        return {
            error: {
                ...this.fields,
                ...(code === undefined ? {} : { doc_url: docUrl(code) }),
                message: this.message,
                type: this.type,
            },
        };
    }
}
exports.StripeError = StripeError;
function docUrl(code) {
    return `https://docs.stripe.com/error-codes/${code.replaceAll('_', '-')}`;
}
