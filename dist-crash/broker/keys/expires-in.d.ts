/** How long a key lives where nobody says otherwise. */
export declare const DEFAULT_EXPIRES_IN = "5m";
/** The rule, for messages. */
export declare const EXPIRES_IN_RULE = "must be digits without a leading zero and one of s, m, h, from 1s to 24h, such as \"5m\"";
/** `expires_in` in milliseconds; `undefined` where the value breaks {@link EXPIRES_IN_RULE}. */
export declare function parseExpiresIn(value: unknown): number | undefined;
