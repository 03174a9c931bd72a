import {
  AskingLedger,
  DECLINED,
  DOLLAR,
  HOUR,
  MINUTE,
  SETTLED,
  UNSENT,
  asking,
  dollars,
} from '../../../test/support/asking-ledger';
import { keyRecord } from '../../../test/support/key-record';
import type { Price } from '../pricing/price';
import { MemoryStore } from './memory/memory-store';

describe('approvals', () => {
  const key = asking();
  let on: AskingLedger;
  beforeEach(async () => {
    on = new AskingLedger(async (clock) => new MemoryStore({ clock }));
    await on.begin();
    await on.ledger.issue(key);
  });
  afterEach(() => on.ledger.close());

  it('are needed above the threshold alone, and hold nothing', async () => {
    await on.admitted(key, { price: dollars(100) });
    await on.asksFor(key, { price: dollars(100.01) });
    expect((await on.ledger.key('k'))?.balance.held).toBe(100 * DOLLAR);
    await on.admitted(key, { price: { kind: 'free' } });
    expect((await on.ask(key, { price: { kind: 'free' } })).admitted).toBe(true);
  });

  it('are found again by the same call, and by no other one', async () => {
    const id = await on.asksFor(key);
    expect(await on.asksFor(key)).toBe(id);
    on.clock.instant += 23 * HOUR;
    expect(await on.asksFor(key)).toBe(id);
    expect(await on.asksFor(key, { price: dollars(150.01) })).not.toBe(id);
    expect(await on.asksFor(key, { what: 'another object' })).not.toBe(id);
    // The same words at another price: an object of the vendor's has changed.
    expect(
      await on.asksFor(key, { what: JSON.stringify(dollars(150)), price: dollars(151) }),
    ).not.toBe(id);
  });

  it('tell until when a person may answer, and what the call was', async () => {
    const callId = on.nextCallId;
    const id = callId.replace('call_', 'apr_');
    const { fields } = await on.refused(key);
    expect(fields).toEqual({
      approval_id: id,
      expires_at: '2026-01-02T12:00:00.000Z',
      requested_usd: 150,
    });
    expect(await on.ledger.approvals.one(id)).toMatchObject({
      state: 'pending',
      callId: callId,
      keyId: 'k',
      subject: { user_id: 'u' },
      method: 'POST',
      path: '/v1/payment_intents',
      objectId: null,
      amount: 15_000,
      micros: 150 * DOLLAR,
      aboveMicros: 100 * DOLLAR,
      scope: 'key',
      customer: 'cus_1',
      parameters: [{ name: 'amount', value: '15000' }],
    });
  });

  it('let the same call of the same user pass under another key', async () => {
    await on.approved(key);
    const other = asking('k2');
    await on.ledger.issue(other);
    await on.admitted(other);
    await on.asksFor(key);
  });

  it('are asked for again where the vendor declined, whatever the Idempotency-Key', async () => {
    await on.approved(key, { under: 'once' });
    const call = await on.admitted(key, { under: 'once' });
    await on.end(call, DECLINED);
    await on.asksFor(key, { under: 'once' });
  });

  it('are not given back where another one was answered meanwhile', async () => {
    await on.approved(key);
    const call = await on.admitted(key);
    const copy = await on.approved(key);
    await on.end(call, UNSENT);
    expect((await on.admitted(key)).approvalId).toBe(copy);
    await on.asksFor(key);
  });

  it('are not given back where one call of the operation may have left', async () => {
    await on.approved(key, { under: 'once' });
    const call = await on.admitted(key, { under: 'once' });
    const retry = await on.admitted(key, { under: 'once' });
    await on.end(retry, { ending: 'released' });
    await on.end(call, UNSENT);
    await on.asksFor(key, { under: 'once' });
  });

  it('count for 15 minutes from the answer', async () => {
    await on.approved(key);
    on.clock.instant += 15 * MINUTE - 1;
    await on.admitted(key);
    const late = await on.approved(key);
    on.clock.instant += 15 * MINUTE;
    const next = await on.asksFor(key);
    expect(next).not.toBe(late);
    expect(await on.isIn(late, 'expired')).toBe(true);
    expect(await on.rows()).toEqual([
      'asked',
      'approved',
      'used',
      'asked',
      'approved',
      'expired',
      'asked',
    ]);
  });

  it('expire after 24 hours without an answer, and take none then', async () => {
    const id = await on.asksFor(key);
    on.clock.instant += 24 * HOUR;
    await expect(on.answer(id, true)).rejects.toMatchObject({
      status: 422,
      fields: { fields: [{ field: 'id', message: expect.stringContaining('has expired') }] },
    });
    expect(await on.asksFor(key)).not.toBe(id);
  });

  it('that are denied refuse the same call for 15 minutes, and no other one', async () => {
    const id = await on.asksFor(key);
    await on.answer(id, false, 'too dear');
    expect(await on.refused(key)).toMatchObject({
      status: 403,
      code: 'approval_denied',
      message: expect.stringContaining('too dear'),
      fields: { approval_id: id, expires_at: '2026-01-01T12:15:00.000Z' },
    });
    await on.asksFor(key, { price: dollars(151) });
    on.clock.instant += 15 * MINUTE;
    expect(await on.asksFor(key)).not.toBe(id);
  });

  it('take one answer: only a denial may follow, until a call has come', async () => {
    const id = await on.approved(key);
    await expect(on.answer(id, true)).rejects.toMatchObject({ status: 422 });
    await on.answer(id, false);
    await expect(on.answer(id, true)).rejects.toMatchObject({ status: 422 });
    expect((await on.refused(key)).code).toBe('approval_denied');
    const other = await on.approved(key, { price: dollars(200) });
    await on.admitted(key, { price: dollars(200) });
    await expect(on.answer(other, false)).rejects.toMatchObject({ status: 422 });
    await expect(on.answer('apr_none', true)).rejects.toMatchObject({ status: 404 });
  });

  it('are asked of nobody where a cap refuses the call, and wait while one does', async () => {
    const small = asking('small', { capMicros: 120 * DOLLAR });
    await on.ledger.issue(small);
    expect((await on.refused(small)).code).toBe('cap_exhausted');
    expect(await on.rows()).toEqual([]);
    const id = await on.approved(small, { price: dollars(110) });
    const other = await on.admitted(small, { price: dollars(50) });
    expect((await on.refused(small, { price: dollars(110) })).code).toBe('cap_exhausted');
    await on.end(other, DECLINED);
    expect((await on.admitted(small, { price: dollars(110) })).approvalId).toBe(id);
  });

  it('are needed for a capture and a refund by what their object comes to', async () => {
    const free = keyRecord('free', { capMicros: 100_000 * DOLLAR });
    await on.ledger.issue(free);
    const call = await on.admitted(free);
    const object = { id: 'pi_1', aliases: [], amount: 15_000, currency: 'usd' };
    await on.end(call, { ...SETTLED, object });
    const refund: Price = { kind: 'refund', objectId: 'pi_1', addedField: 'amount' };
    await on.admitted(key, { price: { ...refund, amount: 10_000 } });
    await on.asksFor(key, { price: { ...refund, amount: 10_001 } });
    await on.asksFor(key, { price: { kind: 'exposure', objectId: 'pi_1' } });
    await on.admitted(key, { price: { kind: 'cancel', objectId: 'pi_1' } });
  });

  it('are needed by the lowest threshold of the key, those above it and the budgets', async () => {
    const inner = asking('inner', { limits: { approveAboveMicros: 500 * DOLLAR }, parentId: 'k' });
    await on.ledger.issue(inner);
    await on.asksFor(inner, { price: dollars(101) });
    const plain = keyRecord('plain', { capMicros: 100_000 * DOLLAR });
    await on.ledger.issue(plain);
    await on.admitted(plain, { price: dollars(101) });
    const rule = {
      scope: 'user' as const,
      tenant: undefined,
      user: undefined,
      id: 'u',
      period: 'day' as const,
      mode: 'enforce' as const,
    };
    const limits = { approveAboveMicros: 50 * DOLLAR };
    await on.ledger.putBudget({ ...rule, capMicros: 100_000 * DOLLAR, limits });
    await on.asksFor(plain, { price: dollars(51) });
    await on.asksFor(inner, { price: dollars(51) });
    await on.admitted(plain, { price: dollars(50) });
  });

  it('read nothing where a call only reads', async () => {
    const read = { ...on.admission(key, { price: { kind: 'free' } }), isRead: true };
    expect((await on.ledger.admit(read)).admitted).toBe(true);
    expect(await on.rows()).toEqual([]);
  });
});
