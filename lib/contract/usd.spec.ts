import fc from 'fast-check';
import { capFault, capToMicros, toUsd, usdText } from './usd';

describe('a cap in USD', () => {
  it('is every amount of whole cents up to a million dollars, exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000_000 }), (cents) => {
        const cap = Number(`${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`);
        expect(capFault(cap)).toBeUndefined();
        expect(capToMicros(cap)).toBe(cents * 10_000);
        expect(toUsd(capToMicros(cap))).toBe(cap);
      }),
    );
  });

  it('is no number with a third decimal, an exponent or a sign, and nothing but a number', () => {
    for (const value of [
      0.001,
      0.005,
      12.345,
      1e-7,
      5e-324,
      0.1 + 0.2,
      -0.01,
      -1,
      1_000_000.01,
      1e21,
      NaN,
      Infinity,
      -Infinity,
    ]) {
      expect([value, typeof capFault(value)]).toEqual([value, 'string']);
    }
    for (const value of ['500', '', null, true, [500], {}, 500n, new Number(5)]) {
      expect(capFault(value)).toMatch(/^must be a number of US dollars, not /);
    }
    expect(capFault(undefined)).toBe('is missing: give it a number of US dollars');
  });

  it('is nothing else, whatever the number: what is taken is worth its own digits', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        if (capFault(value) !== undefined) return;
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1_000_000);
        expect(String(capToMicros(value) / 1_000_000)).toBe(String(Math.abs(value)));
      }),
    );
  });
});

describe('micro-dollars on the wire', () => {
  it('are the shortest decimal, with at most six decimals and no exponent, and read back the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: -4_000_000_000_000, max: 4_000_000_000_000 }), (micros) => {
        const text = JSON.stringify(toUsd(micros));
        if (Math.abs(micros) !== 0) expect(text).toMatch(/^-?\d+(?:\.\d{1,6})?$/);
        expect(Math.round(Number(text) * 1_000_000)).toBe(micros);
      }),
    );
  });

  it('read in a sentence as money', () => {
    expect([0, 10_000, 1_000_000, 12_500_000, 1, -250_000].map(usdText)).toEqual([
      '$0.00',
      '$0.01',
      '$1.00',
      '$12.50',
      '$0.000001',
      '-$0.25',
    ]);
  });
});
