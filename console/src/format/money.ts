const USD = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  minimumFractionDigits: 2,
  maximumFractionDigits: 6,
});
const COMPACT = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  notation: 'compact',
  minimumFractionDigits: 0,
  maximumFractionDigits: 1,
});
const COUNT = new Intl.NumberFormat('en-US');
/** Currencies that Stripe counts in hundredths although they have none: https://docs.stripe.com/currencies. */
const HUNDREDTHS = new Set(['isk', 'ugx']);

/** An amount in USD as the API gives it: `$1,234.50`, and up to six decimals where it has them. */
export function usdText(usd: number): string {
  return USD.format(usd);
}

/** For the ends of an axis: `$1.2K`. */
export function shortUsd(usd: number): string {
  return usd === 0 ? '$0' : usd < 1 ? usdText(usd) : COMPACT.format(usd);
}

/** An amount in the minor unit of its currency: `¥500`, `€12.30`. */
export function minorText(amount: number, currency: string): string {
  try {
    const money = new Intl.NumberFormat('en-US', { style: 'currency', currency });
    const digits = HUNDREDTHS.has(currency.toLowerCase())
      ? 2
      : (money.resolvedOptions().maximumFractionDigits ?? 2);
    return new Intl.NumberFormat('en-US', {
      style: 'currency',
      currency,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(amount / 10 ** digits);
  } catch {
    return `${amount} ${currency}`;
  }
}

export function countText(count: number): string {
  return COUNT.format(count);
}

/** `1 live key`, `2 live keys`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${countText(count)} ${count === 1 ? noun : plural}`;
}

/** What a person has typed as US dollars; `undefined` where that is no amount of at most so many decimals. */
export function readUsd(text: string, decimals = 2): number | undefined {
  const plain = text.trim().replace(/^\$/, '').replaceAll(',', '');
  const match = /^\d{1,7}(?:\.(\d+))?$/.exec(plain);
  if (match === null || (match[1] ?? '').length > decimals) return undefined;
  const usd = Number(plain);
  return usd <= 1_000_000 ? usd : undefined;
}

/** A sum of USD without the dust of floating point: the API counts in millionths. */
export function sumUsd(values: readonly number[]): number {
  return values.reduce((sum, usd) => sum + Math.round(usd * 1e6), 0) / 1e6;
}

/** The part of a cap that is used, 0 and up; 1 where the cap is 0 and everything is refused. */
export function usedPart(used: number, cap: number): number {
  return cap <= 0 ? 1 : Math.max(0, used / cap);
}

/** `83 %`; never 100 % before it is. */
export function percentText(part: number): string {
  const percent = part * 100;
  return `${percent < 100 ? Math.floor(percent) : Math.round(percent)} %`;
}
