/** Where a {@link Clock} reads the time. */
export interface TimeSource {
    /** The machine's clock: epoch milliseconds. It can be set, forwards and backwards. */
    wall(): number;
    /** Milliseconds since any fixed instant. It never runs backwards. */
    monotonic(): number;
}
/**
 * A broker's time: the instant of its start, and what the monotonic clock has counted since. A
 * machine whose clock is set back brings no expired key and no lapsed lease back to life.
 */
export declare class Clock {
    #private;
    private readonly log;
    private readonly source;
    /** @param log Takes one line for each jump of the machine's clock. */
    constructor(log?: (line: string) => void, source?: TimeSource);
    /** Epoch milliseconds. */
    now(): number;
}
