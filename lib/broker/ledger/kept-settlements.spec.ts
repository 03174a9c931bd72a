import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyRecord } from '../keys/key';
import type { Outcome, Price } from '../pricing/price';
import type { AdmittedCall } from './records';
import { openConnection } from './sqlite/sqlite-driver';
import { SqliteLedger } from './sqlite/sqlite-ledger';
import { closeStore } from './sqlite/open-store';

const CENT = 10_000;
const folder = mkdtempSync(join(tmpdir(), 'vault-key-kept-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const KEY: KeyRecord = {
  id: 'k',
  tokenHash: 'hash',
  label: 'k',
  vendor: 'stripe',
  capMicros: 1_000_000 * CENT,
  allowedEndpoints: ['/v1/payment_intents'],
  subject: { user_id: 'u' },
  budgets: {},
  createdAt: 1_000,
  expiresAt: 1e15,
};
const INTENT = { id: 'pi_1', aliases: [], amount: 500, currency: 'usd' };

async function admit(ledger: SqliteLedger, callId: string, price: Price): Promise<AdmittedCall> {
  const decision = await ledger.admit({
    callId,
    key: KEY,
    account: '',
    price,
    audit: { at: 'then', event: 'refusal', call_id: callId, key_id: KEY.id },
  });
  if (!decision.admitted) throw decision.refusal;
  return decision.call;
}
const end = (ledger: SqliteLedger, hold: AdmittedCall, outcome: Outcome) =>
  ledger.end({ call: hold, outcome, audit: {} });
const balance = async (ledger: SqliteLedger) => (await ledger.key(KEY.id))?.balance;

it('settlements on one object are written in their order, whichever the store takes first', async () => {
  const file = join(folder, 'order.db');
  await new SqliteLedger(file).close();
  // Fails for the settlement of the payment alone, until there is a lease.
  const connection = openConnection(file);
  connection.exec(
    `CREATE TRIGGER refuses BEFORE INSERT ON redo
     WHEN NEW.changes LIKE '%["call_pay",null]%' AND NOT EXISTS (SELECT 1 FROM leases)
     BEGIN SELECT RAISE(FAIL, 'full'); END`,
  );
  closeStore(connection);
  const ledger = new SqliteLedger(file);
  await ledger.issue(KEY);
  const payment = await admit(ledger, 'call_pay', {
    kind: 'amount',
    micros: 500 * CENT,
    amount: 500,
    currency: 'usd',
  });
  await end(ledger, payment, { ending: 'settled', object: INTENT, reportedMicros: 500 * CENT });
  const cancel = await admit(ledger, 'call_cancel', { kind: 'cancel', objectId: 'pi_1' });
  await end(ledger, cancel, {
    ending: 'settled',
    object: { ...INTENT, isFinal: true },
    finalMicros: 0,
  });
  // What has nothing to do with it is not held up.
  const other = await admit(ledger, 'call_other', {
    kind: 'amount',
    micros: 100 * CENT,
    amount: 100,
    currency: 'usd',
  });
  await end(ledger, other, { ending: 'settled' });
  expect(await balance(ledger)).toEqual({ spent: 100 * CENT, held: 500 * CENT, undone: 0 });

  await ledger.beginLease('lease', 1_000);
  await ledger.close();
  const again = new SqliteLedger(file);
  expect(await balance(again)).toEqual({ spent: 100 * CENT, held: 0, undone: 0 });
  expect((await again.holds({ state: 'settled' }, { limit: 10 })).entries).toHaveLength(3);
  expect(await again.verifyAudit()).toMatchObject({ ok: true });
  await again.close();
});
