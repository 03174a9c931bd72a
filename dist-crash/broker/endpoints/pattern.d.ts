/** An allowed endpoint: `[METHOD ]/segment/…`, where `*` stands for exactly one segment. */
export interface Pattern {
    /** Absent: GET and POST. */
    method?: string;
    segments: readonly string[];
}
/**
 * Reads one pattern. `prefix` is the vendor's path prefix (`/v1/` for Stripe), below which every
 * pattern must lie.
 */
export declare function parsePattern(pattern: string, prefix?: string): Pattern | {
    fault: string;
};
/** What is wrong with a pattern, in words; `undefined` where nothing is. */
export declare function patternFault(pattern: string, prefix?: string): string | undefined;
/** Whether any of the patterns grants the call. Case counts. */
export declare function isAllowed(patterns: readonly Pattern[], method: string, segments: readonly string[]): boolean;
/** Patterns as {@link isAllowed} takes them, those without a fault. The same few come with key after key. */
export declare function soundPatterns(patterns: readonly string[]): readonly Pattern[];
