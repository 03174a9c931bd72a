/** A decimal number, exactly: so many 10^-12. Stripe's have 12 decimals at the most. */
export type Decimal = bigint;

const DECIMALS = 12;
const ONE: Decimal = 10n ** BigInt(DECIMALS);
/** Three more digits than any amount of Stripe's has. */
const TEXT = /^(-?)(\d{1,15})(?:\.(\d{1,12}))?$/;

/** The number that a text says; `undefined` where it is not written in plain decimal digits. */
export function decimalOf(text: string): Decimal | undefined {
  const [whole, sign, units = '', fraction = ''] = TEXT.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const size = BigInt(units + fraction.padEnd(DECIMALS, '0'));
  return sign === '-' ? -size : size;
}

export function decimal(whole: bigint): Decimal {
  return whole * ONE;
}

/** `one × other`, to the nearest whole; a half goes up. */
export function product(one: Decimal, other: Decimal): bigint {
  return nearest(one * other, ONE * ONE);
}

/** The nearest whole number; a half goes up. */
export function rounded(value: Decimal): bigint {
  return nearest(value, ONE);
}

/** So many per cent of a whole number, rounded up. */
export function percentOf(percent: Decimal, whole: bigint): bigint {
  return -floor(-(whole * percent), 100n * ONE);
}

/** A whole number over another, rounded up or down. */
export function quotient(value: bigint, by: bigint, up: boolean): bigint {
  return up ? -floor(-value, by) : floor(value, by);
}

function nearest(value: bigint, by: bigint): bigint {
  return floor(2n * value + by, 2n * by);
}

function floor(value: bigint, by: bigint): bigint {
  const whole = value / by;
  return value < 0n && value % by !== 0n ? whole - 1n : whole;
}
