import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENDS_A_CALL } from '../../../test/support/picky-store';
import type { KeyRecord } from '../keys/key';
import type { Outcome, Price } from '../pricing/price';
import { closeStore } from './sqlite/open-store';
import { openConnection } from './sqlite/sqlite-driver';
import type { Ledger } from './ledger';
import { MemoryStore } from './memory/memory-store';
import type { AdmittedCall, Decision } from './records';
import { SqliteLedger } from './sqlite/sqlite-ledger';
import { StoreLedger } from './store-ledger';
import type { KeptWork } from './store';
import { TestClock } from '../../../test/support/test-clock';
import { until } from '../../../test/support/until';
import { DAILY } from '../../../test/support/daily';

const USD = 1_000_000;
const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1, 20);
const KEY: KeyRecord = {
  id: 'k',
  tokenHash: 'hash',
  label: 'k',
  vendor: 'stripe',
  capMicros: 1_000 * USD,
  allowedEndpoints: ['/v1/payment_intents'],
  subject: { user_id: 'u' },
  budgets: {},
  createdAt: START,
  expiresAt: START + 48 * HOUR,
};

const intent = (usd: number, isFinal = false) => ({
  id: 'pi_1',
  aliases: [],
  amount: usd * 100,
  currency: 'usd',
  ...(isFinal ? { isFinal } : {}),
});
const PAYMENT: Price = { kind: 'amount', micros: 100 * USD, amount: 10_000, currency: 'usd' };
const PAID: Outcome = { ending: 'settled', object: intent(100), reportedMicros: 100 * USD };
const FEE: Price = { kind: 'fee', micros: 100 * USD };
const REFUND: Price = { kind: 'refund', objectId: 'pi_1', amount: 1_000, currency: 'usd' };
const CANCEL: Price = { kind: 'cancel', objectId: 'pi_1' };
const CANCELED: Outcome = { ending: 'settled', object: intent(100, true), finalMicros: 0 };
const change = (usd: number): Price => ({
  kind: 'change',
  objectId: 'pi_1',
  amount: usd * 100,
  currency: 'usd',
});
const changed = (usd: number): Outcome => ({
  ending: 'settled',
  object: intent(usd),
  reportedMicros: usd * USD,
  finalMicros: usd * USD,
});
const capture = (usd: number): Price => ({
  kind: 'exposure',
  objectId: 'pi_1',
  amount: usd * 100,
  currency: 'usd',
});
const captured = (usd: number): Outcome => ({
  ending: 'settled',
  object: intent(usd, true),
  reportedMicros: usd * USD,
  finalMicros: usd * USD,
});
const LOST: Outcome = { ending: 'unknown' };
const UNSENT: Outcome = { ending: 'released' };
const DECLINED: Outcome = { ending: 'released', conclusive: true };

/** A store that can be told to take no settlement for a while. */
interface Opened {
  ledger: Ledger;
  /** From now on no settlement can be written. */
  block(): Promise<void>;
  /** Those that were kept are written. */
  unblock(): Promise<void>;
  /** The store in a file as the next start finds it. */
  restart?: () => Promise<Ledger>;
}

class BlockedMemory extends MemoryStore {
  blocked: KeptWork[] | undefined;

  override keep(kept: KeptWork): Promise<boolean> {
    if (this.blocked === undefined) return super.keep(kept);
    this.blocked.push(kept);
    kept.onKept?.(new Error('full'));
    return Promise.resolve(false);
  }
}

async function inMemory(clock: TestClock): Promise<Opened> {
  const store = new BlockedMemory({ clock });
  return {
    ledger: new StoreLedger(store),
    block: async () => {
      store.blocked = [];
    },
    unblock: async () => {
      const kept = store.blocked ?? [];
      store.blocked = undefined;
      for (const each of kept) await store.keep(each);
    },
  };
}

const folder = mkdtempSync(join(tmpdir(), 'vault-key-operators-word-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

async function inSqlite(clock: TestClock): Promise<Opened> {
  const file = join(folder, `${++files}.db`);
  await new SqliteLedger(file, { clock }).close();
  const connection = openConnection(file);
  const isThere = (id: string) => `EXISTS (SELECT 1 FROM leases WHERE id = '${id}')`;
  connection.exec(`CREATE TRIGGER blocked BEFORE INSERT ON redo
    WHEN ${ENDS_A_CALL} AND ${isThere('block')} AND NOT ${isThere('unblock')}
    BEGIN SELECT RAISE(FAIL, 'full'); END`);
  closeStore(connection);
  let ledger = new SqliteLedger(file, { clock });
  return {
    ledger,
    block: async () => {
      await ledger.beginLease('block', 1);
    },
    unblock: async () => {
      await ledger.beginLease('unblock', 1);
      await until(
        async () => (await ledger.figures()).keptSettlements === 0,
        () => 'settlements are still kept',
      );
    },
    restart: async () => {
      await ledger.close();
      const again = openConnection(file);
      again.exec('DROP TRIGGER blocked');
      closeStore(again);
      ledger = new SqliteLedger(file, { clock });
      return ledger;
    },
  };
}

describe.each([
  ['in memory', inMemory],
  ['in SQLite', inSqlite],
])('what an operator says of a hold, %s', (name, open) => {
  const isInFile = name === 'in SQLite';
  let opened: Opened;
  let ledger: Ledger;
  let clock: TestClock;
  let calls: number;
  beforeEach(async () => {
    clock = new TestClock(START);
    opened = await open(clock);
    ledger = opened.ledger;
    calls = 0;
    await ledger.issue(KEY);
  });
  afterEach(() => ledger.close());

  /** Calls of one price are one operation, unless it is said that they are not. */
  function ask(price: Price, under: string | undefined = price.kind): Promise<Decision> {
    clock.instant += 1;
    const callId = `call_${++calls}`;
    return ledger.admit({
      callId,
      key: KEY,
      account: '',
      price,
      operation: { keyHash: under, fingerprint: under },
      audit: { at: new Date(clock.now()).toISOString(), event: 'refusal', call_id: callId },
    });
  }
  async function admit(price: Price, under?: string): Promise<AdmittedCall> {
    const decision = await ask(price, under);
    if (!decision.admitted) throw decision.refusal;
    return decision.call;
  }
  const end = (call: AdmittedCall, outcome: Outcome) => {
    clock.instant += 1;
    const ended = ledger.end({ call, outcome, audit: {} });
    ledger.hurry();
    return ended;
  };
  const settle = (callId: string, usd: number) => {
    clock.instant += 1;
    return ledger.endHold(callId, usd * USD);
  };
  const balance = async () => {
    const found = await ledger.key('k');
    return [found!.balance.spent / USD, found!.balance.held / USD];
  };
  /** A call whose answer was lost, and that an operator has settled. */
  async function settledAt(usd: number, price = PAYMENT): Promise<void> {
    const call = await admit(price);
    await end(call, LOST);
    await settle(call.callId, usd);
  }
  /** The same, where the settlement of the call is kept by then. */
  async function keptAndSettledAt(usd: number, price = PAYMENT, outcome = LOST): Promise<void> {
    const call = await admit(price);
    await opened.block();
    await end(call, outcome);
    await settle(call.callId, usd);
  }
  const pay = async () => end(await admit(PAYMENT, 'first'), PAID);

  describe('counts, and a retry holds what the call costs beyond it', () => {
    it.each([
      ['payment', PAYMENT],
      ['fee', FEE],
    ])('a %s that the vendor then executes', async (_kind, price) => {
      await settledAt(0, price);
      await end(await admit(price), { ending: 'settled' });
      expect(await balance()).toEqual([100, 0]);
    });

    it('a retry that moved nothing', async () => {
      await settledAt(30);
      const retry = await admit(PAYMENT);
      expect(await balance()).toEqual([30, 70]);
      await end(retry, UNSENT);
      // As often as it is tried.
      await end(await admit(PAYMENT), UNSENT);
      expect(await balance()).toEqual([30, 0]);
      await end(await admit(PAYMENT), PAID);
      expect(await balance()).toEqual([100, 0]);
    });

    it('a retry whose outcome is unknown, and what an operator says of that', async () => {
      await settledAt(30);
      const retry = await admit(PAYMENT);
      await end(retry, LOST);
      expect(await balance()).toEqual([30, 70]);
      await settle(retry.callId, 40);
      expect(await balance()).toEqual([70, 0]);
      expect((await admit(PAYMENT)).micros).toBe(30 * USD);
    });

    it('one hold for all retries', async () => {
      await settledAt(30);
      const retries = [await admit(PAYMENT), await admit(PAYMENT)];
      expect(await balance()).toEqual([30, 70]);
      await end(retries[0]!, PAID);
      expect(await balance()).toEqual([100, 0]);
      retries.push(await admit(PAYMENT));
      for (const retry of retries.slice(1)) await end(retry, UNSENT);
      expect(await balance()).toEqual([100, 0]);
    });

    it('a retry that finds no room under a cap, and has it the next day', async () => {
      const rule = {
        scope: 'user',
        tenant: undefined,
        user: undefined,
        id: 'u',
        ...DAILY,
      } as const;
      await ledger.putBudget({ ...rule, capMicros: 100 * USD });
      await settledAt(30);
      await end(await admit({ kind: 'fee', micros: 70 * USD }), { ending: 'settled' });
      const decision = await ask(PAYMENT);
      if (decision.admitted) throw new Error('it was admitted');
      const { fields } = decision.refusal;
      expect(fields).toMatchObject({ scope: 'user', requested_usd: 70, remaining_usd: 0 });
      clock.instant = Date.parse(fields['resets_at'] as string);
      expect((await admit(PAYMENT)).micros).toBe(70 * USD);
    });

    it.each([
      ['payment', PAYMENT, 150, { ...PAID, reportedMicros: 200 * USD }, 200],
      ['fee', FEE, 150, { ending: 'settled', reportedMicros: 200 * USD } as const, 200],
    ])('a %s that cost more than was said', async (_kind, price, said, outcome, cost) => {
      await settledAt(said, price);
      await end(await admit(price), outcome);
      expect(await balance()).toEqual([cost, 0]);
    });

    it('a refund that cost more than was said', async () => {
      await pay();
      await settledAt(15, REFUND);
      await end(await admit(REFUND), { ending: 'settled', reportedMicros: 20 * USD });
      expect(await balance()).toEqual([120, 0]);
    });

    it('no 409: it says nothing of what was moved', async () => {
      await settledAt(0);
      await end(await admit(PAYMENT), { ending: 'released', conclusive: false });
      expect(await balance()).toEqual([0, 0]);
    });
  });

  describe('of a payment is a part of what the payment costs', () => {
    it.each([0, 30, 100])('a capture of it counts once, %d USD said', async (usd) => {
      await settledAt(usd);
      const retries = [await admit(PAYMENT), await admit(PAYMENT)];
      await end(retries[0]!, PAID);
      retries.push(await admit(PAYMENT));
      await end(await admit(capture(100)), captured(100));
      for (const retry of retries.slice(1)) await end(retry, PAID);
      expect(await balance()).toEqual([100, 0]);
    });

    it.each([0, 30, 100])('a cancel of it gives it back, %d USD said', async (usd) => {
      await settledAt(usd);
      const retries = [await admit(PAYMENT), await admit(PAYMENT)];
      await end(retries[0]!, PAID);
      await end(await admit(CANCEL), CANCELED);
      expect(await balance()).toEqual([0, 0]);
      retries.push(await admit(PAYMENT));
      for (const retry of retries.slice(1)) await end(retry, PAID);
      expect(await balance()).toEqual([0, 0]);
    });

    it('of a change too, which another one has lowered since', async () => {
      await pay();
      await settledAt(50, change(150));
      await end(await admit(change(120), 'b'), changed(120));
      expect(await balance()).toEqual([120, 0]);
      const retry = await admit(change(150));
      expect(await balance()).toEqual([120, 30]);
      await end(retry, changed(150));
      expect(await balance()).toEqual([150, 0]);
    });

    it('which a retry of the change raises', async () => {
      await pay();
      await settledAt(60, change(150));
      await end(await admit(change(150)), changed(180));
      expect(await balance()).toEqual([180, 0]);
    });

    it('which a cancel gives back while a retry is in flight', async () => {
      await pay();
      await settledAt(50, change(150));
      const retry = await admit(change(150));
      await end(await admit(CANCEL), CANCELED);
      await end(retry, UNSENT);
      expect(await balance()).toEqual([0, 0]);
    });

    it('which a capture that was admitted before finds', async () => {
      await pay();
      await settledAt(50, change(150));
      const before = await admit(capture(150));
      const retry = await admit(change(150));
      await end(before, captured(150));
      await end(retry, UNSENT);
      expect(await balance()).toEqual([150, 0]);
    });

    it('and a capture that is said to cost what is paid already gives it back', async () => {
      await pay();
      await settledAt(100, capture(100));
      await end(await admit(capture(100)), captured(100));
      expect(await balance()).toEqual([100, 0]);
    });
  });

  describe('is not taken while a call is in flight', () => {
    it('whichever of several ends in the same moment', async () => {
      const first = await admit(PAYMENT);
      const second = await admit(PAYMENT);
      const ended = end(first, LOST);
      await expect(ledger.endHold(first.callId, undefined)).rejects.toMatchObject({ status: 422 });
      await ended;
      await end(second, PAID);
      expect(await balance()).toEqual([100, 0]);
    });

    it('where its answer comes before the word is written', async () => {
      const call = await admit(FEE);
      const said = settle(call.callId, 0);
      const ended = end(call, { ending: 'settled' });
      await expect(said).rejects.toMatchObject({ status: 422 });
      await ended;
      expect(await balance()).toEqual([100, 0]);
    });

    it('which keeps a later call, 23 hours after the first, from a hold of its own', async () => {
      const call = await admit(PAYMENT);
      await end(call, LOST);
      clock.instant = START + 23 * HOUR - 10_000;
      const retry = await admit(PAYMENT);
      clock.instant = START + 23 * HOUR + 10_000;
      expect(await ask(PAYMENT)).toMatchObject({ refusal: { code: 'overloaded' } });
      await expect(settle(call.callId, 0)).rejects.toMatchObject({ status: 422 });
      await end(retry, LOST);
      expect((await admit(PAYMENT)).micros).toBe(100 * USD);
      expect(await balance()).toEqual([0, 200]);
    });
  });

  it('counts apart from a call that the vendor takes for a new one, 23 hours after the first', async () => {
    await settledAt(30);
    clock.instant = START + 22 * HOUR;
    const retry = await admit(PAYMENT);
    clock.instant = START + 23 * HOUR + 10_000;
    expect(await ask(PAYMENT)).toMatchObject({ refusal: { code: 'overloaded' } });
    await end(retry, UNSENT);
    expect((await admit(PAYMENT)).micros).toBe(100 * USD);
    expect(await balance()).toEqual([30, 100]);
  });

  describe('holds against a settlement that was kept before', () => {
    it.each([
      ['lost', LOST],
      ['unsent', UNSENT],
      ['declined', DECLINED],
      ['executed', PAID],
    ])('of a call that was %s', async (_how, outcome) => {
      await keptAndSettledAt(30, PAYMENT, outcome);
      await opened.unblock();
      expect(await balance()).toEqual([30, 0]);
      await end(await admit(PAYMENT), LOST);
      expect(await balance()).toEqual([30, 70]);
    });

    it.each([
      ['lost', LOST],
      ['declined', DECLINED],
    ])('and is written after a retry, of a call that was %s', async (_how, outcome) => {
      await keptAndSettledAt(30, PAYMENT, outcome);
      await end(await admit(PAYMENT), UNSENT);
      await opened.unblock();
      expect(await balance()).toEqual([30, 0]);
    });

    it('and a retry needs room under the caps', async () => {
      await keptAndSettledAt(0);
      await opened.unblock();
      await end(await admit({ kind: 'fee', micros: 1_000 * USD }), { ending: 'settled' });
      expect(await ask(PAYMENT)).toMatchObject({ refusal: { code: 'cap_exhausted' } });
      expect(await balance()).toEqual([1_000, 0]);
    });

    it('and a capture finds the payment that its answer told of', async () => {
      await keptAndSettledAt(100, PAYMENT, PAID);
      await opened.unblock();
      expect((await admit(capture(100))).micros).toBe(0);
    });

    if (isInFile)
      it('over a restart, which loses it', async () => {
        await keptAndSettledAt(30);
        ledger = await opened.restart!();
        await end(await admit(PAYMENT), LOST);
        expect(await balance()).toEqual([30, 70]);
      });
  });

  if (isInFile)
    it('is a part of what the payment costs after a restart', async () => {
      await pay();
      await settledAt(50, change(150));
      const first = await admit(change(150));
      await admit(change(150));
      await end(first, changed(150));
      ledger = await opened.restart!();
      expect(await balance()).toEqual([150, 0]);
      const third = await admit(change(150));
      await end(await admit(capture(150)), captured(150));
      await end(third, changed(150));
      expect(await balance()).toEqual([150, 0]);
    });

  const pi2 = { ...PAID, object: { ...intent(100), id: 'pi_2' } };
  const confirm: Price = { kind: 'exposure', objectId: 'pi_1' };
  const confirmed: Outcome = { ending: 'settled', object: intent(100), reportedMicros: 100 * USD };

  it.each([
    ['payment', PAYMENT, pi2],
    ['fee', FEE, { ending: 'settled' } as Outcome],
  ])(
    'a %s 24.5 hours after the first sending is a new one, whatever retries came between',
    async (_kind, price, executed) => {
      await settledAt(100, price);
      clock.instant = START + HOUR;
      await end(await admit(price), UNSENT);
      clock.instant = START + 2 * HOUR;
      await end(await admit(price), UNSENT);
      clock.instant = START + 24.5 * HOUR;
      const late = await admit(price);
      await end(late, executed);
      expect(await balance()).toEqual([200, 0]);
    },
  );

  describe('a change that is replayed lowers nothing', () => {
    const raisedSince = async () => {
      await pay();
      await settledAt(0, change(80));
      await end(await admit(change(120), 'b'), changed(120));
      await end(await admit(change(80)), changed(80));
    };
    it('of what a newer one has raised', async () => {
      await raisedSince();
      expect(await balance()).toEqual([120, 0]);
    });
    it('so that a capture passes no cap', async () => {
      const rule = {
        scope: 'user',
        tenant: undefined,
        user: undefined,
        id: 'u',
        ...DAILY,
      } as const;
      await ledger.putBudget({ ...rule, capMicros: 120 * USD });
      await raisedSince();
      const fee = await ask({ kind: 'fee', micros: 40 * USD });
      if (fee.admitted) await end(fee.call, { ending: 'settled' });
      await end(await admit(confirm, 'capture'), captured(120));
      expect((await balance())[0]).toBeLessThanOrEqual(120);
    });
    it('after a retry that was not sent', async () => {
      await pay();
      await settledAt(0, change(80));
      await end(await admit(change(80)), UNSENT);
      await end(await admit(change(120), 'b'), changed(120));
      await end(await admit(change(80)), changed(80));
      expect(await balance()).toEqual([120, 0]);
    });
    it('23.5 hours after the first, which the vendor may still replay', async () => {
      await pay();
      await end(await admit(change(80)), changed(80));
      await end(await admit(change(120), 'b'), changed(120));
      clock.instant = START + 23.5 * HOUR;
      await end(await admit(change(80)), changed(80));
      expect(await balance()).toEqual([120, 0]);
    });
  });

  it('a payment counts that the vendor made 24.5 hours after the first, though a replay came between', async () => {
    await end(await admit(PAYMENT), PAID);
    clock.instant = START + 23.5 * HOUR;
    await end(await admit(PAYMENT), PAID);
    await end(await admit(CANCEL), CANCELED);
    expect(await balance()).toEqual([0, 0]);
    clock.instant = START + 24.5 * HOUR;
    await end(await admit(PAYMENT), pi2);
    expect(await balance()).toEqual([100, 0]);
  });

  describe('what was given back is not counted again by the retry of a change', () => {
    it('which comes after a cancel', async () => {
      await pay();
      await settledAt(50, change(150));
      await end(await admit(CANCEL), CANCELED);
      await end(await admit(change(150)), changed(150));
      expect(await balance()).toEqual([0, 0]);
    });
    it('which comes after a partial capture', async () => {
      await pay();
      await settledAt(50, change(150));
      await end(await admit(capture(40)), captured(40));
      await end(await admit(change(150)), changed(150));
      expect(await balance()).toEqual([40, 0]);
    });
    it('which is in flight at the cancel', async () => {
      await pay();
      await settledAt(50, change(150));
      const retry = await admit(change(150));
      await end(await admit(CANCEL), CANCELED);
      await end(retry, changed(150));
      expect(await balance()).toEqual([0, 0]);
    });
    it('or of a confirmation, after a partial capture', async () => {
      await pay();
      await settledAt(0, confirm);
      await end(await admit(capture(40), 'capture'), captured(40));
      await end(await admit(confirm), confirmed);
      expect(await balance()).toEqual([40, 0]);
    });
  });

  describe('nor by the retry of a payment whose own kept answer was written after the word', () => {
    beforeEach(() => opened.block());
    const word = async (usd: number) => {
      const call = await admit(PAYMENT);
      await end(call, PAID);
      await settle(call.callId, usd);
      await opened.unblock();
    };
    it('canceled before the retry', async () => {
      await word(100);
      await end(await admit(CANCEL), CANCELED);
      await end(await admit(PAYMENT), PAID);
      expect(await balance()).toEqual([0, 0]);
    });
    it('canceled while the retry is in flight', async () => {
      await word(100);
      const retry = await admit(PAYMENT);
      await end(await admit(CANCEL), CANCELED);
      await end(retry, PAID);
      expect(await balance()).toEqual([0, 0]);
    });
    it('captured in part before the retry', async () => {
      await word(100);
      await end(await admit(capture(40)), captured(40));
      await end(await admit(PAYMENT), PAID);
      expect(await balance()).toEqual([40, 0]);
    });
    it('said 30, captured at 100 before the retry', async () => {
      await word(30);
      await end(await admit(capture(100)), captured(100));
      await end(await admit(PAYMENT), PAID);
      expect(await balance()).toEqual([100, 0]);
    });
    it('said 30, captured at 100 while the retry is in flight', async () => {
      await word(30);
      const retry = await admit(PAYMENT);
      await end(await admit(capture(100)), captured(100));
      await end(retry, PAID);
      expect(await balance()).toEqual([100, 0]);
    });
  });

  describe('the earlier holds of an operation are found by a kept answer too', () => {
    it.each([
      ['capture', capture(100), captured(100), 100],
      ['cancel', CANCEL, CANCELED, 0],
    ])('written once a third hold is there, and a %s', async (_how, price, outcome, cost) => {
      await settledAt(30);
      await keptAndSettledAt(70, PAYMENT, PAID);
      const third = await admit(PAYMENT);
      await opened.unblock();
      await end(third, UNSENT);
      await end(await admit(price), outcome);
      expect(await balance()).toEqual([cost, 0]);
    });
    it('of a hold that the operator has released', async () => {
      await settledAt(100);
      const retry = await admit(PAYMENT);
      await opened.block();
      await end(retry, PAID);
      await ledger.endHold(retry.callId, undefined);
      await opened.unblock();
      await end(await admit(capture(100)), captured(100));
      expect(await balance()).toEqual([100, 0]);
    });
  });

  describe('a kept give-back is written though the operator has ended its hold', () => {
    it.each([
      ['cancel', CANCEL, CANCELED, 0],
      ['capture', capture(40), captured(40), 40],
    ])('of a %s', async (_how, price, outcome, cost) => {
      await pay();
      await keptAndSettledAt(0, price, outcome);
      await opened.unblock();
      expect(await balance()).toEqual([cost, 0]);
    });
  });

  it('is not taken where an answer that is written has said what the call came to', async () => {
    const calls = [await admit(FEE), await admit(FEE)];
    await end(calls[0]!, { ending: 'settled' });
    await opened.block();
    await end(calls[1]!, LOST);
    await ledger.endHold(calls[0]!.callId, undefined).catch(() => undefined);
    await opened.unblock();
    expect(await balance()).toEqual([100, 0]);
  });
});
