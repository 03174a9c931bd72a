/** One bad field of a management request. */
export interface FieldFault {
    field: string;
    message: string;
}
/**
 * An answer of the broker's own in place of the vendor's. Its body has one shape, which the Stripe
 * SDK reads as a Stripe error (`error`) and Keybrake's readers know (the top level).
 */
export declare class BrokerRefusal extends Error {
    readonly status: number;
    readonly code: string;
    /** What the body says beside `code` and `message`. JSON values only, never a secret. */
    readonly fields: Readonly<Record<string, unknown>>;
    readonly headers: Readonly<Record<string, string>>;
    constructor(status: number, code: string, message: string, fields?: Readonly<Record<string, unknown>>, headers?: Readonly<Record<string, string>>);
    /** The JSON body, as bytes on the wire. */
    toBody(): string;
    /** The headers of the answer, lower case, without `content-length`. */
    toHeaders(): Record<string, string>;
}
/** The one answer for every way in which a vault key can be wrong: nothing tells them apart. */
export declare function invalidKey(credentialSent: boolean): BrokerRefusal;
/** A management request with bad fields, every one of them named. */
export declare function invalidFields(faults: readonly FieldFault[]): BrokerRefusal;
/** A standing brake stops the key, or would stop it. */
export declare function brakedBy(scope: string, reason: string): BrokerRefusal;
/** The store could not take the decision, so nothing was done. */
export declare function storeUnavailable(cause?: unknown): BrokerRefusal;
/** A key above the key of a call is gone, and its cap with it: no call of that key can be decided. */
export declare function parentMissing(parentId: string): BrokerRefusal;
/** The decision could be taken but not written down, so it was not taken. */
export declare function auditUnavailable(cause?: unknown): BrokerRefusal;
/** The code of a call whose caller went away before all of it had arrived. */
export declare const CALLER_GONE = "caller_gone";
/** The caller went away in mid-request. It is counted, and shown to no one: nobody reads the answer. */
export declare function callerGone(cause?: unknown): BrokerRefusal;
/** Nothing is there. */
export declare function notFound(message: string): BrokerRefusal;
/** The path is there, but takes other methods. */
export declare function methodNotAllowed(allowed: readonly string[]): BrokerRefusal;
/** The broker admits nothing more. */
export declare function shuttingDown(): BrokerRefusal;
