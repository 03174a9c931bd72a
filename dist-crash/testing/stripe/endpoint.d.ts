import type { FormParams } from './form-params';
import type { ParamRules, Params } from './param-rules';
import type { Shelf } from './shelf';
import type { StripeAccount } from './stripe-account';
import type { MoneyMovement } from './stripe-book';
/** One call being executed. */
export interface Execution {
    readonly account: StripeAccount;
    /** The version that the call is made in: `2026-10-28.endive`. */
    readonly apiVersion: string;
    /** The id in the path, or an empty text where the path has none. */
    readonly id: string;
    /** A decline code which the test scripted for this call, whatever the card. */
    readonly decline: string | undefined;
    /** Writes a movement of money into the book. */
    move(movement: Omit<MoneyMovement, 'call' | 'idempotencyKey'>): void;
}
/** A call whose parameters are sound, ready to run. */
export interface PreparedCall {
    readonly expand: readonly string[];
    execute(run: Execution): object;
}
export interface Endpoint {
    readonly method: 'DELETE' | 'GET' | 'POST';
    /** `/v1/payment_intents/:id/capture` */
    readonly path: string;
    /** @throws {StripeError} where the parameters are not sound; nothing has happened then */
    prepare(form: FormParams): PreparedCall;
}
/**
 * One endpoint: what it takes and what it does.
 *
 * @param returns the kind of object in the answer, which decides what `expand` may name
 */
export declare function endpoint<Rules extends ParamRules>(method: Endpoint['method'], path: string, returns: string, rules: Rules, execute: (run: Execution, params: Params<Rules>) => object): Endpoint;
/**
 * A list, newest first, in pages of 10 (`limit` up to 100).
 *
 * @param filters further parameters, each compared with the field of its name
 */
export declare function listEndpoint<T extends {
    readonly id: string;
    readonly created: number;
}>(path: string, returns: string, shelfOf: (account: StripeAccount) => Shelf<T>, filters: readonly (keyof T & string)[], isShown?: (item: T, account: StripeAccount) => boolean): Endpoint;
