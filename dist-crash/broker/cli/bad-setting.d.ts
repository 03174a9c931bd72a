/** A setting that does not hold: one line that names it. */
export declare class BadSetting extends Error {
}
