import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStripeVendor } from '../../testing/stripe-vendor';
import type { StripeVendor } from '../../testing/stripe-vendor';
import { Broker } from '../broker';
import type { OwnKey } from '../keys/keys';
import { openConnection } from './sqlite/sqlite-driver';
import { closeStore } from './sqlite/open-store';

const folder = mkdtempSync(join(tmpdir(), 'vault-key-unwritten-'));
let files = 0;
let vendor: StripeVendor;
let store: string;
let broker: Broker;

const open = () =>
  Broker.open({
    vendors: { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } },
    store,
  });
beforeAll(async () => {
  vendor = await createStripeVendor();
});
afterAll(async () => {
  await vendor.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  vendor.reset();
  const file = join(folder, `${++files}.db`);
  store = `sqlite:${file}`;
  await (await open()).close();
  const connection = openConnection(file);
  // The store takes no key with the label `refused` until there is a budget over the user `open`.
  connection.exec(`CREATE TRIGGER no_keys BEFORE INSERT ON audit
    WHEN NEW.entry ->> 3 = 'issue' AND NEW.entry ->> 6 = 'refused'
      AND NOT EXISTS (SELECT 1 FROM budgets WHERE target = 'open')
    BEGIN SELECT RAISE(FAIL, 'no keys for now'); END`);
  closeStore(connection);
  broker = await open();
});
afterEach(() => broker.close());

const request = (cap: number, parent?: OwnKey) => ({
  label: 'an invocation',
  vendor: 'stripe',
  daily_usd_cap: cap,
  allowed_endpoints: ['/v1/payment_intents'],
  subject: { user_id: 'u1' },
  ...(parent === undefined ? {} : { parent_id: parent.id }),
});
const pay = async ({ token }: OwnKey): Promise<number> => {
  const answer = await broker.forward({
    vendor: 'stripe',
    method: 'POST',
    target: '/v1/payment_intents',
    rawHeaders: [
      'authorization',
      `Bearer ${token}`,
      'content-type',
      'application/x-www-form-urlencoded',
    ],
    body: Buffer.from(
      'amount=1000&currency=usd&payment_method=pm_card_visa&confirm=true&return_url=https://example.com/done',
    ),
  });
  await answer.bytes(1_000_000);
  return answer.status;
};
/** Issues a key whose first write fails. */
async function issueInVain(cap: number): Promise<OwnKey> {
  const key = await broker.issueForOwnWork({ ...request(cap), label: 'refused' });
  // A read has what waits written first.
  await broker.brakes();
  return key;
}
const letKeysIn = () => broker.putBudget('user', 'open', { daily_usd_cap: 1 });
const moneyOf = async ({ id }: OwnKey, by = broker) => {
  const { spent_usd: spent, held_usd: held } = await by.key(id);
  return { spent, held };
};

describe('a key that was given out before it was written', () => {
  it('is written with all keys above it, parents first: nothing resets what they have spent', async () => {
    const top = await broker.issueForOwnWork({ ...request(10), label: 'refused' });
    const outer = await broker.issueForOwnWork(request(100, top));
    const inner = await broker.issueForOwnWork(request(100, outer));
    // The write of the first fails, and what is below it is not written without it.
    await broker.brakes();
    expect(await pay(inner)).toBe(503);
    await letKeysIn();
    expect(await pay(inner)).toBe(200);
    for (const key of [top, outer, inner]) expect(await pay(key)).toBe(429);
    for (const key of [top, outer, inner])
      expect(await moneyOf(key)).toEqual({ spent: 10, held: 0 });
    expect(vendor.book.total('usd')).toBe(1_000);

    await broker.close();
    broker = await open();
    for (const key of [top, outer, inner])
      expect(await moneyOf(key)).toEqual({ spent: 10, held: 0 });
    const issued = await broker.audit({ event: 'issue' });
    expect(issued.entries.map(({ key_id: id }) => id).reverse()).toEqual([
      top.id,
      outer.id,
      inner.id,
    ]);
  });

  it('is found like any other, before and after it is written', async () => {
    const key = await issueInVain(10);
    expect(await broker.key(key.id)).toMatchObject({
      id: key.id,
      status: 'active',
      remaining_usd: 10,
    });
    await letKeysIn();
    expect((await broker.keys({ user_id: 'u1' })).keys.map(({ id }) => id)).toEqual([key.id]);
    expect((await broker.figures()).liveKeys).toBe(1);
  });

  it('is braked by its id, and counted by a brake over all', async () => {
    const key = await issueInVain(10);
    await letKeysIn();
    const stopped = { reason: 'a test' };
    expect(await broker.brake({ scope: 'key', id: key.id, ...stopped })).toMatchObject({
      target: key.id,
    });
    expect(await pay(key)).toBe(403);
    expect((await broker.key(key.id)).status).toBe('braked');
    expect((await broker.figures()).liveKeys).toBe(1);
    expect(vendor.book.total('usd')).toBe(0);
  });

  it('is written by itself once the store can be, and revoked like any other', async () => {
    const key = await issueInVain(10);
    await letKeysIn();
    const other = await issueInVain(10);
    expect(await broker.revokeAll({ ids: [key.id] })).toEqual({ revoked: 1, unknown: [] });
    expect(await pay(key)).toBe(401);
    expect((await broker.audit({ event: 'issue' })).entries.map(({ key_id: id }) => id)).toEqual(
      expect.arrayContaining([key.id, other.id]),
    );
    await broker.close();
    broker = await open();
    expect((await broker.key(other.id)).status).toBe('active');
    expect((await broker.key(key.id)).status).toBe('revoked');
  });
});
