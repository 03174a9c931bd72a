import { AskingLedger, START, UNSENT, asking, dollars } from '../../../test/support/asking-ledger';
import { keyRecord } from '../../../test/support/key-record';
import { until } from '../../../test/support/until';
import { MemoryStore } from '../ledger/memory/memory-store';
import type { Actor } from '../operators/actor';
import type { BrokerEvent } from './event';
import { Events } from './events';

const DOLLAR = 1_000_000;
const EVE: Actor = { name: 'eve', role: 'operator', isApp: false };

let on: AskingLedger;
let events: Events;
beforeEach(async () => {
  on = new AskingLedger(async (clock) => new MemoryStore({ clock }));
  await on.begin();
  events = new Events(on.ledger.logRows);
});
afterEach(async () => {
  await events.close();
  await on.ledger.close();
});

/** The events of some kinds, from the first on. */
async function told(count: number, ...kinds: BrokerEvent['kind'][]): Promise<BrokerEvent[]> {
  const all: BrokerEvent[] = [];
  const reader = await events.open({ kinds, after: '0' });
  void (async () => {
    for await (const event of reader) all.push(event);
  })();
  await until(
    () => all.length >= count,
    () => `${all.length} of ${count} came`,
  );
  reader.close();
  return all;
}

describe('what the events of an approval say', () => {
  it('is what became of it, each with its id and the call that asked', async () => {
    const key = asking('k', { subject: { tenant_id: 't1', user_id: 'u1' } });
    await on.ledger.issue(key);
    const asked = { under: 'one' };
    const callId = on.nextCallId;
    const id = await on.approved(key, asked);
    await on.end(await on.admitted(key, asked), UNSENT);
    await on.answer(id, false, 'not this one');
    const all = await told(5, 'approval');
    expect(all).toMatchObject(
      [
        { outcome: 'asked', actor: 'key', reason: 'more than $100.00 of the key' },
        { outcome: 'approved', actor: 'ann', reason: 'looked at' },
        { outcome: 'used', actor: 'key' },
        { outcome: 'restored', actor: 'key' },
        { outcome: 'denied', actor: 'ann', reason: 'not this one' },
      ].map((each) => ({
        ...each,
        kind: 'approval',
        approval_id: id,
        call_id: callId,
        key_id: 'k',
        subject: { tenant_id: 't1', user_id: 'u1' },
        method: 'POST',
        path: '/v1/payment_intents',
        requested_usd: 150,
        amount: 15_000,
      })),
    );
    // Nobody has said where the page is.
    expect(all.filter((event) => 'approval_url' in event)).toEqual([]);
  });

  it('is where a person answers, where that is known', async () => {
    events.feed.approvalUrl = (id) => `https://broker.example.com/#/approvals/${id}`;
    const key = asking();
    await on.ledger.issue(key);
    const id = await on.asksFor(key);
    expect(await told(1, 'approval')).toMatchObject([
      { approval_url: `https://broker.example.com/#/approvals/${id}` },
    ]);
  });
});

describe('what the events of a raise say', () => {
  it('is who has set it or ended it, and by how much', async () => {
    const rule = { scope: 'user', id: 'u1', tenant: undefined, user: undefined } as const;
    await on.ledger.putBudget(
      { ...rule, period: 'day', mode: 'enforce', capMicros: 2_000 * DOLLAR },
      { by: EVE, reason: 'x' },
    );
    const order = { ...rule, micros: 1_500 * DOLLAR, reason: 'a large order', lifeMs: 60_000 };
    await on.ledger.raises.set({ ...order, raiseId: 'rse_1' }, EVE);
    await on.ledger.raises.end(rule, 'rse_1', { by: EVE, reason: 'it has left' });
    const common = { kind: 'raise', raise_id: 'rse_1', actor: 'eve', subject: { user_id: 'u1' } };
    expect(await told(2, 'raise')).toMatchObject([
      { ...common, outcome: 'raised', usd: 1_500, reason: 'a large order' },
      { ...common, outcome: 'ended', usd: 1_500, reason: 'it has left' },
    ]);
  });
});

describe('what the events of a budget say of its period', () => {
  it('is which one it is, of a threshold too', async () => {
    const rule = { scope: 'user', id: 'u1', tenant: undefined, user: undefined } as const;
    const month = { ...rule, period: 'month', mode: 'enforce', capMicros: 10 * DOLLAR } as const;
    await on.ledger.putBudget(month, { by: EVE, reason: 'x' });
    await on.ledger.putBudget({ ...month, period: 'day' }, { by: EVE, reason: 'x' });
    const key = keyRecord('k', {
      capMicros: 1_000 * DOLLAR,
      createdAt: START,
      subject: { user_id: 'u1' },
    });
    await on.ledger.issue(key);
    await on.admitted(key, { price: dollars(6) });
    await on.ledger.deleteBudget(month, { by: EVE, reason: 'x' });
    const all = await told(5, 'budget', 'threshold');
    const inOrder = all.map((event) => [event.kind, 'period' in event && event.period]);
    expect(inOrder.slice(0, 2)).toEqual([
      ['budget', 'month'],
      ['budget', 'day'],
    ]);
    const thresholds = [
      ['threshold', 'day'],
      ['threshold', 'month'],
    ];
    expect(inOrder.slice(2, 4)).toEqual(expect.arrayContaining(thresholds));
    expect(inOrder.slice(4)).toEqual([['budget', 'month']]);
  });
});

describe('what the event of a call says of shadow mode', () => {
  it('is the first budget that would have refused it', async () => {
    const key = keyRecord('k', {
      capMicros: 1_000 * DOLLAR,
      createdAt: START,
      subject: { user_id: 'u1' },
      budgets: { user: { week: 10 * DOLLAR } },
      budgetsMode: 'shadow',
    });
    await on.ledger.issue(key);
    for (const usd of [5, 20]) {
      const call = await on.admitted(key, { price: dollars(usd) });
      await on.end(call, { ending: 'settled' });
    }
    const [fits, passes] = await told(2, 'call');
    expect(fits).not.toHaveProperty('would_refuse');
    expect(passes).toMatchObject({
      would_refuse: { scope: 'user', period: 'week', source: 'app', cap_usd: 10 },
    });
  });
});
