import type { MicroUsd } from '../money/usd';
/** No sum is counted as more, so that every one stays exact; far above any cap. */
export declare const MAX_MICROS: MicroUsd;
/** An exact ratio: US dollars for one major unit of a currency. */
export interface Rate {
    numerator: bigint;
    denominator: bigint;
}
/** What the configured currencies cost, by lower-case code. USD needs no rate. */
export type Rates = ReadonlyMap<string, Rate>;
export declare const NO_RATES: Rates;
/** Whether a lower-case code names a currency Stripe takes. */
export declare function isCurrency(code: string): boolean;
/** How many decimals a currency's minor unit stands for. */
export declare function decimalsOf(currency: string): 0 | 2 | 3;
/** A number as the ratio that its shortest decimal form says; `undefined` where it is not above 0. */
export declare function rateOf(value: number): Rate | undefined;
/** What minor units of a currency cost, rounded up; `undefined` where no rate says so. */
export declare function microsOf(amount: number, currency: string, rates: Rates): MicroUsd | undefined;
/** What an amount with so many decimals costs at a rate, rounded up. */
export declare function microsAt(rate: Rate, amount: number, decimals: number): MicroUsd;
