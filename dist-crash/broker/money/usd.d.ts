/** An amount in millionths of a US dollar: an integer, the only form money has inside the broker. */
export type MicroUsd = number;
export declare const MICROS_PER_USD = 1000000;
/**
 * What is wrong with a value as a cap in USD; `undefined` where nothing is. A cap is a number from
 * 0 to 1,000,000 whose shortest decimal form has no exponent and at most two decimals.
 */
export declare function capFault(value: unknown): string | undefined;
/** As {@link capFault}, for what may have other decimals: at most six. */
export declare function usdFault(value: unknown, decimals: number): string | undefined;
/** A cap in USD, already checked with {@link capFault}, as micro-dollars. */
export declare function capToMicros(cap: number): MicroUsd;
/** USD, already checked with {@link usdFault}, as micro-dollars. */
export declare function usdToMicros(usd: number): MicroUsd;
/** Micro-dollars as the wire shows them: a JSON number of USD with up to six decimals. */
export declare function toUsd(micros: MicroUsd): number;
/** For sentences: `$12.5`. */
export declare function usdText(micros: MicroUsd): string;
