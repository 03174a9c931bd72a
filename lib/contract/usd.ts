/** An amount in millionths of a US dollar: an integer, the only form money has inside the broker. */
export type MicroUsd = number;

export const MICROS_PER_USD = 1_000_000;
const MAX_CAP_USD = 1_000_000;

/**
 * What is wrong with a value as a cap in USD; `undefined` where nothing is. A cap is a number from
 * 0 to 1,000,000 whose shortest decimal form has no exponent and at most two decimals.
 */
export function capFault(value: unknown): string | undefined {
  return usdFault(value, 2);
}

/** As {@link capFault}, for what may have other decimals: at most six. */
export function usdFault(value: unknown, decimals: number): string | undefined {
  if (value === undefined) return 'is missing: give it a number of US dollars';
  if (typeof value !== 'number') return `must be a number of US dollars, not ${kindOf(value)}`;
  if (!Number.isFinite(value)) return 'must be a finite number of US dollars';
  if (value < 0) return 'must not be negative';
  if (value > MAX_CAP_USD) return `must not be above ${MAX_CAP_USD}`;
  const match = /^\d+(?:\.(\d+))?$/.exec(String(value));
  if (match === null || (match[1] ?? '').length > decimals) {
    return `must have at most ${decimals} decimals`;
  }
  return undefined;
}

/** A cap in USD, already checked with {@link capFault}, as micro-dollars. */
export function capToMicros(cap: number): MicroUsd {
  return usdToMicros(cap);
}

/** USD, already checked with {@link usdFault}, as micro-dollars. */
export function usdToMicros(usd: number): MicroUsd {
  const [whole = '0', decimals = ''] = String(usd).split('.');
  return Number(whole) * MICROS_PER_USD + Number(decimals.padEnd(6, '0'));
}

/** Micro-dollars as the wire shows them: a JSON number of USD with up to six decimals. */
export function toUsd(micros: MicroUsd): number {
  return micros / MICROS_PER_USD;
}

/** Micro-dollars for a message of the broker's: `$12.50`, `$500.00`. */
export function usdText(micros: MicroUsd): string {
  const usd = toUsd(Math.abs(micros))
    .toFixed(6)
    .replace(/0{1,4}$/, '');
  return `${micros < 0 ? '-' : ''}$${usd}`;
}

/** US dollars for a message of the application's: `$500`, `$12.50`, `-$3`; no zeros beyond cents. */
export function dollarsText(usd: number): string {
  const sum = Math.abs(usd);
  const exact = Number(sum.toFixed(6));
  const text = Number.isInteger(exact)
    ? String(exact)
    : exact.toFixed(Math.max(2, (String(exact).split('.')[1] ?? '').length));
  return `${usd < 0 ? '-' : ''}$${text}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
