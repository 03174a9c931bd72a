import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { SecretWatch } from '../support/secret-watch';
import { BrokerServer } from '../support/broker-server';
import { BrokerProcess, send } from '../support/broker-process';
import type { Answer, IssuedKey } from '../support/broker-process';
import { until } from '../support/until';
import { RecordingVendor } from './recording-vendor';

let vendor: RecordingVendor;
let broker: BrokerServer;
beforeAll(async () => {
  vendor = await RecordingVendor.start();
});
afterAll(() => vendor.close());
beforeEach(async () => {
  vendor.reset();
  broker = await BrokerServer.start(vendor, { rules: { accounts: ['acct_1', 'acct_2'] } });
});
afterEach(() => broker.close());

const PATHS = ['payment_intents', 'payment_intents/*/capture', 'refunds', 'transfers'];
const issue = (fields: object = {}): Promise<IssuedKey> =>
  broker.issue({
    daily_usd_cap: 10_000,
    allowed_endpoints: PATHS.map((path) => `POST /v1/${path}`),
    approve_above_usd: 100,
    subject: { tenant_id: 't1', user_id: 'u1' },
    ...fields,
  });
const pay = (key: IssuedKey, amount: number, more = '', headers = {}): Promise<Answer> =>
  broker.call(key.token, 'POST', '/v1/payment_intents', {
    body: `amount=${amount}&currency=usd${more}`,
    headers,
  });
const idOf = ({ status, body }: Answer): string => {
  expect([status, body.code]).toEqual([403, 'approval_required']);
  return body.approval_id as string;
};
const answer = (id: string, what: 'approve' | 'deny', reason = 'looked at it'): Promise<Answer> =>
  broker.api('POST', `/v1/approvals/${id}/${what}`, { reason });

describe('a threshold', () => {
  it('is echoed with the key, and shown with it and with a budget', async () => {
    const key = await issue({ approve_above_usd: 12.34, limits: { calls_per_minute: 5 } });
    expect(key).toMatchObject({ approve_above_usd: 12.34, limits: { calls_per_minute: 5 } });
    expect((await broker.api('GET', `/v1/keys/${key.id}`)).body.approve_above_usd).toBe(12.34);
    const plain = await broker.issue();
    expect(Object.keys(plain)).not.toContain('approve_above_usd');
    const set = { daily_usd_cap: 500, approve_above_usd: 0 };
    const { body } = await broker.api('PUT', '/v1/budgets/user/u9', set);
    expect(body).toMatchObject({ daily_usd_cap: 500, approve_above_usd: 0 });
    expect(Object.keys(body as object)).not.toContain('limits');
    const { body: listed } = await broker.api('GET', '/v1/budgets');
    expect(listed.budgets).toMatchObject([{ id: 'u9', approve_above_usd: 0 }]);
  });

  it.each([null, '100', -1, 1.001, 1_000_001, [100], true])('is refused as %j', async (above) => {
    const fields = { daily_usd_cap: 5, approve_above_usd: above };
    const issued = await broker.api('POST', '/v1/keys', {
      label: 'a label',
      vendor: 'stripe',
      allowed_endpoints: ['/v1/refunds'],
      ...fields,
    });
    const budget = await broker.api('PUT', '/v1/budgets/user/u1', fields);
    for (const { status, body } of [issued, budget]) {
      expect(status).toBe(422);
      expect((body.fields as { field: string }[]).map(({ field }) => field)).toEqual([
        'approve_above_usd',
      ]);
    }
  });
});

describe('a call above it', () => {
  it('is refused, sent nowhere, and shown with all that a person needs to know', async () => {
    const key = await issue();
    const refused = await pay(key, 15_000, '&customer=cus_1&metadata[order]=7&confirm=true');
    const id = idOf(refused);
    expect(refused.headers['stripe-should-retry']).toBe('false');
    expect(refused.body.error).toMatchObject({
      type: 'vault_key_error',
      code: 'approval_required',
      approval_id: id,
      expires_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(vendor.received).toEqual([]);
    const { status, body } = await broker.api('GET', `/v1/approvals/${id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id,
      state: 'pending',
      vendor: 'stripe',
      subject: { tenant_id: 't1', user_id: 'u1' },
      key_id: key.id,
      method: 'POST',
      path: '/v1/payment_intents',
      object_id: null,
      usd: 150,
      amount: 15_000,
      currency: 'usd',
      customer: 'cus_1',
      destinations: [],
      parameters: [
        { name: 'amount', value: '15000' },
        { name: 'currency', value: 'usd' },
        { name: 'customer', value: 'cus_1' },
        { name: 'metadata[order]', value: '7' },
        { name: 'confirm', value: 'true' },
      ],
      approve_above_usd: 100,
      scope: 'key',
      expires_at: refused.body.expires_at,
    });
    expect((await broker.api('GET', `/v1/keys/${key.id}`)).body).toMatchObject({ held_usd: 0 });
  });

  it('passes once it is approved, once, with its parameters in any order, as any client sends it', async () => {
    const key = await issue();
    const id = idOf(await pay(key, 15_000, '&customer=cus_1'));
    expect((await answer(id, 'approve')).body).toMatchObject({
      id,
      state: 'approved',
      decided_by: 'app',
      reason: 'looked at it',
    });
    const other = await issue();
    const passed = await broker.call(other.token, 'POST', '/v1/payment_intents', {
      body: '{"customer":"cus_1","currency":"USD","amount":15000}',
      headers: { 'content-type': 'application/json', 'user-agent': 'another', accept: '*/*' },
    });
    expect(passed.status).toBe(200);
    expect(vendor.received).toHaveLength(1);
    expect(idOf(await pay(key, 15_000, '&customer=cus_1'))).not.toBe(id);
    expect((await broker.api('GET', `/v1/approvals/${id}`)).body).toMatchObject({ state: 'used' });
  });

  it('passes by no approval of another cent, currency, parameter, account, tenant, user or version', async () => {
    const key = await issue();
    await answer(idOf(await pay(key, 15_000, '', { 'Stripe-Account': 'acct_1' })), 'approve');
    const account = { 'Stripe-Account': 'acct_1' };
    for (const others of [
      () => pay(key, 15_001, '', account),
      () => pay(key, 14_999, '', account),
      () => pay(key, 15_000, '&metadata[a]=1', account),
      () => pay(key, 15_000, '', {}),
      () => pay(key, 15_000, '', { 'Stripe-Account': 'acct_2' }),
      () => pay(key, 15_000, '', { ...account, 'Stripe-Version': '2025-01-27.acacia' }),
      async () => pay(await issue({ subject: { user_id: 'u1' } }), 15_000, '', account),
      async () =>
        pay(await issue({ subject: { tenant_id: 't1', user_id: 'u2' } }), 15_000, '', account),
    ]) {
      idOf(await others());
    }
    expect(vendor.received).toEqual([]);
    expect((await pay(key, 15_000, '', account)).status).toBe(200);
  });

  it('passes in exactly one of 40 copies at once, and its retries share its hold', async () => {
    const key = await issue();
    await answer(idOf(await pay(key, 15_000)), 'approve');
    const copies = Array.from({ length: 40 }, (_, i) =>
      pay(key, 15_000, '', { 'Idempotency-Key': `copy ${i}` }),
    );
    const answers = await Promise.all(copies);
    const passed = answers.findIndex(({ status }) => status === 200);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(vendor.received).toHaveLength(1);
    const retried = await pay(key, 15_000, '', { 'Idempotency-Key': `copy ${passed}` });
    expect(retried.status).toBe(200);
    expect((await broker.api('GET', `/v1/keys/${key.id}`)).body).toMatchObject({
      spent_usd: 150,
      held_usd: 0,
    });
  });

  it('is refused where it was denied: 403 approval_denied, with the reason', async () => {
    const key = await issue();
    const id = idOf(await pay(key, 15_000));
    expect((await answer(id, 'deny', 'not this month')).body).toMatchObject({ state: 'denied' });
    const { status, body } = await pay(key, 15_000);
    expect([status, body.code, body.approval_id, body.reason]).toEqual([
      403,
      'approval_denied',
      id,
      'not this month',
    ]);
  });

  it('asks for a transfer with where it goes', async () => {
    const key = await issue();
    const body = 'amount=20000&currency=usd&destination=acct_9';
    const id = idOf(await broker.call(key.token, 'POST', '/v1/transfers', { body }));
    expect((await broker.api('GET', `/v1/approvals/${id}`)).body).toMatchObject({
      usd: 200,
      destinations: ['acct_9'],
    });
  });

  it('names the amount that the broker adds, and is another call once that is another', async () => {
    vendor.respond = (_req, res, { method }) => {
      const intent = { id: 'pi_1', object: 'payment_intent', amount: 30_000, currency: 'usd' };
      const rest = {
        status: 'requires_capture',
        amount_capturable: 30_000,
        capture_method: 'manual',
      };
      const body = method === 'GET' ? { ...intent, ...rest, latest_charge: null } : intent;
      res.end(JSON.stringify(body));
    };
    const key = await issue();
    const capture = ({ token } = key) =>
      broker.call(token, 'POST', '/v1/payment_intents/pi_1/capture');
    const id = idOf(await capture());
    // Only who may read the payment is told what it comes to.
    expect((await capture()).text).not.toContain('requested_usd');
    const allowed = ['GET', 'POST'].map((method) => `${method} /v1/payment_intents/*`);
    const reader = await issue({
      allowed_endpoints: [...allowed, 'POST /v1/payment_intents/*/capture'],
    });
    expect((await capture(reader)).body).toMatchObject({ approval_id: id, requested_usd: 300 });
    expect((await broker.api('GET', `/v1/approvals/${id}`)).body).toMatchObject({
      object_id: 'pi_1',
      usd: 300,
      amount: 30_000,
      currency: 'usd',
      parameters: [{ name: 'amount_to_capture', value: '30000' }],
    });
    expect(idOf(await capture())).toBe(id);
  });

  it('may be sent again where nothing was sent', async () => {
    await broker.close();
    // Nothing listens there.
    broker = await BrokerServer.start({ url: 'http://127.0.0.1:9', secretKey: vendor.secretKey });
    const key = await issue();
    const id = idOf(await pay(key, 15_000));
    await answer(id, 'approve');
    for (let i = 0; i < 2; i++) {
      expect((await pay(key, 15_000)).body.code).toBe('vendor_unreachable');
      expect((await broker.api('GET', `/v1/approvals/${id}`)).body.state).toBe('approved');
    }
  });
});

it('an approval outlives the process: the call passes after a crash, once', async () => {
  const crashed = await BrokerProcess.start({ vendor });
  const key = await crashed.issue({
    daily_usd_cap: 10_000,
    allowed_endpoints: ['POST /v1/payment_intents'],
    approve_above_usd: 100,
  });
  const payBy = (by: BrokerProcess) =>
    by.call(key.token, 'POST', '/v1/payment_intents', { body: 'amount=15000&currency=usd' });
  const id = idOf(await payBy(crashed));
  await crashed.api('POST', `/v1/approvals/${id}/approve`, { reason: 'order 7' });
  await crashed.kill('SIGKILL');
  const next = await BrokerProcess.start({ vendor, store: crashed.store });
  expect((await payBy(next)).status).toBe(200);
  await next.kill('SIGKILL');
  const last = await BrokerProcess.start({ vendor, store: crashed.store });
  idOf(await payBy(last));
  expect(vendor.received).toHaveLength(1);
});

it('an approval that was used as the process was killed, before its call left, lets no copy pass', async () => {
  // A vendor whose TLS never begins: the call is admitted, and nothing of it can be sent.
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => sockets.add(socket.on('error', () => {})));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const url = `https://127.0.0.1:${port}`;
  const first = await BrokerProcess.start({ vendor: { url, secretKey: vendor.secretKey } });
  const key = await first.issue({
    daily_usd_cap: 10_000,
    allowed_endpoints: ['POST /v1/payment_intents'],
    approve_above_usd: 100,
  });
  const ask = (on: BrokerProcess, copy: number): Promise<Answer> =>
    on.call(key.token, 'POST', '/v1/payment_intents', {
      body: 'amount=15000&currency=usd',
      headers: { 'Idempotency-Key': `copy ${copy}` },
    });
  const id = idOf(await ask(first, 0));
  await first.api('POST', `/v1/approvals/${id}/approve`, { reason: 'x' });
  const stateOf = async (on: BrokerProcess) =>
    (await on.api('GET', `/v1/approvals/${id}`)).body.state as string;
  const lost = ask(first, 0).catch(() => undefined);
  await until(
    async () => (await stateOf(first)) === 'used',
    async () => `it is ${await stateOf(first)}`,
  );
  await first.kill('SIGKILL');
  await lost;
  for (const socket of sockets) socket.destroy();
  silent.close();

  const second = await BrokerProcess.start({ vendor, store: first.store });
  // Nobody can tell any more whether it was sent.
  expect(await stateOf(second)).toBe('used');
  const { body: unknown } = await second.api('GET', '/v1/holds?state=unknown');
  expect(unknown.holds).toHaveLength(1);
  const copies = await Promise.all(Array.from({ length: 40 }, (_, i) => ask(second, i + 1)));
  const asked = new Set(copies.map(idOf));
  expect([asked.size, asked.has(id)]).toEqual([1, false]);
  expect(vendor.received).toEqual([]);
  // A retry is the same operation: it shares the hold that was taken with the approval.
  expect((await ask(second, 0)).status).toBe(200);
  expect(vendor.received).toHaveLength(1);
  expect(await second.money(key)).toMatchObject({ spent: 150, held: 0 });
  await second.kill('SIGTERM');
});

describe('what people are shown, and what is stored', () => {
  it('holds no secret of the call', async () => {
    const secrets = {
      iban: 'DE89370400440532013000',
      card: '4242 4242 4242 4242',
      password: 'hunter-2-hunter-2',
      vendorKey: 'sk_live_51HxqThatIsNoKey',
      client: 'pi_3Mtw_secret_YrKJUKribcBjcG8HVhfZluoGH',
    };
    const key = await issue();
    const parameters = {
      'payment_method_data[type]': 'sepa_debit',
      'payment_method_data[sepa_debit][iban]': secrets.iban,
      'metadata[note]': `charge ${secrets.card}`,
      'metadata[password]': secrets.password,
      'metadata[key]': secrets.vendorKey,
      'metadata[own]': key.token,
      description: secrets.client,
      customer: key.token,
      'transfer_data[destination]': secrets.vendorKey,
      'metadata[order]': '4242424242424241',
    };
    const body = `&${new URLSearchParams(parameters).toString()}`;
    const id = idOf(await pay(key, 15_000, body));
    const { body: shown, text } = await broker.api('GET', `/v1/approvals/${id}`);
    const values = Object.fromEntries(
      (shown.parameters as { name: string; value: string | null }[]).map(({ name, value }) => [
        name,
        value,
      ]),
    );
    expect(values).toEqual({
      amount: '15000',
      currency: 'usd',
      ...Object.fromEntries(Object.keys(parameters).map((name) => [name, null])),
      'payment_method_data[type]': 'sepa_debit',
      'metadata[order]': '4242424242424241',
    });
    expect([shown.customer, shown.destinations]).toEqual(['…', ['…']]);
    const watch = new SecretWatch();
    watch.show((await broker.api('GET', '/metrics')).text);
    await broker.close();
    for (const secret of [...Object.values(secrets), key.token]) watch.addSecret(secret);
    watch.show(text);
    watch.show(readFileSync(broker.store.replace(/^sqlite:/, ''), 'latin1'));
    expect(watch.leaks()).toEqual([]);
  });
});

describe('the answer', () => {
  it('needs a reason, and an approval that waits', async () => {
    const key = await issue();
    const id = idOf(await pay(key, 15_000));
    for (const body of [{ reason: '' }, { reason: 7 }, { reason: 'x', usd: 5 }]) {
      expect((await broker.api('POST', `/v1/approvals/${id}/approve`, body)).status).toBe(422);
    }
    expect((await answer('apr_none', 'approve')).status).toBe(404);
    expect((await answer(id, 'approve')).status).toBe(200);
    expect((await answer(id, 'approve')).status).toBe(422);
    expect((await broker.api('GET', '/v1/approvals/apr_none')).status).toBe(404);
  });

  it('is never a vault key’s, which is refused and audited', async () => {
    const key = await issue();
    const id = idOf(await pay(key, 15_000));
    for (const what of ['approve', 'deny']) {
      const { status, body } = await send(broker.url, 'POST', `/v1/approvals/${id}/${what}`, {
        headers: { authorization: `Bearer ${key.token}`, 'content-type': 'application/json' },
        body: '{"reason":"please"}',
      });
      expect([status, body.code, body.role]).toEqual([403, 'forbidden', 'operator']);
    }
    expect((await broker.api('GET', `/v1/approvals/${id}`)).body.state).toBe('pending');
    const { body } = await broker.api('GET', `/v1/audit?key_id=${key.id}&verdict=forbidden`);
    expect(body.entries).toMatchObject([
      { event: 'refusal', key_id: key.id, path: `/v1/approvals/${id}/approve` },
    ]);
  });

  it('lists what waits, by state and user, page by page', async () => {
    const key = await issue();
    const ids: string[] = [];
    for (const amount of [15_000, 16_000, 17_000]) ids.unshift(idOf(await pay(key, amount)));
    await answer(ids[2] as string, 'deny');
    const list = async (query: string) => (await broker.api('GET', `/v1/approvals${query}`)).body;
    const idsOf = (body: { approvals: { id: string }[] }) => body.approvals.map(({ id }) => id);
    expect(idsOf(await list(''))).toEqual(ids);
    expect(idsOf(await list('?state=pending'))).toEqual(ids.slice(0, 2));
    expect(idsOf(await list('?user_id=u2'))).toEqual([]);
    const page = await list('?limit=2');
    expect(idsOf(page)).toEqual(ids.slice(0, 2));
    expect(idsOf(await list(`?limit=2&cursor=${page.cursor}`))).toEqual(ids.slice(2));
    for (const bad of ['?state=open', '?limit=0', '?cursor=7', '?what=1']) {
      expect((await broker.api('GET', `/v1/approvals${bad}`)).status).toBe(422);
    }
  });

  it('stands in the audit log, with who asked, who answered and what used it', async () => {
    const key = await issue();
    const id = idOf(await pay(key, 15_000));
    await answer(id, 'approve', 'order 7');
    await pay(key, 15_000);
    const { body } = await broker.api('GET', `/v1/audit?key_id=${key.id}&event=approval`);
    const rows = body.entries as Record<string, unknown>[];
    expect(rows.map(({ verdict }) => verdict)).toEqual(['used', 'approved', 'asked']);
    for (const row of rows) {
      expect(row).toMatchObject({
        subject: { tenant_id: 't1', user_id: 'u1' },
        method: 'POST',
        path: '/v1/payment_intents',
        requested_usd: 150,
        amount: 15_000,
        currency: 'usd',
      });
    }
    expect(JSON.stringify(rows[1])).toContain('order 7');
    expect((await broker.api('GET', '/v1/audit/verify')).body).toMatchObject({ ok: true });
  });
});
