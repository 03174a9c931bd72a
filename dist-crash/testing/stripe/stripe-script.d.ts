import type { StripeCall } from './stripe-book';
/**
 * Which calls are meant: `[METHOD ]/path`, where `*` stands for one whole segment
 * (`'POST /v1/payment_intents/*'`), `'*'` for every call, or a function that looks at the call.
 */
export type StripeCallMatch = string | ((call: StripeCall) => boolean);
/** When a fault strikes: before the endpoint ran, or after, when the money has moved. */
export type FaultMoment = 'after' | 'before';
interface Delayed {
    /** Milliseconds to wait before anything else happens. */
    delayMs?: number;
}
/** The answer is this one, whatever the call asked for. */
export interface AnswerFault extends Delayed {
    /** 200 … 599. */
    status: number;
    /**
     * A string or bytes are sent as they are, anything else as JSON.
     *
     * @default an error in Stripe's shape that fits the status
     */
    body?: unknown;
    /** Sent beside and in place of the usual ones: `{ 'Retry-After': '1' }`. */
    headers?: Readonly<Record<string, string>>;
    /** @default 'before' */
    at?: FaultMoment;
    /**
     * Whether this answer is stored under the call's `Idempotency-Key`, so that a retry with the key
     * gets it again. Stripe does so with its 500s; answers of what stands before its endpoints (401,
     * 429, 502, 503) are never stored. Pass `false` for a 500 that a retry overcomes.
     *
     * @default status === 500
     */
    saved?: boolean;
}
/** No answer ever comes; the connection stays open until the client or `close()` ends it. */
export interface HangFault extends Delayed {
    /** `true` is `'after'`. */
    hang: FaultMoment | true;
}
/** The connection is reset. */
export interface ResetFault extends Delayed {
    reset: FaultMoment;
}
/** The call executes; its answer has a sound head, and half of the body that the head promises. */
export interface TruncateFault extends Delayed {
    truncate: true;
}
/** The issuer declines, whatever the card; calls that ask no issuer go on as usual. */
export interface DeclineFault extends Delayed {
    /** Stripe's decline code: `insufficient_funds`, `expired_card`, … */
    decline: string;
}
/**
 * The call executes; its answer is padded to a size, and made while it is read: an unread
 * 100 MiB answer costs no memory here. An unknown path is answered with a 200.
 */
export interface StreamFault extends Delayed {
    stream: {
        /** The size of the body; never less than the answer itself. */
        bytes: number;
        /** @default 65536 */
        chunkBytes?: number;
    };
}
/** Only late, otherwise as usual. */
export interface DelayFault {
    delayMs: number;
}
/** What goes wrong with a call. */
export type StripeFault = AnswerFault | DeclineFault | DelayFault | HangFault | ResetFault | StreamFault | TruncateFault;
/** A fault that waits for its calls. */
export interface ScriptedCalls {
    /** The calls it has met so far, oldest first. */
    readonly calls: readonly StripeCall[];
    /**
     * Resolves with these calls once all of them have arrived (with `times: Infinity`: the first).
     * Rejects where the vendor is reset or closed, or the script cancelled, before that.
     */
    readonly arrived: Promise<readonly StripeCall[]>;
    /** Lets later calls pass untouched. */
    cancel(): void;
}
/** Calls that get their answer when the test says so. */
export interface HeldCalls extends ScriptedCalls {
    /** Lets go of every call held now, and of those that would be held later. */
    release(): void;
}
/** @throws {TypeError} where a pattern is not of the form {@link StripeCallMatch} names */
export declare function compileMatch(match: StripeCallMatch): (call: StripeCall) => boolean;
/** What the vendor does with one call: the fault, and for a held call the promise of its release. */
export interface Turn {
    readonly fault: StripeFault | {
        hold: FaultMoment;
    };
    readonly released: Promise<void>;
}
/** @throws {TypeError | RangeError} naming what is wrong, so that a misspelt fault is no silent success */
export declare function assertFault(fault: StripeFault): void;
/** The faults to come. Of several that match a call the one scripted first takes it. */
export declare class StripeScript {
    #private;
    add(match: StripeCallMatch, fault: Turn['fault'], times: number): HeldCalls;
    take(call: StripeCall): (Turn & {
        arrive(): void;
    }) | undefined;
    clear(reason: string): void;
}
export {};
