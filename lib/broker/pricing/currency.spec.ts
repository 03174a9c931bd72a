import fc from 'fast-check';
import { MAX_MICROS, decimalsOf, isCurrency, microsOf, rateOf } from './currency';
import type { Rate } from './currency';
import { propertyRuns } from '../../../test/support/property-runs';

const amounts = fc.integer({ min: 1, max: 99_999_999 });
const currencies = fc.constantFrom('eur', 'gbp', 'jpy', 'krw', 'ugx', 'isk', 'bhd', 'kwd', 'tnd');
const values = fc.oneof(
  fc.double({ min: 1e-9, max: 1_000_000, noNaN: true }),
  fc.integer({ min: 1, max: 1_000_000 }),
  fc.constantFrom(1.09, 0.1, 0.0067, 0.07, 1.005, 1e-7, 5e-324),
);

/** The decimal digits of a number, read in another way than the code does. */
function exactly(value: number): { digits: bigint; decimals: number } {
  const [mantissa = '', exponent = '0'] = value.toString().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const decimals = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction) * 10n ** BigInt(Math.max(0, -decimals));
  return { digits, decimals: Math.max(0, decimals) };
}

describe('what minor units cost', () => {
  it('is never below the exact sum, and less than one millionth above it', () => {
    fc.assert(
      fc.property(amounts, currencies, values, (amount, currency, value) => {
        const rates = new Map([[currency, rateOf(value) as Rate]]);
        const micros = BigInt(microsOf(amount, currency, rates) ?? -1);
        const { digits, decimals } = exactly(value);
        const scale = 10n ** BigInt(decimals + decimalsOf(currency));
        const exact = BigInt(amount) * digits * 1_000_000n;
        if (micros === BigInt(MAX_MICROS)) {
          expect(exact > (micros - 1n) * scale).toBe(true);
        } else {
          expect(micros * scale >= exact).toBe(true);
          expect((micros - 1n) * scale < exact).toBe(true);
        }
      }),
      { numRuns: propertyRuns(5_000) },
    );
  });

  it('never falls with the amount, and a difference that is held fills the total exactly', () => {
    fc.assert(
      fc.property(amounts, amounts, currencies, values, (one, other, currency, value) => {
        const rates = new Map([[currency, rateOf(value) as Rate]]);
        const [less = 0, more = 0] = [one, other]
          .sort((a, b) => a - b)
          .map((amount) => microsOf(amount, currency, rates) ?? -1);
        expect(less).toBeLessThanOrEqual(more);
        expect(Number.isSafeInteger(more)).toBe(true);
      }),
    );
  });

  it('is exact in USD, whatever the rates say', () => {
    const rates = new Map([['usd', { numerator: 0n, denominator: 1n }]]);
    fc.assert(
      fc.property(amounts, (amount) => {
        expect(microsOf(amount, 'usd', rates)).toBe(amount * 10_000);
      }),
    );
  });

  it('is not known without a rate', () => {
    expect(microsOf(1, 'eur', new Map())).toBeUndefined();
  });
});

describe('a rate', () => {
  it.each([0, -1, NaN, Infinity, -0])('is not %d', (value) => {
    expect(rateOf(value)).toBeUndefined();
  });

  it('is the shortest decimal of its number, not the binary one', () => {
    expect(rateOf(1.09)).toEqual({ numerator: 109n, denominator: 100n });
    expect(rateOf(1e-7)).toEqual({ numerator: 1n, denominator: 10n ** 7n });
    expect(rateOf(1.5e21)).toEqual({ numerator: 15n * 10n ** 20n, denominator: 1n });
  });
});

describe('decimals', () => {
  it('are those of Stripe’s table', () => {
    const zero = 'bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf'.split(' ');
    const three = 'bhd jod kwd omr tnd'.split(' ');
    const two = 'usd eur gbp isk huf twd'.split(' ');
    expect(zero.map(decimalsOf)).toEqual(zero.map(() => 0));
    expect(three.map(decimalsOf)).toEqual(three.map(() => 3));
    expect(two.map(decimalsOf)).toEqual(two.map(() => 2));
    expect([...zero, ...three, ...two].every(isCurrency)).toBe(true);
  });
});
