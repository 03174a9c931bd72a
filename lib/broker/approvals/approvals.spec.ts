import { AskingLedger, asking } from '../../../test/support/asking-ledger';
import { hashToken, newToken } from '../keys/token';
import { MemoryStore } from '../ledger/memory/memory-store';
import type { Actor } from '../operators/actor';
import { Approvals } from './approvals';

const OPERATOR: Actor = { name: 'ann', role: 'operator', isApp: false };

describe('who answers an approval', () => {
  const token = newToken();
  const key = asking('k', { tokenHash: hashToken(token) });
  let on: AskingLedger;
  let approvals: Approvals;
  beforeEach(async () => {
    on = new AskingLedger(async (clock) => new MemoryStore({ clock }));
    await on.begin();
    await on.ledger.issue(key);
    approvals = new Approvals(on.ledger);
  });
  afterEach(() => on.ledger.close());

  it('is an operator, who says why, and stands in the audit log with the old and the new state', async () => {
    const id = await on.asksFor(key);
    for (const body of [undefined, {}, { reason: ' ' }]) {
      await expect(approvals.approve(id, body, OPERATOR)).rejects.toMatchObject({ status: 422 });
    }
    const view = await approvals.approve(id, { reason: 'order 7' }, OPERATOR);
    expect(view).toMatchObject({ state: 'approved', decided_by: 'ann', reason: 'order 7' });
    await approvals.deny(id, { reason: 'it is not' }, OPERATOR);
    const { entries } = await on.ledger.audit({ event: 'approval', actor: 'ann' }, { limit: 9 });
    expect(entries).toMatchObject([
      {
        verdict: 'denied',
        reason: 'it is not',
        old_value: `${id} approved`,
        new_value: `${id} denied`,
      },
      {
        verdict: 'approved',
        reason: 'order 7',
        old_value: `${id} pending`,
        new_value: `${id} approved`,
      },
    ]);
  });

  it.each<Actor>([
    { name: 'vic', role: 'viewer', isApp: false },
    // The application's token while operators are configured.
    { name: 'app', role: 'viewer', isApp: true },
  ])('is not %j', async (by) => {
    const id = await on.asksFor(key);
    for (const answer of [approvals.approve(id, { reason: 'x' }, by), approvals.deny(id, {}, by)]) {
      await expect(answer).rejects.toMatchObject({
        status: 403,
        code: 'forbidden',
        fields: { role: 'operator' },
      });
    }
    expect(await approvals.one(id)).toMatchObject({ state: 'pending' });
  });

  it('is the application while it is the admin, with a reason or without', async () => {
    const id = await on.asksFor(key);
    const app: Actor = { name: 'app', role: 'admin', isApp: true };
    expect(await approvals.approve(id, undefined, app)).toMatchObject({ decided_by: 'app' });
  });

  it('is never a vault key: each that tries is written down', async () => {
    const refused = approvals.refuseVaultKey(token, '/v1/approvals/apr_1/approve', '10.0.0.1');
    await expect(refused).rejects.toMatchObject({ status: 403, code: 'forbidden' });
    const { entries } = await on.ledger.audit({ verdict: 'forbidden' }, { limit: 9 });
    expect(entries).toMatchObject([{ key_id: 'k', remote_address: '10.0.0.1', actor: 'key' }]);
    // What is no key's is the log-in's to refuse.
    await approvals.refuseVaultKey(newToken(), '/v1/approvals/apr_1/approve');
    await approvals.refuseVaultKey('kb_management', '/v1/approvals/apr_1/approve');
  });
});
