import type { Outcome } from '../../pricing/price';
import { conclusionOf, dearer, sendingOf } from './operation';
import type { Operation } from './operation';

const HOUR = 3_600_000;
const operation: Operation = { fingerprint: 'f', holdId: 'c', firstSentAt: 0, inFlight: 0 };

const settled: Outcome = { ending: 'settled' };
const unknown: Outcome = { ending: 'unknown' };
const proof: Outcome = { ending: 'released', proof: true };
const released: Outcome = { ending: 'released', proof: false };

describe('a call under a known idempotency key', () => {
  it.each([
    ['the same call, held', 'f', 'held', 0, 'retry'],
    ['the same call, settled', 'f', 'settled', HOUR, 'retry'],
    ['the same call, of an outcome nobody knows', 'f', 'unknown', HOUR, 'retry'],
    ['the same call, after its hold was released', 'f', 'released', 0, 'anew'],
    ['the same call, 23 hours after the first', 'f', 'unknown', 23 * HOUR, 'retry'],
    ['the same call, later than that', 'f', 'unknown', 23 * HOUR + 1, 'anew'],
    ['a call that costs nothing, again', 'f', undefined, 0, 'retry'],
    ['another call', 'g', 'settled', 0, 'other'],
    ['another call, a day after an outcome nobody knows', 'g', 'unknown', 48 * HOUR, 'other'],
  ] as const)('%s', (_title, fingerprint, hold, now, sending) => {
    expect(sendingOf(operation, fingerprint, hold, now)).toBe(sending);
  });

  it('another call is taken a day after the hold has ended, and not while a call is in flight', () => {
    const ended = { ...operation, endedAt: HOUR };
    expect(sendingOf(ended, 'g', 'settled', 25 * HOUR - 1)).toBe('other');
    expect(sendingOf(ended, 'g', 'settled', 25 * HOUR)).toBe('anew');
    expect(sendingOf({ ...ended, inFlight: 1 }, 'g', 'settled', 99 * HOUR)).toBe('other');
  });
});

describe('the dearer of two outcomes', () => {
  const order = [settled, unknown, proof, released];
  it.each(order.flatMap((dear, i) => order.slice(i + 1).map((cheap) => [dear, cheap] as const)))(
    '%j rather than %j, whichever came first',
    (dear, cheap) => {
      expect(dearer(dear, cheap)).toBe(dear);
      expect(dearer(cheap, dear)).toBe(dear);
    },
  );

  it('of two that are settled, what cost more', () => {
    const more: Outcome = { ending: 'settled', reportedMicros: 2 };
    const less: Outcome = { ending: 'settled', reportedMicros: 1 };
    expect(dearer(less, more)).toBe(more);
    expect(dearer(more, less)).toBe(more);
    expect(dearer(more, settled)).toBe(more);
  });
});

describe('a hold of an outcome nobody knows', () => {
  it.each([
    ['a retry that settled', settled, 'settled'],
    ['a retry refused for good', proof, 'released'],
    ['a retry that never came to be executed', released, 'unknown'],
    ['a retry of an outcome nobody knows', unknown, 'unknown'],
  ] as const)('after %s', (_title, outcome, ending) => {
    expect(conclusionOf(outcome, 'unknown').ending).toBe(ending);
  });

  it('is another thing than one that was never sent before', () => {
    expect(conclusionOf(released, 'held').ending).toBe('released');
  });
});
