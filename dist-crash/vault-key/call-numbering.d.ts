/** A vendor call as its idempotency key tells it apart. */
export interface NumberedCall {
    method: string;
    /** The vendor's own path and query. */
    path: string;
    body?: string | undefined;
    /** The connected account it is made for: vendors keep the keys of each account apart. */
    account?: string | undefined;
    /**
     * The key that a client gives to each attempt at this call, where it retries by itself: all of
     * its attempts are one call.
     */
    generatedKey?: string | undefined;
}
/**
 * Idempotency keys for work that may be done again from its start, such as a job that is retried:
 * the n-th call with equal method, path, body and account has the same key each time, so that a vendor
 * executes it once. Two equal calls of one attempt are two calls.
 *
 * Calls count in the order in which they are begun, whatever the order in which they end.
 */
export declare class CallNumbering {
    #private;
    /**
     * @param work What tells this work from all other, such as `<queue>:<job id>`.
     * @param origin What else tells it apart, and stands in its keys within the hash alone.
     */
    constructor(work: string, origin?: string);
    /** `<work>:<hash of method, path, body and account>:<n>`. */
    keyFor({ method, path, body, account, generatedKey }: NumberedCall): string;
}
/** The numbering of the innermost work around this code that may be done again. */
export declare function currentNumbering(): CallNumbering | undefined;
/**
 * The idempotency key of a call that was given none, where the work around it may be done again;
 * `undefined` where it is not known to be.
 */
export declare function numberedKey(call: NumberedCall): string | undefined;
