import { MICROS_PER_USD } from '../../contract/usd';
import type { MicroUsd } from '../../contract/usd';

/**
 * The currencies Stripe takes, https://docs.stripe.com/currencies (presentment currencies). A code
 * that is not here is no currency.
 */
const CURRENCIES: ReadonlySet<string> = new Set(
  (
    'usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd ' +
    'cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd ' +
    'hkd hnl hrk htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl ' +
    'mad mdl mga mkd mmk mnt mop mro mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php ' +
    'pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd top try ttd ' +
    'twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw'
  ).split(' '),
);

/** One minor unit is one of the currency: https://docs.stripe.com/currencies#zero-decimal. */
const ZERO_DECIMAL: ReadonlySet<string> = new Set(
  // UGX is on this list, and among the special cases with two decimals: the list is costlier.
  'bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf'.split(' '),
);
/** Stripe's special cases ISK, HUF and TWD are sent with two decimals, always `00` for ISK. */
const THREE_DECIMAL: ReadonlySet<string> = new Set('bhd jod kwd omr tnd'.split(' '));

/** No sum is counted as more, so that every one stays exact; far above any cap. */
export const MAX_MICROS: MicroUsd = 1_000_000_000 * MICROS_PER_USD;

/** An exact ratio: US dollars for one major unit of a currency. */
export interface Rate {
  numerator: bigint;
  denominator: bigint;
}

/** What the configured currencies cost, by lower-case code. USD needs no rate. */
export type Rates = ReadonlyMap<string, Rate>;

export const NO_RATES: Rates = new Map();

const ONE: Rate = { numerator: 1n, denominator: 1n };

/** Whether a lower-case code names a currency Stripe takes. */
export function isCurrency(code: string): boolean {
  return CURRENCIES.has(code);
}

/** How many decimals a currency's minor unit means. */
export function decimalsOf(currency: string): 0 | 2 | 3 {
  if (ZERO_DECIMAL.has(currency)) return 0;
  return THREE_DECIMAL.has(currency) ? 3 : 2;
}

/** A number as the ratio that its shortest decimal form says; `undefined` where it is not above 0. */
export function rateOf(value: number): Rate | undefined {
  const match = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  if (match === null || !(value > 0)) return undefined;
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const shift = Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  return shift < 0
    ? { numerator: digits, denominator: 10n ** BigInt(-shift) }
    : { numerator: digits * 10n ** BigInt(shift), denominator: 1n };
}

/** What minor units of a currency cost, rounded up; `undefined` where no rate says so. */
export function microsOf(amount: number, currency: string, rates: Rates): MicroUsd | undefined {
  const rate = currency === 'usd' ? ONE : rates.get(currency);
  return rate === undefined ? undefined : microsAt(rate, amount, decimalsOf(currency));
}

/** What an amount with so many decimals costs at a rate, rounded up. */
export function microsAt(rate: Rate, amount: number, decimals: number): MicroUsd {
  const numerator = BigInt(amount) * rate.numerator * BigInt(MICROS_PER_USD);
  const denominator = rate.denominator * 10n ** BigInt(decimals);
  const micros = (numerator + denominator - 1n) / denominator;
  return micros > BigInt(MAX_MICROS) ? MAX_MICROS : Number(micros);
}
