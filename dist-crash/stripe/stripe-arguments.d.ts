/**
 * An amount in the currency's minor unit (cents).
 *
 * @throws CallRefusedException `invalid_amount` for anything but a whole number from 1 to 99,999,999.
 */
export declare function amountOf(param: string, value: unknown): number;
/** @throws CallRefusedException where the value is no Stripe id, and so could change the path. */
export declare function idOf(param: string, value: unknown, example: string): string;
/** @throws CallRefusedException where the value is not a currency's three letters. */
export declare function currencyOf(param: string, value: unknown): string;
/** @throws CallRefusedException where the value is no string. */
export declare function textOf(param: string, value: unknown): string;
/** @throws CallRefusedException where the value is no boolean. */
export declare function flagOf(param: string, value: unknown): boolean;
/** @throws CallRefusedException where the value is none of the choices. */
export declare function choiceOf<T extends string>(param: string, value: unknown, choices: readonly T[]): T;
/** @throws CallRefusedException where the value is no whole number in the range. */
export declare function countOf(param: string, value: unknown, min: number, max: number): number;
/** A value that may be left out. */
export declare function optional<T, R>(value: T | undefined, read: (value: T) => R): R | undefined;
