import { StripeBook } from './stripe/stripe-book';
import type { StripeCall } from './stripe/stripe-book';
import type { FaultMoment, HeldCalls, ScriptedCalls, StripeCallMatch, StripeFault } from './stripe/stripe-script';
/** Settings of an offline Stripe. */
export interface StripeVendorOptions {
    /**
     * The port to listen on, on 127.0.0.1. 0 takes a free one.
     *
     * @default 0
     */
    port?: number;
    /**
     * The secret key that calls must come with.
     *
     * @default 'sk_test_offline'
     */
    secretKey?: string;
    /**
     * How many calls, movements of money, idempotency keys and objects of each kind are kept, the
     * latest. `vendor.book.forgotten` counts what made room; totals count it still. `Infinity` keeps
     * all, some 20 KB a charge.
     *
     * @default 10_000
     */
    keep?: number;
}
/**
 * A Stripe with no network and no account: PaymentIntents, charges, refunds, customers and payouts as
 * Stripe's API v1 has them, over HTTP on 127.0.0.1, with test cards, `Idempotency-Key` and Stripe's own
 * errors; everything else is Stripe's 404. It keeps a {@link StripeBook} of what it executed, and does
 * wrong what a spec tells it to.
 *
 * Not modelled: balances (a payout never fails for lack of funds), fees, disputes, webhooks.
 *
 * @example
 * ```ts
 * const vendor = await createStripeVendor();
 * const stripe = new Stripe(vendor.secretKey, { host: '127.0.0.1', port: vendor.port, protocol: 'http' });
 *
 * await stripe.paymentIntents.create({ amount: 1200, currency: 'usd', confirm: true, payment_method: 'pm_card_visa', allowed_payment_method_types: ['card'] });
 * expect(vendor.book.total('usd')).toBe(1200);
 *
 * await vendor.close();
 * ```
 */
export declare class StripeVendor {
    #private;
    /** What the vendor received and executed. */
    readonly book: StripeBook;
    /** Use {@link createStripeVendor}, which also listens. */
    constructor(options?: Omit<StripeVendorOptions, 'port'>);
    /** `http://127.0.0.1:<port>`, without a path. */
    get url(): string;
    get port(): number;
    /** The secret key that calls must come with. Shown by no `inspect`, JSON or error. */
    get secretKey(): string;
    /**
     * How many calls, movements, idempotency keys and objects it holds in memory.
     *
     * @internal
     */
    get size(): number;
    /** The received calls that match, oldest first: `vendor.calls('POST /v1/refunds')`. */
    calls(match?: StripeCallMatch): readonly StripeCall[];
    /**
     * Does the next calls that match wrong, in the way the fault says. Of several scripts that match a
     * call the one scripted first takes it.
     *
     * @param options.times how many calls, `Infinity` for all to come; 1 by default
     * @throws {TypeError | RangeError} for a fault or a pattern that says nothing
     * @example
     * ```ts
     * vendor.next('POST /v1/payment_intents', { decline: 'insufficient_funds' });
     * vendor.next('POST /v1/payment_intents/*', { status: 429, headers: { 'Retry-After': '1' } }, { times: 2 });
     * vendor.next('*', { reset: 'after' }); // executes, then the connection breaks
     * vendor.next('POST /v1/refunds', { status: 502, at: 'after' }); // executes, then a gateway fails
     * vendor.next('GET /v1/charges', { stream: { bytes: 100 * 1024 * 1024 } });
     * ```
     */
    next(match: StripeCallMatch, fault: StripeFault, options?: {
        times?: number;
    }): ScriptedCalls;
    /**
     * Holds the next calls that match until they are released, and then answers them as usual.
     * Held `'after'`, a call has executed and only its answer waits; held `'before'`, it executes at its
     * release, and a second call under its `Idempotency-Key` gets Stripe's 409 meanwhile.
     *
     * @param options.times how many calls; 1 by default
     * @param options.at `'after'` by default
     * @example
     * ```ts
     * const held = vendor.hold('POST /v1/payment_intents');
     * const answer = stripe.paymentIntents.create({ amount: 1200, currency: 'usd' });
     * await held.arrived;
     * // … the call is in flight
     * held.release();
     * await answer;
     * ```
     */
    hold(match?: StripeCallMatch, options?: {
        times?: number;
        at?: FaultMoment;
    }): HeldCalls;
    /** Forgets every object, key, call and script, and breaks what is in flight. Goes on listening. */
    reset(): void;
    /** Stops listening and ends every connection at once. May be called again. */
    close(): Promise<void>;
    /** @internal */
    listen(port: number): Promise<this>;
}
/**
 * Starts an offline Stripe on 127.0.0.1: see {@link StripeVendor} for what it does.
 *
 * @throws where the port is taken, or the secret key could not stand in a header
 */
export declare function createStripeVendor(options?: StripeVendorOptions): Promise<StripeVendor>;
