/** What is known of calls by `METHOD segment/…`, where `*` stands for exactly one segment. */
export declare class CallTable<T> {
    #private;
    /** Of two rows that fit one call, the one given first decides. */
    constructor(rows: Iterable<readonly [call: string, value: T]>);
    find(method: string, segments: readonly string[]): T | undefined;
}
