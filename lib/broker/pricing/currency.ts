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

/** Micro-dollars in one minor unit of USD, a cent. */
const MICROS_PER_CENT = 10_000;

/** Whether a lower-case code names a currency Stripe takes. */
export function isCurrency(code: string): boolean {
  return CURRENCIES.has(code);
}

/**
 * What one minor unit of a currency costs, in micro-dollars; `undefined` where no rate says so.
 * USD is exact.
 */
export function microsPerMinorUnit(currency: string): number | undefined {
  return currency === 'usd' ? MICROS_PER_CENT : undefined;
}
