import type { Outcome } from '../../pricing/price';
import { conclusionOf, costlier, classifyAttempt } from './operation';
import type { Operation } from './operation';
import type { HoldState } from '../../../contract/states';

const HOUR = 3_600_000;
const operation: Operation = { fingerprint: 'f', holdId: 'c', firstSentAt: 0, inFlight: 0 };

const holdIn = (state: HoldState) => ({ state, isEndedByOperator: false });

const settled: Outcome = { ending: 'settled' };
const unknown: Outcome = { ending: 'unknown' };
const conclusive: Outcome = { ending: 'released', conclusive: true };
const released: Outcome = { ending: 'released', conclusive: false };

describe('a call under a known idempotency key', () => {
  it.each([
    ['the same call, held', 'f', 'held', 0, 'retry'],
    ['the same call, settled', 'f', 'settled', HOUR, 'retry'],
    ['the same call, of an unknown outcome', 'f', 'unknown', HOUR, 'retry'],
    ['the same call, after its hold was released', 'f', 'released', 0, 'new'],
    ['the same call, 23 hours after the first', 'f', 'unknown', 23 * HOUR, 'retry'],
    ['the same call, later than that', 'f', 'unknown', 23 * HOUR + 1, 'new'],
    ['a call that costs nothing, again', 'f', undefined, 0, 'retry'],
    ['another call', 'g', 'settled', 0, 'conflict'],
    ['another call, a day after an unknown outcome', 'g', 'unknown', 48 * HOUR, 'conflict'],
  ] as const)('%s', (_title, fingerprint, hold, now, attempt) => {
    const known = hold === undefined ? undefined : holdIn(hold);
    expect(classifyAttempt(operation, fingerprint, known, now)).toBe(attempt);
  });

  it('has a new hold once an operator has ended the one before', () => {
    const ended = { state: 'settled', isEndedByOperator: true } as const;
    expect(classifyAttempt(operation, 'f', ended, HOUR)).toBe('new');
  });

  it('waits, 23 hours after the first, until no call is in flight on the hold before', () => {
    const busy = { ...operation, inFlight: 1 };
    expect(classifyAttempt(busy, 'f', holdIn('unknown'), 23 * HOUR + 1)).toBe('too_early');
    expect(classifyAttempt(busy, 'f', undefined, 23 * HOUR + 1)).toBe('new');
  });

  it('another call is taken a day after the hold has ended, and not while a call is in flight', () => {
    const ended = { ...operation, endedAt: HOUR };
    expect(classifyAttempt(ended, 'g', holdIn('settled'), 25 * HOUR - 1)).toBe('conflict');
    expect(classifyAttempt(ended, 'g', holdIn('settled'), 25 * HOUR)).toBe('new');
    expect(classifyAttempt({ ...ended, inFlight: 1 }, 'g', holdIn('settled'), 99 * HOUR)).toBe(
      'conflict',
    );
  });
});

describe('the costlier of two outcomes', () => {
  const order = [settled, unknown, conclusive, released];
  it.each(order.flatMap((dear, i) => order.slice(i + 1).map((cheap) => [dear, cheap] as const)))(
    '%j rather than %j, whichever came first',
    (dear, cheap) => {
      expect(costlier(dear, cheap)).toBe(dear);
      expect(costlier(cheap, dear)).toBe(dear);
    },
  );

  it('of two that are settled, what cost more', () => {
    const more: Outcome = { ending: 'settled', reportedMicros: 2 };
    const less: Outcome = { ending: 'settled', reportedMicros: 1 };
    expect(costlier(less, more)).toBe(more);
    expect(costlier(more, less)).toBe(more);
    expect(costlier(more, settled)).toBe(more);
  });
});

describe('a hold of an unknown outcome', () => {
  it.each([
    ['a retry that settled', settled, 'settled'],
    ['a retry refused for good', conclusive, 'released'],
    ['a retry that never came to be executed', released, 'unknown'],
    ['a retry of an unknown outcome', unknown, 'unknown'],
  ] as const)('after %s', (_title, outcome, ending) => {
    expect(conclusionOf(outcome, 'unknown').ending).toBe(ending);
  });

  it('is another thing than one that was never sent before', () => {
    expect(conclusionOf(released, 'held').ending).toBe('released');
  });
});
