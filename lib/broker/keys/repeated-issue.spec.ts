import { Broker } from '../broker';
import { BrokerRefusal } from '../refusal';

const REQUEST_ID = '0mhzk3a1x0123456789abcdef';
const TERMS = {
  label: 'nest-u1-r1',
  vendor: 'stripe',
  daily_usd_cap: 100,
  allowed_endpoints: ['/v1/payment_intents', '/v1/refunds'],
  subject: { user_id: 'u1', run_id: 'r1' },
  budgets: { user: 500 },
};

let broker: Broker;
beforeEach(async () => {
  broker = await Broker.open({
    store: 'sqlite::memory:',
    vendors: { stripe: { secretKey: 'sk_test_1', baseUrl: 'http://127.0.0.1:9' } },
  });
});
afterEach(() => broker.close());

const issue = (fields: object = {}, isGone = () => false) =>
  broker.issue({ ...TERMS, request_id: REQUEST_ID, ...fields }, undefined, isGone);
const statusOf = async (id: string) => (await broker.key(id)).status;
const faultsOf = (issuing: Promise<unknown>) =>
  issuing.then(
    () => [],
    (error: unknown) => (error as BrokerRefusal).fields['fields'],
  );

describe('a request for a key that is repeated', () => {
  it('revokes the key that it has led to before, and leads to another one', async () => {
    const first = await issue();
    expect(first).toMatchObject({ request_id: REQUEST_ID });
    const second = await issue();
    expect(second.id).not.toBe(first.id);
    expect(second.token).not.toBe(first.token);
    expect(await statusOf(first.id)).toBe('revoked');
    expect(await statusOf(second.id)).toBe('active');
    const third = await issue();
    expect(await statusOf(second.id)).toBe('revoked');
    expect(await statusOf(third.id)).toBe('active');
  });

  it('leaves one live key where it comes many times at once', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => issue()));
    expect(new Set(keys.map(({ id }) => id)).size).toBe(8);
    expect((await broker.keys({ status: 'active' })).keys).toHaveLength(1);
  });

  it('is refused with other terms, whatever differs, and revokes nothing', async () => {
    const first = await issue();
    for (const other of [
      { label: 'nest-u2-r1' },
      { daily_usd_cap: 101 },
      { allowed_endpoints: ['/v1/refunds', '/v1/payment_intents'] },
      { expires_in: '6m' },
      { subject: { user_id: 'u2', run_id: 'r1' } },
      { budgets: { user: 501 } },
      { budgets: undefined },
      { parent_id: (await broker.issue(TERMS)).id },
      { lease_id: (await broker.leases.begin({ ttl_seconds: 60 })).id },
    ]) {
      expect(await faultsOf(issue(other))).toEqual([
        expect.objectContaining({ field: 'request_id' }),
      ]);
    }
    expect(await statusOf(first.id)).toBe('active');
  });

  it('revokes nothing where it comes late, and its caller has gone on without it', async () => {
    const first = await issue();
    await expect(issue({}, () => true)).rejects.toMatchObject({ code: 'caller_gone' });
    expect(await statusOf(first.id)).toBe('active');
  });

  it('may be repeated 12 times', async () => {
    for (let i = 0; i <= 12; i++) await issue();
    expect(await faultsOf(issue())).toEqual([expect.objectContaining({ field: 'request_id' })]);
  });

  it.each(['', 'short', 'x'.repeat(65), 'a request id with blanks', 12, null, ['0'.repeat(16)]])(
    'has no id such as %j',
    async (requestId) => {
      expect(await faultsOf(issue({ request_id: requestId }))).toEqual([
        expect.objectContaining({ field: 'request_id' }),
      ]);
    },
  );

  it('is another request than one whose id is longer', async () => {
    const [one, other] = [await issue(), await issue({ request_id: `${REQUEST_ID}-1` })];
    await issue();
    expect(await statusOf(one.id)).toBe('revoked');
    expect(await statusOf(other.id)).toBe('active');
  });
});
