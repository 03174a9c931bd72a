/** A vendor target in canonical form: what was matched is, byte for byte, what is forwarded. */
export interface Target {
    path: string;
    segments: readonly string[];
    /** Without the `?`; absent where the target has none. */
    query?: string;
}
/** Whether one path segment is of the form the broker forwards: nothing in it needs decoding. */
export declare function isCanonicalSegment(segment: string): boolean;
/**
 * Reads a request target. Nothing is normalised: a target that is not in canonical form has a
 * fault, which the caller is told in words.
 */
export declare function parseTarget(target: string): Target | {
    fault: string;
};
/** What is wrong with a target, in words; `undefined` where it is in canonical form. */
export declare function targetFault(target: string): string | undefined;
/**
 * What is wrong with a query on a method other than GET: it may hold only `expand[]`, since all
 * else could be read by the vendor as a parameter that was not priced.
 */
export declare function writeQueryFault(query: string): string | undefined;
