/** An answer as it goes out, and as it is stored under an `Idempotency-Key`. */
export interface StripeAnswer {
    readonly status: number;
    readonly body: Buffer | string;
    readonly headers?: Readonly<Record<string, string>>;
    /** The `Request-Id` of the call whose stored answer this is. */
    readonly replayOf?: string;
}
