import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { openConnection } from '../../lib/broker/ledger/sqlite/sqlite-driver';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerProcess, RunningBroker, send, temporaryFile } from '../support/broker-process';
import { BrokerServer } from '../support/broker-server';
import type { IssuedKey } from '../support/broker-process';
import { until } from '../support/until';

const PAYMENT =
  'amount=1000&currency=usd&payment_method=pm_card_visa&allowed_payment_method_types[0]=card&confirm=true';

interface Entry {
  seq: number;
  event: string;
  verdict: string | null;
  reason: string | null;
  at: string;
  call_id: string | null;
  key_id: string | null;
  path: string | null;
  settled_usd: number | null;
  cap_usd: number | null;
  actor: string;
  subject: Record<string, string>;
  old_value: string | null;
  new_value: string | null;
}

let vendor: StripeVendor;
let broker: RunningBroker;
beforeAll(async () => {
  vendor = await createStripeVendor();
  broker = await BrokerServer.start(vendor);
});
afterAll(() => vendor.close());
beforeEach(() => vendor.reset());

const pay = ({ token }: IssuedKey, headers = {}, on = broker) =>
  on.call(token, 'POST', '/v1/payment_intents', { body: PAYMENT, headers });
const entries = async (query: string, on = broker) => {
  const { status, body } = await on.api('GET', `/v1/audit?${query}`);
  expect([query, status]).toEqual([query, 200]);
  return body.entries as Entry[];
};
const openLines = (on: RunningBroker, query = '') =>
  new Promise<IncomingMessage>((resolve, reject) => {
    get(
      `${on.url}/v1/audit${query}`,
      { headers: { authorization: `Bearer ${on.token}`, accept: 'application/x-ndjson' } },
      resolve,
    ).on('error', reject);
  });
const readLines = async (answer: IncomingMessage) => {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const lines = Buffer.concat(chunks).toString().split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => JSON.parse(line) as Entry);
};

describe('GET /v1/audit', () => {
  it('shows a call as one entry, with all that is known of it', async () => {
    const subject = { tenant_id: 't1', user_id: 'u1', run_id: 'r1', tool: 'Tool.charge' };
    const key = await broker.issue({ subject });
    expect((await pay(key, { 'idempotency-key': 'audited-1' })).status).toBe(200);
    const [call, issue, ...more] = await entries(`key_id=${key.id}`);
    expect(more).toEqual([]);
    expect(issue).toMatchObject({ event: 'issue', key_id: key.id, cap_usd: 100 });
    expect(call).toEqual({
      seq: expect.any(Number),
      at: expect.stringMatching(/Z$/),
      event: 'call',
      actor: 'key',
      old_value: null,
      new_value: null,
      call_id: expect.stringMatching(/^call_/),
      key_id: key.id,
      label: 'nest-u1-r1',
      subject,
      vendor: 'stripe',
      method: 'POST',
      path: '/v1/payment_intents',
      verdict: 'settled',
      reason: null,
      requested_usd: 10,
      settled_usd: 10,
      day: call?.at.slice(0, 10),
      amount: 1000,
      currency: 'usd',
      cap_usd: 100,
      spent_usd: 10,
      held_usd: 0,
      remaining_usd: 90,
      idempotency_key_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      vendor_status: 200,
      vendor_request_id: expect.stringMatching(/^req_/),
      latency_ms: expect.any(Number),
      remote_address: '127.0.0.1',
      count: 1,
    });
  });

  it('shows a call once it has ended, at the time at which it was admitted', async () => {
    const key = await broker.issue();
    const held = vendor.hold('POST /v1/payment_intents');
    const paid = pay(key);
    await held.arrived;
    expect(await entries(`key_id=${key.id}&event=call`)).toEqual([]);
    const before = new Date().toISOString();
    held.release();
    await paid;
    const calls = await entries(`key_id=${key.id}&event=call`);
    expect(calls).toMatchObject([{ verdict: 'settled' }]);
    expect((calls[0]?.at ?? '') <= before).toBe(true);
  });

  it('shows each call that a killed broker had under way as unknown, and its money once', async () => {
    const own = await BrokerProcess.start({ vendor });
    const key = await own.issue({ subject: { user_id: 'cut-off' } });
    const headers = { 'idempotency-key': 'cut off' };
    const held = vendor.hold('POST /v1/payment_intents');
    const lost = pay(key, headers, own).catch(() => {});
    await held.arrived;
    // A retry shares the hold, and a free call has none: each has its row.
    const second = vendor.hold('POST /v1/payment_intents');
    const retried = pay(key, headers, own).catch(() => {});
    await second.arrived;
    const third = vendor.hold('POST /v1/payment_intents/pi_none');
    const free = own
      .call(key.token, 'POST', '/v1/payment_intents/pi_none', { body: 'description=free' })
      .catch(() => {});
    await third.arrived;
    await own.kill('SIGKILL');
    await Promise.all([lost, retried, free]);
    for (const each of [held, second, third]) each.release();
    const again = await own.restart();
    const calls = (await entries(`key_id=${key.id}&event=call`, again)).reverse();
    expect(calls).toMatchObject([
      { verdict: 'unknown', requested_usd: 10, settled_usd: 0, path: '/v1/payment_intents' },
      { verdict: 'unknown', requested_usd: 0, settled_usd: 0, path: '/v1/payment_intents' },
      { verdict: 'unknown', requested_usd: 0, settled_usd: 0, path: '/v1/payment_intents/pi_none' },
    ]);
    expect(calls[0]?.reason).toBe('the broker stopped before the end of the call was written');
    expect(new Set(calls.map(({ call_id: id }) => id)).size).toBe(3);
    expect(await again.money(key)).toMatchObject({ spent: 0, held: 10 });
    await again.kill('SIGKILL');
    expect(await entries(`key_id=${key.id}&event=call`, await again.restart())).toHaveLength(3);
  });

  it('has the row of a call that only reads', async () => {
    const key = await broker.issue({ allowed_endpoints: ['/v1/payment_intents/*'] });
    const read = () => broker.call(key.token, 'GET', '/v1/payment_intents/pi_none');
    expect((await read()).status).toBe(404);
    const calls = await entries(`key_id=${key.id}&event=call`);
    expect(calls).toMatchObject([{ verdict: 'released', path: '/v1/payment_intents/pi_none' }]);
  });

  it('has a row for every issue, revoke, brake, lift, budget change, settlement and refusal', async () => {
    const own = await BrokerServer.start(vendor);
    const key = await own.issue({ daily_usd_cap: 25, subject: { user_id: 'u1' } });
    await own.api('PUT', '/v1/budgets/user/u1', { daily_usd_cap: 20 });
    await own.api('DELETE', '/v1/budgets/user/u1');
    vendor.next('POST /v1/payment_intents', { reset: 'after' });
    await pay(key, {}, own);
    const { body } = await own.api('GET', '/v1/holds?state=unknown');
    await own.api('POST', `/v1/holds/${body.holds[0].id}/settle`, { usd: 20 });
    await pay(key, {}, own);
    await own.call(key.token, 'POST', '/v1/refunds', { body: 'amount=1' });
    const brake = await own.api('POST', '/v1/brakes', { scope: 'all', reason: 'stop' });
    await pay(key, {}, own);
    await own.api('DELETE', `/v1/brakes/${brake.body.id}`);
    await own.api('DELETE', `/v1/keys/${key.id}`);
    await own.api('DELETE', `/v1/keys/${key.id}`);
    await pay(key, {}, own);
    const log = (await entries('', own)).reverse();
    expect(log.map(({ event, verdict }) => [event, verdict])).toEqual([
      ['issue', null],
      ['budget', 'set'],
      ['budget', 'removed'],
      ['call', 'unknown'],
      ['settlement', 'settled'],
      ['refusal', 'cap_exhausted'],
      ['refusal', 'endpoint_not_allowed'],
      ['brake', 'braked'],
      ['refusal', 'braked'],
      ['lift', 'lifted'],
      ['revoke', null],
    ]);
  });

  it('adds up to what is spent: what a capture or a cancel gives back has a row of its own', async () => {
    const own = await BrokerServer.start(vendor);
    const subject = { user_id: 'u1' };
    const endpoints = ['', '/*/capture', '/*/cancel'].map((path) => `/v1/payment_intents${path}`);
    const key = await own.issue({ allowed_endpoints: endpoints, subject });
    const other = await own.issue({ allowed_endpoints: endpoints, subject });
    const post = (path: string, body: string, by = key) =>
      own.call(by.token, 'POST', `/v1/payment_intents${path}`, { body });
    const authorize = async () =>
      (
        await post(
          '',
          'amount=2000&currency=usd&payment_method=pm_card_visa&allowed_payment_method_types[0]=card&confirm=true&capture_method=manual',
        )
      ).body.id as string;
    const [first, second] = [await authorize(), await authorize()];
    // The other key captures it: the money goes back to the key that paid.
    expect((await post(`/${first}/capture`, 'amount_to_capture=1500', other)).status).toBe(200);
    expect((await post(`/${second}/cancel`, '')).status).toBe(200);

    const given = await entries('event=give_back', own);
    const calls = await entries('event=call&verdict=settled&limit=1000', own);
    const makers = calls.filter(({ path }) => path === '/v1/payment_intents').reverse();
    expect(
      given
        .reverse()
        .map(({ verdict, call_id, key_id, settled_usd }) => [
          verdict,
          call_id,
          key_id,
          settled_usd,
        ]),
    ).toEqual([
      ['given_back', makers[0]?.call_id, key.id, -5],
      ['given_back', makers[1]?.call_id, key.id, -20],
    ]);
    expect(given[0]?.reason).toMatch(/^lowered by call_/);
    const sum = (rows: readonly Entry[]) =>
      rows.reduce((total, { settled_usd: usd }) => total + (usd ?? 0), 0);
    expect(sum(await entries('user_id=u1&limit=1000', own))).toBe(15);
    expect(sum(await entries(`key_id=${other.id}`, own))).toBe(0);
    expect((await own.money(key)).spent).toBe(15);
    expect(sum(await readLines(await openLines(own, '?event=give_back')))).toBe(-25);
    expect((await own.api('GET', '/v1/audit/verify')).body.ok).toBe(true);
  });

  it('keeps the old cap of a budget that is changed or removed', async () => {
    const own = await BrokerServer.start(vendor);
    await own.api('PUT', '/v1/budgets/user/u1', { daily_usd_cap: 20 });
    await own.api('PUT', '/v1/budgets/user/u1', { daily_usd_cap: 12.5 });
    await own.api('DELETE', '/v1/budgets/user/u1');
    const rows = (await entries('event=budget', own)).reverse();
    expect(
      rows.map(({ verdict, cap_usd, old_value, new_value }) => [
        verdict,
        cap_usd,
        old_value,
        new_value,
      ]),
    ).toEqual([
      ['set', 20, null, '$20.00'],
      ['set', 12.5, '$20.00', '$12.50'],
      ['removed', 12.5, '$12.50', null],
    ]);
  });

  it('says whom a budget caps, with the tenant and the user that it names', async () => {
    const own = await BrokerServer.start(vendor);
    const put = (path: string, within: object) =>
      own.api('PUT', `/v1/budgets/${path}`, { daily_usd_cap: 5, ...within });
    await put('run/r1', { tenant_id: 't1', user_id: 'u1' });
    await put('run/r1', { user_id: '' });
    await put('user/*', { tenant_id: '' });
    const rows = (await entries('event=budget', own)).reverse();
    expect(rows.map(({ subject }) => subject)).toEqual([
      { tenant_id: 't1', user_id: 'u1', run_id: 'r1' },
      { user_id: '', run_id: 'r1' },
      { tenant_id: '', user_id: '*' },
    ]);
  });

  it('filters by subject, vendor, verdict and time, and pages', async () => {
    const subject = { tenant_id: 'f-t', user_id: 'f-u', run_id: 'f-r', tool: 'f-tool' };
    const key = await broker.issue({ subject });
    for (let i = 0; i < 4; i++) await pay(key);
    const all = 'tenant_id=f-t&user_id=f-u&run_id=f-r&tool=f-tool&vendor=stripe';
    expect(await entries(all)).toHaveLength(5);
    expect(await entries(`${all}&verdict=settled`)).toHaveLength(4);
    expect(await entries('tenant_id=nobody')).toEqual([]);
    expect(await entries(`user_id=${encodeURIComponent("' OR 1=1 --")}`)).toEqual([]);
    expect(await entries(`${all}&from=2000-01-01&to=2000-01-02T00:00:00.5Z`)).toEqual([]);
    expect(await entries(`${all}&from=2000-01-01T00:00Z&to=2999-12-31`)).toHaveLength(5);
    const seen: number[] = [];
    let cursor = '';
    for (let page = 0; page < 3; page++) {
      const { body } = await broker.api('GET', `/v1/audit?${all}&limit=2${cursor}`);
      seen.push(...(body.entries as Entry[]).map(({ seq }) => seq));
      expect('cursor' in body).toBe(page < 2);
      cursor = `&cursor=${body.cursor}`;
    }
    expect(seen).toEqual((await entries(all)).map(({ seq }) => seq));
  });

  it('names every bad parameter', async () => {
    const { status, body } = await broker.api(
      'GET',
      '/v1/audit?from=yesterday&to=2026-11-23T10:00:00&event=intent&limit=0&cursor=x&colour=red',
    );
    expect(status).toBe(422);
    expect((body.fields as { field: string }[]).map(({ field }) => field)).toEqual([
      'from',
      'to',
      'event',
      'limit',
      'cursor',
      'colour',
    ]);
  });

  it('keeps tokens, secrets and junk out of the log', async () => {
    const key = await broker.issue();
    await broker.call(key.token, 'GET', `/v1/customers/${key.token}`);
    await broker.call('nope', 'GET', '/v1/payment_intents');
    await send(broker.url, 'GET', '/nobody/v1/x');
    const { text, body } = await broker.api('GET', '/v1/audit?limit=1000');
    expect(text).not.toContain(key.token);
    expect(text).not.toContain(vendor.secretKey);
    expect(text).not.toContain('/nobody/');
    expect((body.entries as Entry[]).map(({ verdict }) => verdict)).not.toContain('invalid_key');
  });
});

describe('GET /v1/audit as application/x-ndjson', () => {
  it('streams every entry, newest first, by the same filters', async () => {
    const own = await BrokerServer.start(vendor);
    const keys = await Promise.all(Array.from({ length: 600 }, () => own.issue()));
    await pay(keys[0] as IssuedKey, {}, own);
    const answer = await openLines(own);
    expect(answer.headers['content-type']).toBe('application/x-ndjson');
    const lines = await readLines(answer);
    expect(lines).toHaveLength(601);
    expect(lines[0]).toMatchObject({ event: 'call', verdict: 'settled' });
    const order = lines.map(({ seq }) => seq);
    expect(order).toEqual([...order].sort((a, b) => b - a));
    expect(await readLines(await openLines(own, '?event=call'))).toEqual([lines[0]]);
    expect(await readLines(await openLines(own, '?user_id=nobody'))).toEqual([]);
    expect((await openLines(own, '?colour=red')).statusCode).toBe(422);
  });
});

describe('GET /v1/audit/verify', () => {
  it('gives the head, under which the log can be verified later', async () => {
    const own = await BrokerServer.start(vendor);
    await own.issue();
    const first = (await own.api('GET', '/v1/audit/verify')).body;
    expect(first).toEqual({ ok: true, entries: 1, head: expect.stringMatching(/^[0-9a-f]{64}$/) });
    await pay(await own.issue(), {}, own);
    const later = (await own.api('GET', `/v1/audit/verify?head=${first.head}`)).body;
    expect(later).toEqual({ ok: true, entries: 3, head: expect.any(String) });
    expect(later.head).not.toBe(first.head);
    const other = (await own.api('GET', `/v1/audit/verify?head=${'0'.repeat(64)}`)).body;
    expect(other).toMatchObject({ ok: false, entries: 3, reason: expect.any(String) });
    for (const query of ['head=x', 'head=', `head=${'G'.repeat(64)}`, 'tail=1']) {
      expect((await own.api('GET', `/v1/audit/verify?${query}`)).status).toBe(422);
    }
  });

  it('finds a row that was changed, dropped or swapped behind its back', async () => {
    const changes = [
      "UPDATE audit SET entry = json_set(entry, '$[5]', 'other') WHERE seq = 2",
      'DELETE FROM audit WHERE seq = 2',
      'DELETE FROM audit WHERE seq = 3',
      'UPDATE audit SET seq = -seq; UPDATE audit SET seq = 5 + seq WHERE seq IN (-2, -3); UPDATE audit SET seq = -seq WHERE seq < 0',
    ];
    for (const change of changes) {
      const store = `sqlite:${temporaryFile()}`;
      const own = await BrokerServer.start(vendor, { store });
      for (let i = 0; i < 3; i++) await own.issue();
      await own.close();
      const connection = openConnection(store.slice('sqlite:'.length));
      connection.exec(change);
      connection.close();
      const again = await own.restart();
      const { status, body } = await again.api('GET', '/v1/audit/verify');
      expect([change, status, body.ok]).toEqual([change, 200, false]);
      expect([2, 3, 4]).toContain(body.seq);
    }
  });

  it('serves others while it walks a long log', async () => {
    const own = await BrokerServer.start(vendor);
    const ids = Array.from({ length: 1_000 }, () => own.issue());
    await Promise.all(ids);
    const order: string[] = [];
    const verified = own.api('GET', '/v1/audit/verify').then(({ body }) => {
      order.push('verified');
      expect(body).toMatchObject({ ok: true });
    });
    const alive = send(own.url, 'GET', '/healthz').then(() => order.push('alive'));
    await Promise.all([verified, alive]);
    expect(order).toEqual(['alive', 'verified']);
  });

  it('is sound after a hundred calls at once, and after a kill', async () => {
    const own = await BrokerProcess.start({ vendor });
    const key = await own.issue({ daily_usd_cap: 10_000 });
    let answered = 0;
    const calls = Array.from({ length: 100 }, () =>
      pay(key, {}, own).then(
        () => (answered += 1),
        () => {},
      ),
    );
    await until(
      () => answered > 20,
      () => `${answered} answered`,
    );
    await own.kill('SIGKILL');
    await Promise.all(calls);
    const again = await own.restart();
    expect((await again.api('GET', '/v1/audit/verify')).body.ok).toBe(true);
  });
});

describe('VAULT_KEY_AUDIT_KEY', () => {
  const auditKey = 'an audit key that is kept somewhere else';

  it('chains the log in place of the key beside the store', async () => {
    const own = await BrokerProcess.start({ vendor, env: { VAULT_KEY_AUDIT_KEY: auditKey } });
    await own.issue();
    await own.kill('SIGTERM');
    const same = await own.restart();
    expect((await same.api('GET', '/v1/audit/verify')).body.ok).toBe(true);
    expect(same.output).not.toContain(auditKey);
    await same.kill('SIGTERM');
    const env = { VAULT_KEY_AUDIT_KEY: `${auditKey}, no` };
    const exit = await BrokerProcess.run({ store: own.store, env });
    expect(exit.code).toBe(2);
    expect(exit.stderr).toMatch(/^vault-key-broker: .+audit key that is configured.+\n$/);
    const other = await BrokerProcess.start({
      vendor,
      store: own.store,
      env: { ...env, VAULT_KEY_ACCEPT_STORE: 'other-audit-key' },
    });
    expect((await other.api('GET', '/v1/audit/verify')).body).toMatchObject({ ok: false, seq: 1 });
  });

  it('has at least 32 characters', async () => {
    for (const key of ['', 'x'.repeat(31)]) {
      const exit = await BrokerProcess.run({ env: { VAULT_KEY_AUDIT_KEY: key } });
      expect(exit.code).toBe(2);
      expect(exit.stderr).toMatch(/^vault-key-broker: VAULT_KEY_AUDIT_KEY .+\n$/);
    }
  });
});
