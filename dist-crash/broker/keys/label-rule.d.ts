/**
 * What is wrong with a text that people read: a label, a subject, a reason, the id of a budget or a
 * brake.
 *
 * @param maxLength In characters.
 * @returns `undefined` where nothing is.
 */
export declare function labelFault(value: unknown, maxLength: number): string | undefined;
/** A text with `_` in place of each character that a label may not hold. */
export declare function withoutUnshown(text: string): string;
