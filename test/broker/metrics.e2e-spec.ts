import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { BrokerServer } from '../support/broker-server';
import { TelemetrySdk } from '../support/telemetry-sdk';

const ENDPOINTS = [
  '/v1/payment_intents',
  '/v1/payment_intents/*/capture',
  '/v1/payment_intents/*/cancel',
];

let vendor: StripeVendor;
let sdk: TelemetrySdk;
let broker: BrokerServer;

beforeAll(async () => {
  vendor = await createStripeVendor();
  sdk = TelemetrySdk.register();
  broker = await BrokerServer.start(vendor);
});
afterAll(async () => {
  await broker.close();
  await vendor.close();
  sdk.end();
});

const pay = (token: string, cents: number, more = '') =>
  broker.call(token, 'POST', '/v1/payment_intents', {
    body: `amount=${cents}&currency=usd&confirm=true&payment_method=pm_card_visa&allowed_payment_method_types[0]=card${more}`,
  });

/** What Prometheus reads: the value of each series. */
async function scrape(): Promise<Map<string, number>> {
  const { text } = await broker.api('GET', '/metrics');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}

it('dollars spent, given back, refused, held, unknown and left are those of the ledger', async () => {
  const key = await broker.issue({
    daily_usd_cap: 100,
    allowed_endpoints: ENDPOINTS,
    subject: { user_id: 'ada', tenant_id: 't1' },
  });
  await broker.api('PUT', '/v1/budgets/user/ada', { daily_usd_cap: 90, tenant_id: 't1' });
  await broker.api('PUT', '/v1/budgets/user/*', { daily_usd_cap: 500 });
  expect((await pay(key.token, 2_000)).status).toBe(200);
  const { body } = await pay(key.token, 3_000, '&capture_method=manual');
  const capture = `/v1/payment_intents/${body.id}/capture`;
  await broker.call(key.token, 'POST', capture, { body: 'amount_to_capture=1000' });
  vendor.next('POST /v1/payment_intents', { reset: 'after' });
  expect((await pay(key.token, 500)).status).toBe(502);
  expect((await pay(key.token, 9_000)).body.code).toBe('cap_exhausted');

  const series = await scrape();
  expect(Object.fromEntries(series)).toMatchObject({
    'vault_key_spent_usd_total{vendor="stripe"}': 50,
    'vault_key_given_back_usd_total{vendor="stripe"}': 20,
    'vault_key_undone_usd_total{vendor="stripe"}': 0,
    'vault_key_refused_usd_total{vendor="stripe",verdict="cap_exhausted"}': 90,
    'vault_key_open_holds_usd{state="held"}': 0,
    'vault_key_open_holds_usd{state="unknown"}': 5,
    'vault_key_budget_remaining_usd{scope="user",id="ada",tenant="t1",user="",period="day",mode="enforce"}': 55,
    'vault_key_added_latency_seconds_count{vendor="stripe"}': 3,
  });
  const { spent, held } = await broker.money(key);
  expect([spent, held]).toEqual([30, 5]);
  // A default over many is no series.
  expect([...series.keys()].filter((name) => name.includes('budget_remaining'))).toHaveLength(1);
});

it('OpenTelemetry is told the same', async () => {
  const measured = await sdk.measure();
  const value = (name: string, attributes: Record<string, string>) =>
    measured.find(
      (each) =>
        each.name === name &&
        Object.entries(attributes).every(([label, text]) => each.attributes[label] === text),
    )?.value;
  const vendorOnly = { vendor: 'stripe' };
  expect({
    spent: value('vault_key.spent', vendorOnly),
    givenBack: value('vault_key.given_back', vendorOnly),
    refused: value('vault_key.refused', { ...vendorOnly, verdict: 'cap_exhausted' }),
    unknown: value('vault_key.open_holds.amount', { state: 'unknown' }),
    remaining: value('vault_key.budget.remaining', { scope: 'user', id: 'ada' }),
    answered: value('vault_key.added_latency', vendorOnly),
  }).toEqual({ spent: 50, givenBack: 20, refused: 90, unknown: 5, remaining: 55, answered: 3 });
  const dollars = measured.filter(({ name }) => /spent|refused|amount|remaining/.test(name));
  expect(new Set(dollars.map(({ unit }) => unit))).toEqual(new Set(['{USD}']));
  const text = JSON.stringify(measured);
  for (const secret of [broker.token, vendor.secretKey, 'vault_key_t']) {
    expect(text).not.toContain(secret);
  }
});

it('each budget of a subject is a series of its own: of each period, in shadow mode, and of each user of a run', async () => {
  const own = await BrokerServer.start(vendor);
  const put = (path: string, body: object) => own.api('PUT', `/v1/budgets/${path}`, body);
  await put('vendor/stripe', { daily_usd_cap: 10 });
  await put('vendor/stripe', { daily_usd_cap: 50, period: 'week' });
  await put('vendor/stripe', { daily_usd_cap: 5, mode: 'shadow' });
  await put('run/r1', { daily_usd_cap: 1, tenant_id: 't', user_id: 'ann' });
  await put('run/r1', { daily_usd_cap: 2, tenant_id: 't', user_id: 'bob' });
  const { text } = await own.api('GET', '/metrics');
  const lines = text.split('\n').filter((line) => line.startsWith('vault_key_budget_remaining'));
  const series = lines.map((line) => line.replace('vault_key_budget_remaining_usd', '')).sort();
  expect(series).toEqual([
    '{scope="run",id="r1",tenant="t",user="ann",period="day",mode="enforce"} 1',
    '{scope="run",id="r1",tenant="t",user="bob",period="day",mode="enforce"} 2',
    '{scope="vendor",id="stripe",tenant="",user="",period="day",mode="enforce"} 10',
    '{scope="vendor",id="stripe",tenant="",user="",period="day",mode="shadow"} 5',
    '{scope="vendor",id="stripe",tenant="",user="",period="week",mode="enforce"} 50',
  ]);
  await own.close();
});

it('what the vendor takes is no time that the broker adds', async () => {
  const key = await broker.issue();
  const sum = async () =>
    (await scrape()).get('vault_key_added_latency_seconds_sum{vendor="stripe"}') ?? 0;
  const before = await sum();
  const delayMs = 200;
  vendor.next('POST /v1/payment_intents', { delayMs });
  const began = performance.now();
  expect((await pay(key.token, 100)).status).toBe(200);
  const took = (performance.now() - began) / 1_000;
  expect((await sum()) - before).toBeLessThan(took - 0.9 * (delayMs / 1_000));
});
