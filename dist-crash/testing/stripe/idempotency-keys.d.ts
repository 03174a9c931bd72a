import type { StripeAnswer } from './stripe-answer';
import type { FormParams } from './form-params';
/** The requests made under an `Idempotency-Key`, with the answers of those that began to execute. */
export declare class IdempotencyKeys {
    #private;
    /** @param bound how many are kept, the latest */
    constructor(bound: number);
    get size(): number;
    /**
     * The stored answer, or `undefined` where the key is new.
     *
     * @throws {StripeError} 400 where the key was used for another request, 409 where that one still runs
     */
    recall(key: string, target: string, params: FormParams): StripeAnswer | undefined;
    /** From here on the request counts as executing. */
    begin(key: string, target: string, params: FormParams, requestId: string): void;
    /** Stores the answer that a repetition gets; the last one given stands. */
    save(key: string, answer: StripeAnswer): void;
    /** The request never executed: the key is free again. */
    abandon(key: string): void;
}
