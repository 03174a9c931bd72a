import fc from 'fast-check';
import { propertyRuns } from '../../../../test/support/property-runs';
import type { CurrencyOption, Price, Tier } from '../catalogue/catalogue-objects';
import { priceAmount } from './price-amount';

function priceWith(
  option: Partial<CurrencyOption>,
  more: Partial<Pick<Price, 'tiers_mode' | 'transform_quantity'>> = {},
): Price {
  const own: CurrencyOption = {
    custom_unit_amount: null,
    tax_behavior: 'unspecified',
    tiers: undefined,
    unit_amount: null,
    unit_amount_decimal: null,
    ...option,
  };
  return {
    ...own,
    id: 'price_1',
    object: 'price',
    active: true,
    billing_scheme: own.tiers === undefined ? 'per_unit' : 'tiered',
    created: 0,
    currency: 'usd',
    currency_options: { usd: own },
    livemode: false,
    lookup_key: null,
    metadata: {},
    nickname: null,
    product: 'prod_1',
    recurring: null,
    tiers_mode: null,
    transform_quantity: null,
    type: 'one_time',
    ...more,
  };
}

const cents = fc.integer({ min: 0, max: 50_000 });

/** One to five tiers, whole cents, the last one without an end. */
const tiersOf = fc
  .array(fc.record({ flat: cents, unit: cents, width: fc.integer({ min: 1, max: 30 }) }), {
    minLength: 1,
    maxLength: 5,
  })
  .map((given) => {
    let last = 0;
    return given.map(({ flat, unit, width }, index): Tier => {
      last += width;
      return {
        flat_amount: flat,
        flat_amount_decimal: String(flat),
        unit_amount: unit,
        unit_amount_decimal: String(unit),
        up_to: index === given.length - 1 ? null : last,
      };
    });
  });

const tierOf = (tiers: readonly Tier[], unit: number) =>
  tiers.find(({ up_to }) => up_to === null || unit <= up_to)!;

it('graduated tiers cost what their units cost one by one, with each flat amount once', () => {
  fc.assert(
    fc.property(tiersOf, fc.integer({ min: 1, max: 200 }), (tiers, quantity) => {
      const reached = new Set<Tier>();
      let sum = 0;
      for (let unit = 1; unit <= quantity; unit += 1) {
        const tier = tierOf(tiers, unit);
        if (!reached.has(tier)) sum += tier.flat_amount!;
        reached.add(tier);
        sum += tier.unit_amount!;
      }
      const price = priceWith({ tiers }, { tiers_mode: 'graduated' });
      expect(priceAmount(price, 'usd', quantity, 'price')).toBe(sum);
    }),
    { numRuns: propertyRuns(1000) },
  );
});

it('volume tiers cost all units at the tier that the last one reaches', () => {
  fc.assert(
    fc.property(tiersOf, fc.integer({ min: 1, max: 200 }), (tiers, quantity) => {
      const { flat_amount, unit_amount } = tierOf(tiers, quantity);
      const price = priceWith({ tiers }, { tiers_mode: 'volume' });
      expect(priceAmount(price, 'usd', quantity, 'price')).toBe(
        flat_amount! + unit_amount! * quantity,
      );
    }),
    { numRuns: propertyRuns(1000) },
  );
});

it('a transformed quantity is whole packages, up or down', () => {
  const packages = fc.record({
    divide_by: fc.integer({ min: 1, max: 50 }),
    round: fc.constantFrom('up' as const, 'down' as const),
  });
  fc.assert(
    fc.property(cents, packages, fc.integer({ min: 0, max: 5000 }), (unit, transform, quantity) => {
      const price = priceWith(
        { unit_amount: unit, unit_amount_decimal: String(unit) },
        { transform_quantity: transform },
      );
      const parts = quantity / transform.divide_by;
      const whole = transform.round === 'up' ? Math.ceil(parts) : Math.floor(parts);
      expect(priceAmount(price, 'usd', quantity, 'price')).toBe(unit * whole);
    }),
    { numRuns: propertyRuns(1000) },
  );
});
