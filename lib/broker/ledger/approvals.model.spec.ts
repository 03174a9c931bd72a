import fc from 'fast-check';
import {
  AskingLedger,
  DECLINED,
  DOLLAR,
  HOUR,
  MINUTE,
  SETTLED,
  START,
  UNSENT,
  asking,
  dollars,
} from '../../../test/support/asking-ledger';
import type { OpenStore } from '../../../test/support/asking-ledger';
import { POSTGRES_WAYS } from '../../../test/support/postgres-stores';
import type { PostgresStores } from '../../../test/support/postgres-stores';
import { propertyRuns } from '../../../test/support/property-runs';
import type { Outcome } from '../pricing/price';
import { MemoryStore } from './memory/memory-store';
import { PostgresStore } from './postgres/postgres-store';
import { SqliteStore } from './sqlite/sqlite-store';

const USERS = ['u', 'v'];
/** $100 passes unasked. */
const AMOUNTS = [100, 101, 102];
const WAITS = [MINUTE, 14 * MINUTE, 15 * MINUTE, 15 * MINUTE - 1, 12 * HOUR, 23 * HOUR, 24 * HOUR];
const ENDS: Readonly<Record<string, Outcome>> = {
  settled: SETTLED,
  declined: DECLINED,
  unsent: UNSENT,
};

/** What an agent and the people beside it may do. */
type Step =
  /** A call, how it ends where it passes, and the number of its Idempotency-Key where it has one. */
  | { do: 'call'; user: number; amount: number; under: number | undefined; end: string }
  /** As many copies of a call at once, without an Idempotency-Key. */
  | { do: 'burst'; user: number; amount: number; copies: number }
  /** An answer to one of the approvals that were asked for so far. */
  | { do: 'answer'; which: number; isApproved: boolean }
  | { do: 'wait'; ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      user: fc.nat(USERS.length - 1),
      amount: fc.nat(AMOUNTS.length - 1),
      under: fc.option(fc.nat(1), { nil: undefined }),
      end: fc.constantFrom(...Object.keys(ENDS)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('burst' as const),
      user: fc.nat(USERS.length - 1),
      amount: fc.nat(AMOUNTS.length - 1),
      copies: fc.integer({ min: 2, max: 6 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      which: fc.nat(5),
      isApproved: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(...WAITS) }),
  },
);

interface ModelApproval {
  id: string;
  state: 'pending' | 'approved' | 'denied' | 'used';
  until: number;
}

interface ModelOperation {
  isReleased: boolean;
  firstSentAt: number;
}

/** What approvals promise, in a few lines: who may pass, by what, and until when. */
class Model {
  now = START;
  /** The latest of each call. */
  readonly latest = new Map<string, ModelApproval>();
  readonly asked: ModelApproval[] = [];
  readonly operations = new Map<string, ModelOperation>();

  /** Whether a call passes; the code of its refusal where it does not. */
  call(call: string, amount: number, under: string | undefined, end: string): string {
    const known = under === undefined ? undefined : this.operations.get(under);
    const isRetry = known?.isReleased === false && known.firstSentAt + 23 * HOUR >= this.now;
    if (isRetry) return 'passes';
    let approval: ModelApproval | undefined;
    if (amount > 100) {
      const answer = this.#answerTo(call);
      if (typeof answer === 'string') return answer;
      approval = answer;
      approval.state = end === 'unsent' ? 'approved' : 'used';
    }
    if (under !== undefined) this.#begin(under, known, end);
    return 'passes';
  }

  answer(approval: ModelApproval, isApproved: boolean): boolean {
    const isOver = approval.until <= this.now;
    const canBe = approval.state === 'pending' || (approval.state === 'approved' && !isApproved);
    if (isOver || !canBe) return false;
    approval.state = isApproved ? 'approved' : 'denied';
    approval.until = this.now + 15 * MINUTE;
    return true;
  }

  /** One is asked for: the ledger says under which id. */
  add(call: string, id: string): void {
    const approval: ModelApproval = { id, state: 'pending', until: this.now + 24 * HOUR };
    this.latest.set(call, approval);
    this.asked.push(approval);
  }

  #answerTo(call: string): ModelApproval | string {
    const approval = this.latest.get(call);
    if (approval === undefined || approval.state === 'used') return 'asks';
    if (approval.until <= this.now) return 'asks';
    if (approval.state === 'pending') return approval.id;
    return approval.state === 'denied' ? 'approval_denied' : approval;
  }

  #begin(under: string, known: ModelOperation | undefined, end: string): void {
    const age = known === undefined ? Infinity : this.now - known.firstSentAt;
    const keepsAge = known !== undefined && age > 23 * HOUR && age <= 25 * HOUR;
    this.operations.set(under, {
      isReleased: end !== 'settled',
      firstSentAt: keepsAge ? known.firstSentAt : this.now,
    });
  }
}

let postgres: PostgresStores | undefined;
afterAll(() => postgres?.close());

const STORES: [name: string, open: () => Promise<OpenStore>, runs: number][] = [
  ['in memory', async () => async (clock) => new MemoryStore({ clock }), propertyRuns(400)],
  ['SQLite', async () => async (clock) => new SqliteStore(':memory:', { clock }), propertyRuns(40)],
  ...POSTGRES_WAYS.slice(0, 1).map(([name, start]): (typeof STORES)[number] => [
    name,
    async () => {
      postgres ??= await start();
      const url = await postgres.url();
      return (clock) => PostgresStore.open(url, { auditKey: 'a key', clock });
    },
    propertyRuns(8),
  ]),
];

describe.each(STORES)('approvals by their model: %s', (_name, place, numRuns) => {
  it('let a call pass only by an answer to this very call, once, within its time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const on = new AskingLedger(await place());
        await on.begin();
        try {
          await play(on, steps);
        } finally {
          await on.ledger.close();
        }
      }),
      { numRuns },
    );
  }, 120_000);
});

async function play(on: AskingLedger, steps: readonly Step[]): Promise<void> {
  const model = new Model();
  const keys = USERS.map((user) => asking(user, { subject: { user_id: user } }));
  for (const key of keys) await on.ledger.issue(key);
  let approvals = 0;
  let passedAbove = 0;
  for (const each of steps) {
    switch (each.do) {
      case 'wait':
        on.clock.instant += each.ms;
        model.now += each.ms;
        break;
      case 'answer': {
        const approval = model.asked.at(-1 - (each.which % Math.max(1, model.asked.length)));
        if (approval === undefined) break;
        const answered = await on.answer(approval.id, each.isApproved).then(
          () => true,
          () => false,
        );
        expect(answered).toBe(model.answer(approval, each.isApproved));
        if (answered && each.isApproved) approvals += 1;
        break;
      }
      case 'burst':
      case 'call': {
        const [key, amount] = [keys[each.user], AMOUNTS[each.amount]];
        if (key === undefined || amount === undefined) break;
        const call = `${each.user} ${amount}`;
        const copies = each.do === 'burst' ? each.copies : 1;
        const end = each.do === 'burst' ? 'settled' : each.end;
        const under =
          each.do === 'burst' || each.under === undefined ? undefined : `${call} ${each.under}`;
        const asked = {
          price: dollars(amount),
          ...(under === undefined ? {} : { under }),
        };
        const due = Array.from({ length: copies }, () => {
          const verdict = model.call(call, amount, under, end);
          if (verdict === 'asks') model.add(call, 'not known yet');
          return verdict === 'asks' || verdict === 'not known yet' ? 'asks' : verdict;
        });
        const decisions = await Promise.all(due.map(() => on.ask(key, asked)));
        const found = decisions.map((decision) => {
          if (decision.admitted) return 'passes';
          const { code, fields } = decision.refusal;
          if (code !== 'approval_required') return code;
          const id = String(fields['approval_id']);
          const latest = model.latest.get(call);
          if (latest?.id === 'not known yet') latest.id = id;
          return due.includes('asks') && latest?.id === id ? 'asks' : id;
        });
        expect([...found].sort()).toEqual([...due].sort());
        for (const decision of decisions) {
          if (!decision.admitted) continue;
          if (decision.call.approvalId !== undefined && end !== 'unsent') passedAbove += 1;
          await on.end(decision.call, ENDS[end] ?? SETTLED);
        }
      }
    }
  }
  expect(passedAbove).toBeLessThanOrEqual(approvals);
  for (const key of keys) {
    expect((await on.ledger.key(key.id))?.balance.held).toBe(0);
  }
  const { entries } = await on.ledger.audit(
    { event: 'approval', verdict: 'asked' },
    { limit: 500 },
  );
  expect(entries).toHaveLength(model.asked.length);
  expect(entries.every(({ requested_micros }) => (requested_micros ?? 0) > 100 * DOLLAR)).toBe(
    true,
  );
}
