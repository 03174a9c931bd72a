/** How much of a request body is read. */
export interface BodyLimits {
    bodyBytes: number;
    parameters: number;
    /** How deep a parameter may be nested. */
    levels: number;
}
export declare const DEFAULT_BODY_LIMITS: BodyLimits;
