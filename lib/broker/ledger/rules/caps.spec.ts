import fc from 'fast-check';
import type { Price } from '../../pricing/price';
import { BrokerRefusal } from '../../refusal';
import { holdFor, settlementOf } from './amount-to-hold';
import { capRefusal, remainingAfter } from './caps';
import type { CapState } from '../records';
import type { KnownObject } from './objects';

const micros = fc.integer({ min: 0, max: 2_000_000_000_000 });
const cap = fc.record({
  scope: fc.constantFrom('key' as const, 'parent' as const),
  capMicros: micros,
  balance: fc.record({ spent: micros, held: micros, undone: micros }),
}) satisfies fc.Arbitrary<CapState>;
const known: KnownObject = { amount: 1_000, currency: 'usd', exposureMicros: 10_000_000 };
type HeldPrice = Parameters<typeof holdFor>[0];
const exposure = (fields: Partial<Extract<Price, { kind: 'exposure' }>> = {}): HeldPrice => ({
  kind: 'exposure',
  objectId: 'pi_1',
  largestNested: 0,
  ...fields,
});
const codeOf = (work: () => unknown): string | undefined => {
  try {
    work();
  } catch (error) {
    if (error instanceof BrokerRefusal) return error.code;
    throw error;
  }
  return undefined;
};

describe('a decision about caps', () => {
  it('admits no hold that passes any cap, and refuses none that fits them all', () => {
    fc.assert(
      fc.property(fc.array(cap, { minLength: 1, maxLength: 4 }), micros, (caps, hold) => {
        const passes = caps.some(
          ({ capMicros, balance }) => balance.spent + balance.held + hold > capMicros,
        );
        expect(capRefusal(caps, hold) !== undefined).toBe(hold > 0 && passes);
        if (hold > 0 && !passes) expect(remainingAfter(caps, hold)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('says the sums of the cap that was passed', () => {
    const refusal = capRefusal(
      [
        {
          scope: 'key',
          capMicros: 10_000_000,
          balance: { spent: 7_000_000, held: 1_000_000, undone: 0 },
        },
      ],
      2_500_000,
    );
    expect(refusal).toMatchObject({
      status: 429,
      code: 'cap_exhausted',
      fields: {
        scope: 'key',
        cap_usd: 10,
        spent_usd: 7,
        held_usd: 1,
        requested_usd: 2.5,
        remaining_usd: 2,
      },
    });
  });
});

describe('what a call holds', () => {
  it('is nothing within the exposure, and the difference above it', () => {
    expect(holdFor(exposure(), known)).toBe(0);
    expect(holdFor(exposure({ amount: 900 }), known)).toBe(0);
    expect(holdFor(exposure({ amount: 1_250 }), known)).toBe(2_500_000);
    expect(holdFor(exposure(), { ...known, exposureMicros: 0 })).toBe(10_000_000);
    expect(holdFor(exposure(), { ...known, exposureMicros: 30_000_000 })).toBe(0);
  });

  it('is not known for an object that the ledger does not know, whatever the call says of it', () => {
    for (const said of [
      {},
      { amount: 1_000 },
      { currency: 'usd' },
      { amount: 1_000, currency: 'usd' },
      { amount: 1, currency: 'idr' },
    ]) {
      for (const kind of ['exposure', 'change'] as const) {
        const price: HeldPrice = { kind, objectId: 'pi_1', ...said };
        expect(codeOf(() => holdFor(price, undefined))).toBe('amount_unknown');
      }
    }
  });

  it('is refused in another currency than the object’s, and with a nested amount above it', () => {
    expect(codeOf(() => holdFor(exposure({ currency: 'eur' }), known))).toBe('invalid_amount');
    expect(codeOf(() => holdFor(exposure({ largestNested: 1_001 }), known))).toBe('invalid_amount');
    expect(holdFor(exposure({ largestNested: 1_000 }), known)).toBe(0);
  });

  it('is what a change of the total adds, and nothing where it names no total', () => {
    const change = (fields: object): HeldPrice => ({ kind: 'change', objectId: 'pi_1', ...fields });
    expect(holdFor(change({ amount: 1_500 }), known)).toBe(5_000_000);
    expect(holdFor(change({ amount: 500 }), known)).toBe(0);
    expect(holdFor(change({ currency: 'usd' }), { ...known, exposureMicros: 0 })).toBe(0);
    expect(codeOf(() => holdFor(change({ largestNested: 1_001 }), known))).toBe('invalid_amount');
    expect(codeOf(() => holdFor(change({ currency: 'usd' }), undefined))).toBe('amount_unknown');
  });

  it('is in the object’s currency, at the rate that the price carries', () => {
    const rates = new Map([['eur', { numerator: 109n, denominator: 100n }]]);
    const inEur: KnownObject = { amount: 1_000, currency: 'eur', exposureMicros: 10_900_000 };
    expect(holdFor(exposure({ amount: 2_000, rates }), inEur)).toBe(10_900_000);
    expect(codeOf(() => holdFor(exposure({ amount: 2_000 }), inEur))).toBe('currency_not_priced');
  });

  it('is nothing for what is free and for a cancel', () => {
    expect(holdFor({ kind: 'free' }, undefined)).toBe(0);
    expect(holdFor({ kind: 'cancel', objectId: 'pi_1' }, undefined)).toBe(0);
  });

  it('never settles below the hold', () => {
    fc.assert(
      fc.property(
        micros,
        fc.option(micros, { nil: undefined }),
        micros,
        (held, reported, before) => {
          const settled = settlementOf(held, reported, before);
          expect(settled).toBeGreaterThanOrEqual(held);
          expect(settled).toBe(Math.max(held, (reported ?? 0) - before));
        },
      ),
    );
  });
});
