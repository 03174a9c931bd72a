import { everyLedger } from '../../../test/support/ledgers';
import { TestClock } from '../../../test/support/test-clock';
import type { AuditEntry } from '../audit/audit-entry';
import { hashToken, newToken } from '../keys/token';
import type { KeyRecord } from '../keys/key';
import type { Actor } from '../operators/actor';
import { newOperatorToken } from '../operators/operator-token';
import type { Ledger } from './ledger';

const USD = 1_000_000;
const ANN: Actor = { name: 'ann', role: 'admin', isApp: false, remoteAddress: '10.0.0.1' };
const BOB: Actor = { name: 'bob', role: 'operator', isApp: false };
/** The holder of the application's token, where operators are configured. */
const APP: Actor = { name: 'app', role: 'viewer', isApp: true };
const KEY: KeyRecord = {
  id: 'vk_1',
  tokenHash: hashToken(newToken()),
  label: 'a key',
  vendor: 'stripe',
  capMicros: 100 * USD,
  allowedEndpoints: ['/v1/payment_intents'],
  subject: { user_id: 'u' },
  budgets: {},
  createdAt: Date.UTC(2026, 0, 1),
  expiresAt: Date.UTC(2026, 0, 2),
};
const RULE = {
  scope: 'user',
  tenant: 't',
  user: undefined,
  id: 'u',
  period: 'day',
  mode: 'enforce',
} as const;

describe.each(everyLedger())('a change, in the audit log %s', (_name, open) => {
  let ledger: Ledger;
  beforeEach(async () => {
    ledger = await open(new TestClock(Date.UTC(2026, 0, 1)));
  });
  afterEach(() => ledger.close());

  /** The rows of an event, the oldest first. */
  const rows = async (event: string): Promise<AuditEntry[]> =>
    [...(await ledger.audit({ event }, { limit: 100 })).entries].reverse();

  async function unknownHold(callId: string): Promise<void> {
    const decision = await ledger.admit({
      callId,
      key: KEY,
      account: '',
      price: { kind: 'amount', micros: 12.5 * USD, amount: 1_250, currency: 'usd' },
      audit: { at: '2026-01-01T00:00:00.000Z', event: 'refusal', call_id: callId, key_id: KEY.id },
    });
    if (!decision.admitted) throw decision.refusal;
    await ledger.end({ call: decision.call, outcome: { ending: 'unknown' }, audit: {} });
  }

  it('of a budget names its operator, the reason, the cap before and after', async () => {
    await ledger.putBudget({ ...RULE, capMicros: 5 * USD }, { by: ANN, reason: 'a start' });
    await ledger.putBudget({ ...RULE, capMicros: 7.5 * USD }, { by: BOB, reason: 'more' });
    await ledger.deleteBudget(RULE, { by: ANN, reason: 'over' });
    const whom = { tenant_id: 't', user_id: 'u', run_id: null };
    expect(await rows('budget')).toMatchObject([
      {
        ...whom,
        actor: 'ann',
        reason: 'a start',
        old_value: null,
        new_value: '$5.00',
        remote_address: '10.0.0.1',
      },
      { ...whom, actor: 'bob', reason: 'more', old_value: '$5.00', new_value: '$7.50' },
      { ...whom, actor: 'ann', reason: 'over', old_value: '$7.50', new_value: null },
    ]);
  });

  it('of a brake names its operator, the reason and whom it stops', async () => {
    const reason = 'a loop';
    await ledger.putBrake({ id: 'brk_1', scope: 'user', target: 'u', reason, lifeMs: 1_000 }, BOB);
    await ledger.putBrake({ id: 'brk_2', scope: 'all', target: '', reason });
    await ledger.liftBrake('brk_1', { by: ANN, reason: 'mended' });
    const text = 'brk_1: user u until 2026-01-01T00:00:01.000Z';
    expect(await rows('brake')).toMatchObject([
      { actor: 'bob', reason, user_id: 'u', old_value: null, new_value: text },
      { actor: 'app', reason, user_id: null, old_value: null, new_value: 'brk_2: all' },
    ]);
    expect(await rows('lift')).toMatchObject([
      { actor: 'ann', reason: 'mended', user_id: 'u', old_value: text, new_value: null },
    ]);
    expect(await ledger.brakes()).toMatchObject([{ id: 'brk_2', setBy: 'app' }]);
  });

  it("a brake of an operator's is not the application's to lift, and nothing is written", async () => {
    await ledger.putBrake({ id: 'brk_1', scope: 'all', target: '', reason: 'r' }, ANN);
    await ledger.putBrake({ id: 'brk_2', scope: 'all', target: '', reason: 'r' }, APP);
    const lifted = ledger.liftBrake('brk_1', { by: APP });
    await expect(lifted).rejects.toMatchObject({ code: 'forbidden', fields: { role: 'operator' } });
    await ledger.liftBrake('brk_2', { by: APP });
    expect(await ledger.liftBrake('brk_3', { by: APP })).toBeUndefined();
    expect(await ledger.brakes()).toMatchObject([{ id: 'brk_1', setBy: 'ann' }]);
    expect(await rows('lift')).toMatchObject([{ actor: 'app' }]);
  });

  it('of a hold names its operator, the reason and the state before and after', async () => {
    await ledger.issue(KEY);
    await unknownHold('call_1');
    await unknownHold('call_2');
    await ledger.endHold('call_1', 10 * USD, { by: BOB, reason: 'seen there' });
    await ledger.endHold('call_2', undefined, { by: ANN, reason: 'not there' });
    expect(await rows('settlement')).toMatchObject([
      {
        actor: 'bob',
        reason: 'seen there',
        old_value: 'unknown $12.50',
        new_value: 'settled $10.00',
      },
      {
        actor: 'ann',
        reason: 'not there',
        old_value: 'unknown $12.50',
        new_value: 'released',
        remote_address: '10.0.0.1',
      },
    ]);
  });

  it('is found by its actor: an operator, the application, or the holder of a key', async () => {
    await ledger.issue(KEY);
    await unknownHold('call_1');
    await ledger.endHold('call_1', undefined, { by: BOB, reason: 'r' });
    await ledger.putBudget({ ...RULE, capMicros: 5 * USD }, { by: ANN, reason: 'r' });
    await ledger.revoke([KEY.id]);
    const eventsOf = async (actor: string) =>
      (await ledger.audit({ actor }, { limit: 100 })).entries.map(({ event }) => event);
    expect(await eventsOf('ann')).toEqual(['budget']);
    expect(await eventsOf('bob')).toEqual(['settlement']);
    expect(await eventsOf('app')).toEqual(['revoke', 'issue']);
    expect(await eventsOf('key')).toEqual(['call']);
    expect(await eventsOf('nobody')).toEqual([]);
  });

  it('shows no token that an operator has typed into a reason', async () => {
    const tokens = [newOperatorToken(), newToken()];
    const cause = { by: ANN, reason: `mine is ${tokens.join(' and ')}` };
    await ledger.putBudget({ ...RULE, capMicros: 5 * USD }, cause);
    expect((await rows('budget'))[0]?.reason).toBe('mine is vault_operator_… and vault_key_…');
  });
});
