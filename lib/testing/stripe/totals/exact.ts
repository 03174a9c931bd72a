/** An exact number: a fraction of two whole numbers. Money is rounded once, at the end, never between. */
export class Exact {
  static readonly ZERO = new Exact(0n, 1n);

  private constructor(
    private readonly numerator: bigint,
    /** Above 0. */
    private readonly denominator: bigint,
  ) {}

  /** @param value a whole number, or the digits of a decimal: `'105.5'` */
  static of(value: number | string): Exact {
    if (typeof value === 'number') {
      if (Number.isSafeInteger(value)) return new Exact(BigInt(value), 1n);
      return Exact.of(String(value));
    }
    const [, sign, whole, decimals = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(value) ?? [];
    if (whole === undefined) throw new TypeError(`${value} is not a decimal number.`);
    const digits = BigInt(whole + decimals);
    return new Exact(sign === '-' ? -digits : digits, 10n ** BigInt(decimals.length));
  }

  plus(other: Exact): Exact {
    return new Exact(
      this.numerator * other.denominator + other.numerator * this.denominator,
      this.denominator * other.denominator,
    );
  }

  times(other: Exact): Exact {
    return new Exact(this.numerator * other.numerator, this.denominator * other.denominator);
  }

  /** @throws {RangeError} for a division by zero */
  over(other: Exact): Exact {
    if (other.numerator === 0n) throw new RangeError('Division by zero.');
    const sign = other.numerator < 0n ? -1n : 1n;
    return new Exact(
      sign * this.numerator * other.denominator,
      sign * this.denominator * other.numerator,
    );
  }

  /** To the nearest whole number; a half goes away from zero. */
  rounded(): number {
    const size = this.numerator < 0n ? -this.numerator : this.numerator;
    const nearest = (2n * size + this.denominator) / (2n * this.denominator);
    return Number(this.numerator < 0n ? -nearest : nearest);
  }

  /** To the whole number below. */
  floored(): number {
    const whole = this.numerator / this.denominator;
    const isBelow = this.numerator < 0n && whole * this.denominator !== this.numerator;
    return Number(isBelow ? whole - 1n : whole);
  }
}

/**
 * Divides an amount in proportion to weights, in whole units that add up to it: each share is rounded
 * down, and the units left over go to the largest remainders, the first of equal ones.
 *
 * @param weights 0 and up, not all 0
 */
export function divided(amount: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((total, weight) => total + BigInt(weight), 0n);
  const parts = weights.map((weight, index) => {
    const product = BigInt(amount) * BigInt(weight);
    return { index, whole: product / sum, rest: product % sum };
  });
  let left = BigInt(amount) - parts.reduce((total, { whole }) => total + whole, 0n);
  for (const part of [...parts].sort((a, b) => Number(b.rest - a.rest) || a.index - b.index)) {
    if (left === 0n) break;
    part.whole += 1n;
    left -= 1n;
  }
  return parts.map(({ whole }) => Number(whole));
}
