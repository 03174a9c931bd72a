import fc from 'fast-check';
import { propertyRuns } from '../../../../test/support/property-runs';
import { Exact, divided } from './exact';

describe('an exact number', () => {
  it.each([
    ['1.5', 2],
    ['1.4999', 1],
    ['-1.5', -2],
    ['0.5', 1],
    ['-0.4', 0],
    ['105.5', 106],
  ])('%s is nearest to %i; a half goes away from zero', (written, nearest) => {
    expect(Exact.of(written).rounded() + 0).toBe(nearest);
  });

  it('loses nothing between two roundings', () => {
    const third = Exact.of(1).over(Exact.of(3));
    expect(third.plus(third).plus(third).times(Exact.of('1000000.5')).rounded()).toBe(1_000_001);
    expect(Exact.of('0.1').plus(Exact.of('0.2')).times(Exact.of(10)).rounded()).toBe(3);
    expect(Exact.of(7).over(Exact.of(-2)).rounded()).toBe(-4);
    expect(Exact.of(-7).over(Exact.of(2)).floored()).toBe(-4);
    expect(() => Exact.of(1).over(Exact.ZERO)).toThrow(RangeError);
    expect(() => Exact.of('1,5')).toThrow(TypeError);
  });
});

it('an amount is divided without remainder, and no share is a unit off', () => {
  const weights = fc.array(fc.integer({ min: 0, max: 99_999_999 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 99_999_999 }), weights, (amount, given) => {
      fc.pre(given.some((weight) => weight > 0));
      const shares = divided(amount, given);
      const sum = given.reduce((total, weight) => total + weight, 0);
      expect(shares.reduce((total, share) => total + share, 0)).toBe(amount);
      for (const [index, share] of shares.entries()) {
        expect(Math.abs(share - (amount * given[index]!) / sum)).toBeLessThan(1.001);
      }
    }),
    { numRuns: propertyRuns(1000) },
  );
});
