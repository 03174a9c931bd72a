"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.NO_RATES = exports.MAX_MICROS = void 0;
exports.isCurrency = isCurrency;
exports.decimalsOf = decimalsOf;
exports.rateOf = rateOf;
exports.microsOf = microsOf;
exports.microsAt = microsAt;
const usd_1 = require("../money/usd");
/**
 * The currencies Stripe takes, https://docs.stripe.com/currencies (presentment currencies). A code
 * that is not here is no currency.
 */
const CURRENCIES = new Set(('usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd ' +
    'cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd ' +
    'hkd hnl hrk htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl ' +
    'mad mdl mga mkd mmk mnt mop mro mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php ' +
    'pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd top try ttd ' +
    'twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw').split(' '));
/** One minor unit is one of the currency: https://docs.stripe.com/currencies#zero-decimal. */
const ZERO_DECIMAL = new Set(
// UGX is on this list, and among the special cases with two decimals: the list is dearer.
'bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf'.split(' '));
/** Stripe's special cases ISK, HUF and TWD are sent with two decimals, always `00` for ISK. */
const THREE_DECIMAL = new Set('bhd jod kwd omr tnd'.split(' '));
/** No sum is counted as more, so that every one stays exact; far above any cap. */
exports.MAX_MICROS = 1_000_000_000 * usd_1.MICROS_PER_USD;
exports.NO_RATES = new Map();
const ONE = { numerator: 1n, denominator: 1n };
/** Whether a lower-case code names a currency Stripe takes. */
function isCurrency(code) {
    return CURRENCIES.has(code);
}
/** How many decimals a currency's minor unit stands for. */
function decimalsOf(currency) {
    if (ZERO_DECIMAL.has(currency))
        return 0;
    return THREE_DECIMAL.has(currency) ? 3 : 2;
}
/** A number as the ratio that its shortest decimal form says; `undefined` where it is not above 0. */
function rateOf(value) {
    const match = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
    if (match === null || !(value > 0))
        return undefined;
    const [, whole = '', fraction = '', exponent = '0'] = match;
    const shift = Number(exponent) - fraction.length;
    const digits = BigInt(whole + fraction);
    return shift < 0
        ? { numerator: digits, denominator: 10n ** BigInt(-shift) }
        : { numerator: digits * 10n ** BigInt(shift), denominator: 1n };
}
/** What minor units of a currency cost, rounded up; `undefined` where no rate says so. */
function microsOf(amount, currency, rates) {
    const rate = currency === 'usd' ? ONE : rates.get(currency);
    return rate === undefined ? undefined : microsAt(rate, amount, decimalsOf(currency));
}
/** What an amount with so many decimals costs at a rate, rounded up. */
function microsAt(rate, amount, decimals) {
    const numerator = BigInt(amount) * rate.numerator * BigInt(usd_1.MICROS_PER_USD);
    const denominator = rate.denominator * 10n ** BigInt(decimals);
    const micros = (numerator + denominator - 1n) / denominator;
    return micros > BigInt(exports.MAX_MICROS) ? exports.MAX_MICROS : Number(micros);
}
