/** What Stripe's `error.type` may be in an answer of this vendor. */
export type StripeErrorType = 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';
interface StripeErrorFields {
    code?: string;
    param?: string;
    [field: string]: unknown;
}
/** A refusal in Stripe's own shape: `{ "error": { "type", "code", "message", "param", … } }`. */
export declare class StripeError extends Error {
    readonly status: number;
    readonly type: StripeErrorType;
    readonly fields: StripeErrorFields;
    constructor(status: number, type: StripeErrorType, message: string, fields?: StripeErrorFields);
    static invalid(message: string, fields?: StripeErrorFields): StripeError;
    /** An id in the path that names nothing is a 404; one in a parameter is a 400. */
    static missing(what: string, id: string, param: string, status: 400 | 404): StripeError;
    static unrecognizedUrl(method: string, path: string): StripeError;
    toBody(): {
        error: Record<string, unknown>;
    };
}
export {};
