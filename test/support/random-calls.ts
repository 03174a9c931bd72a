import fc from 'fast-check';
import type { AuditRow } from '../../lib/broker/audit/audit-entry';
import { auditRowOf } from '../../lib/broker/audit/audit-entry';
import { dayOf } from '../../lib/broker/budgets/budget';
import type { Subject } from '../../lib/broker/keys/subject';
import type { KeyRecord } from '../../lib/broker/keys/key';
import type { Ledger } from '../../lib/broker/ledger/ledger';
import type { Outcome, Price } from '../../lib/broker/pricing/price';
import type { AdmittedCall } from '../../lib/broker/ledger/records';
import type { TestClock } from './test-clock';

const CENT = 10_000;
const HOUR = 3_600_000;
/** Shortly before a midnight, so that days change often. */
export const RANDOM_START = Date.UTC(2026, 0, 1, 22);
const CAP = 1_000_000 * CENT;

/** Two users in two tenants, each with runs and tools; one key is under another, and one is of nobody and soon spent. */
const SUBJECTS: { subject: Subject; parent?: number; vendor?: string; cap?: number }[] = [
  { subject: { tenant_id: 't1', user_id: 'u1', run_id: 'r1', tool: 'pay' } },
  { subject: { tenant_id: 't1', user_id: 'u1', run_id: 'r2', tool: 'refund' } },
  { subject: { tenant_id: 't1', user_id: 'u2', run_id: 'r1', tool: 'pay' }, parent: 0 },
  { subject: { tenant_id: 't2', user_id: 'u1' } },
  { subject: { tool: 'pay' }, vendor: 'stripe-two', cap: 400 * CENT },
];

/** The keys under which the calls are made. */
export const RANDOM_KEYS: readonly KeyRecord[] = SUBJECTS.map(
  ({ subject, parent, vendor = 'stripe', cap = CAP }, i) => ({
    id: `vk_${i}`,
    tokenHash: `hash${i}`,
    label: `key ${i}`,
    vendor,
    capMicros: cap,
    allowedEndpoints: ['/v1/payment_intents'],
    subject,
    budgets: {},
    ...(parent === undefined ? {} : { parentId: `vk_${parent}` }),
    createdAt: RANDOM_START,
    expiresAt: RANDOM_START + 400 * 24 * HOUR,
  }),
);

type Way = 'settled' | 'more' | 'declined' | 'released' | 'unknown';
/** One thing that happens: a call that begins or ends, an operator's word, time that passes. */
export type RandomStep =
  | { do: 'pay'; key: number; cents: number; under: number | undefined }
  | { do: 'capture' | 'change' | 'refund'; key: number; object: number; cents: number }
  | { do: 'cancel'; key: number; object: number }
  | { do: 'retry'; key: number; operation: number }
  | { do: 'end'; call: number; as: Way }
  | { do: 'operator'; hold: number; cents: number | undefined }
  | { do: 'wait'; ms: number };

const key = fc.nat(RANDOM_KEYS.length - 1);
const cents = fc.integer({ min: 1, max: 300 });
const place = fc.nat(9);
export const randomSteps: fc.Arbitrary<RandomStep> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('pay' as const),
      key,
      cents,
      under: fc.option(fc.nat(3), { nil: undefined }),
    }) as fc.Arbitrary<RandomStep>,
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('capture' as const, 'change' as const, 'refund' as const),
      key,
      object: place,
      cents,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), key, object: place }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('retry' as const), key, operation: place }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      call: place,
      as: fc.constantFrom<Way>(
        'settled',
        'settled',
        'settled',
        'more',
        'declined',
        'released',
        'unknown',
        'unknown',
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('operator' as const),
      hold: place,
      cents: fc.option(fc.nat(400), { nil: undefined }),
    }) as fc.Arbitrary<RandomStep>,
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1_000, HOUR, 3 * HOUR),
    }),
  },
);

interface Call {
  hold: AdmittedCall;
  /** The vendor's object, where the call makes or names one. */
  objectId: string;
  cents: number;
}

interface Sent {
  price: Price;
  objectId: string;
  cents: number;
  keyHash: string;
  subject: Subject;
}

/**
 * Plays calls, retries, captures, cancels, refunds and operators' words on a ledger that is empty.
 *
 * @param clock The ledger's, at {@link RANDOM_START}.
 * @param between Called after each step.
 * @returns The days (UTC) of its calls, and how many calls were asked for.
 */
export async function playCalls(
  script: readonly RandomStep[],
  ledger: Ledger,
  clock: TestClock,
  between: (step: number) => Promise<void> = async () => {},
): Promise<{ days: readonly string[]; calls: number }> {
  for (const each of RANDOM_KEYS) await ledger.issue(each);
  const flights: Call[] = [];
  const objects: string[] = [];
  const sent: Sent[] = [];
  const days = new Set<string>();
  let drawn = 0;
  let calls = 0;

  const admit = async (index: number, price: Price, call: Omit<Call, 'hold'>, keyHash?: string) => {
    calls += 1;
    const under = RANDOM_KEYS[index]!;
    const { tenant_id: tenant, user_id: user } = under.subject;
    const audit: AuditRow = {
      ...auditRowOf('refusal', clock.now(), under),
      call_id: `call_${++drawn}`,
    };
    const decision = await ledger.admit({
      callId: audit.call_id ?? '',
      key: under,
      account: '',
      price,
      ...(keyHash === undefined
        ? {}
        : {
            operation: { keyHash, fingerprint: JSON.stringify([tenant, user, price, call.cents]) },
          }),
      audit,
    });
    days.add(dayOf(clock.now()));
    if (decision.admitted) flights.push({ ...call, hold: decision.call });
    return decision.admitted;
  };

  for (const [i, step] of script.entries()) {
    switch (step.do) {
      case 'wait':
        clock.instant += step.ms;
        break;
      case 'pay': {
        const objectId = `pi_${++drawn}`;
        const price: Price = {
          kind: 'amount',
          micros: step.cents * CENT,
          amount: step.cents,
          currency: 'usd',
        };
        const call = { objectId, cents: step.cents };
        const keyHash = step.under === undefined ? undefined : `key${step.under}-${drawn}`;
        if ((await admit(step.key, price, call, keyHash)) && keyHash !== undefined) {
          sent.push({ price, ...call, keyHash, subject: RANDOM_KEYS[step.key]!.subject });
        }
        break;
      }
      case 'retry': {
        const again = sent[step.operation % Math.max(1, sent.length)];
        if (again === undefined) break;
        // Another key of the same user, of another run and tool: the money stays where it was held.
        const { tenant_id: tenant, user_id: user } = again.subject;
        const mine = RANDOM_KEYS.findIndex(
          ({ subject }, n) =>
            subject.tenant_id === tenant && subject.user_id === user && n >= step.key,
        );
        if (mine >= 0) await admit(mine, again.price, again, again.keyHash);
        break;
      }
      case 'capture':
      case 'change':
      case 'refund':
      case 'cancel': {
        const objectId = objects[step.object % Math.max(1, objects.length)];
        if (objectId === undefined) break;
        const price: Price =
          step.do === 'cancel'
            ? { kind: 'cancel', objectId }
            : {
                kind: step.do === 'capture' ? 'exposure' : step.do,
                objectId,
                amount: step.cents,
                currency: 'usd',
                ...(step.do === 'refund' ? { canUndo: true } : {}),
              };
        await admit(step.key, price, {
          objectId,
          cents: step.do === 'cancel' ? 0 : step.cents,
        });
        break;
      }
      case 'end': {
        const [call] = flights.splice(step.call % Math.max(1, flights.length), 1);
        if (call === undefined) break;
        const outcome = outcomeOf(call, step.as);
        await ledger.end({ call: call.hold, outcome, audit: {} });
        if (outcome.object !== undefined) objects.push(call.objectId);
        break;
      }
      case 'operator': {
        const { entries } = await ledger.holds({ state: 'unknown' }, { limit: 100 });
        const hold = entries[step.hold % Math.max(1, entries.length)];
        if (hold === undefined) break;
        const ended = ledger.endHold(
          hold.callId,
          step.cents === undefined ? undefined : step.cents * CENT,
        );
        if (flights.some((call) => call.hold.holdId === hold.callId)) {
          await expect(ended).rejects.toMatchObject({ status: 422 });
        } else {
          await ended;
        }
        break;
      }
    }
    await between(i);
  }
  return { days: [...days], calls };
}

/** What the vendor answered: what it made of the object, and what that costs now. */
function outcomeOf({ hold, objectId, cents: asked }: Call, as: Way): Outcome {
  const { kind } = hold.price;
  const object = { id: objectId, aliases: [], amount: asked, currency: 'usd' };
  switch (as) {
    case 'unknown':
      return { ending: 'unknown' };
    case 'released':
      return { ending: 'released' };
    case 'declined':
      return { ending: 'released', conclusive: true, ...(kind === 'amount' ? { object } : {}) };
    case 'settled':
    case 'more': {
      const reportedMicros = (asked + (as === 'more' ? 7 : 0)) * CENT;
      if (kind === 'refund') {
        const amount = reportedMicros / CENT;
        return {
          ending: 'settled',
          reportedMicros,
          settledAmount: { amount, currency: 'usd' },
        };
      }
      const isFinal = kind === 'exposure' || kind === 'cancel' || kind === 'change';
      return {
        ending: 'settled',
        object,
        reportedMicros,
        ...(isFinal ? { finalMicros: reportedMicros } : {}),
      };
    }
  }
}
