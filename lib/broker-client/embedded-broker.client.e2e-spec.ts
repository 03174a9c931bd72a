import { once } from 'node:events';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import type { IssueKeyRequest, IssuedKey } from './broker-client';
import { EmbeddedBrokerClient } from './embedded-broker.client';

const REQUEST: IssueKeyRequest = {
  label: 'nest-u1-r1',
  vendor: 'stripe',
  dailyUsdCap: 5,
  allowedEndpoints: ['/v1/customers'],
  expiresIn: '1m',
  subject: { userId: 'u1', runId: 'r1', tool: 'Tools.charge' },
};

describe('EmbeddedBrokerClient', () => {
  let client: EmbeddedBrokerClient;
  let vendor: http.Server;
  let calls: { line: string; headers: http.IncomingHttpHeaders; body: string }[];

  beforeEach(async () => {
    calls = [];
    vendor = http.createServer((request, response) => {
      void text(request).then((body) => {
        calls.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
        response.setHeader('Content-Type', 'application/json').end('{"id":"cus_1"}');
      });
    });
    await once(vendor.listen(0, '127.0.0.1'), 'listening');
    client = await EmbeddedBrokerClient.open({
      vendors: {
        stripe: {
          secretKey: 'sk_test_secret',
          baseUrl: `http://127.0.0.1:${(vendor.address() as AddressInfo).port}`,
        },
      },
      store: 'sqlite::memory:',
    });
  });

  afterEach(async () => {
    await client.close();
    vendor.closeAllConnections();
    await new Promise((resolve) => vendor.close(resolve));
  });

  async function issued(request: Partial<IssueKeyRequest> = {}): Promise<IssuedKey> {
    const result = await client.issue({ ...REQUEST, ...request });
    if (!result.issued) throw result.error;
    return result.key;
  }

  it('issues a key that the broker knows', async () => {
    const before = Date.now();
    const { id, token, expiresAt } = await issued();
    expect(token).toMatch(/^vault_key_/);
    expect(expiresAt.getTime()).toBeGreaterThanOrEqual(before + 60_000);
    expect(expiresAt.getTime()).toBeLessThanOrEqual(Date.now() + 60_000);
    expect(await client.broker.key(id)).toMatchObject({
      label: 'nest-u1-r1',
      daily_usd_cap: 5,
      subject: { user_id: 'u1', run_id: 'r1', tool: 'Tools.charge' },
    });
  });

  it('says the life of a key by the machine’s clock, which may have been set since the broker began', async () => {
    const before = Date.now();
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => before + 3_600_000);
    try {
      expect((await issued()).expiresAt.getTime()).toBe(before + 3_660_000);
    } finally {
      clock.mockRestore();
    }
  });

  it('a key issued inside an invocation names its parent', async () => {
    const { id } = await issued();
    const inner = await issued({ parentId: id });
    expect(await client.broker.key(inner.id)).toMatchObject({ parent_id: id });
  });

  it('a policy the broker refuses is no key, and an exception that names the fields', async () => {
    expect(await client.issue({ ...REQUEST, dailyUsdCap: -1, allowedEndpoints: [] })).toEqual({
      issued: false,
      error: expect.objectContaining({
        constructor: VaultKeyUnavailableException,
        message: expect.stringMatching(/daily_usd_cap.*allowed_endpoints/s),
      }),
    });
  });

  it('a closed broker issues nothing', async () => {
    await client.close();
    expect(await client.issue(REQUEST)).toMatchObject({
      issued: false,
      error: { code: 'vault_key_unavailable', retryable: true },
    });
    const revoked = await client.revoke(['vk_1']);
    expect(revoked.failed).toHaveLength(1);
  });

  it('revokes keys, and an id that never was has ended too', async () => {
    const { id } = await issued();
    expect(await client.revoke([id, 'vk_unknown'])).toEqual({
      ended: [id, 'vk_unknown'],
      failed: [],
    });
    expect(await client.broker.key(id)).toMatchObject({ status: 'revoked' });
  });

  it('forwards a call with the account’s secret in place of the key', async () => {
    const { token } = await issued();
    const answer = await client.forward({
      vendor: 'stripe',
      token,
      method: 'POST',
      target: '/v1/customers',
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        'Idempotency-Key': 'k1',
        Authorization: 'Bearer mine',
      },
      body: 'name=Ada',
    });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ 'x-vault-key-verdict': 'forwarded' });
    expect(await text(answer.body)).toBe('{"id":"cus_1"}');
    expect(calls).toMatchObject([
      {
        line: 'POST /v1/customers',
        headers: { authorization: 'Bearer sk_test_secret', 'idempotency-key': 'k1' },
        body: 'name=Ada',
      },
    ]);
  });

  it('a refusal is an answer in the broker’s own shape, and nothing is sent', async () => {
    const { token } = await issued();
    const call = { vendor: 'stripe', token, method: 'GET', headers: {} };
    const refused = await client.forward({ ...call, target: '/v1/payouts' });
    expect(refused.status).toBe(403);
    expect(refused.headers['x-vault-key-verdict']).toBe('endpoint_not_allowed');
    expect(JSON.parse(await text(refused.body))).toMatchObject({ code: 'endpoint_not_allowed' });
    expect((await client.forward({ ...call, target: '/v1/../v1/customers' })).status).toBe(400);
    const { status } = await client.forward({
      ...call,
      token: 'vault_key_no',
      target: '/v1/customers',
    });
    expect(status).toBe(401);
    expect(calls).toHaveLength(0);
  });

  it('a key under a lease dies with it, and a lapsed lease issues none', async () => {
    const leaseId = await client.beginLease(30);
    const { id } = await issued({ leaseId, budgets: { user: 5 } });
    expect(await client.broker.key(id)).toMatchObject({
      lease_id: leaseId,
      budgets: { user: 5 },
      status: 'active',
    });
    expect(await client.renewLease(leaseId)).toBe(true);

    await client.endLease(leaseId);
    await client.endLease('lease_none');

    expect(await client.broker.key(id)).toMatchObject({ status: 'expired' });
    expect(await client.renewLease(leaseId)).toBe(false);
    expect(await client.issue({ ...REQUEST, leaseId })).toMatchObject({ leaseRefused: true });
  });

  it('tells what counts against each cap over a key, until the key is revoked', async () => {
    const { id, token } = await issued({ budgets: { user: 3 } });
    const key = { token, vendor: 'stripe' };
    expect(await client.keyState(key)).toEqual({
      braked: false,
      caps: [
        { scope: 'key', cap: 5, spent: 0, held: 0, remaining: 5 },
        {
          scope: 'user',
          period: 'day',
          cap: 3,
          spent: 0,
          held: 0,
          remaining: 3,
          resetsAt: expect.any(String),
        },
      ],
    });
    await client.revoke([id]);
    await expect(client.keyState(key)).rejects.toMatchObject({ name: 'VaultKeyInvalidException' });
  });

  it('puts, lists and lifts a brake', async () => {
    const { token } = await issued();
    const brake = await client.brake({ scope: 'user', target: 'u1', reason: 'why' });
    expect(brake.hit).toBe(1);
    expect(await client.brakes()).toEqual([brake]);
    expect(await client.keyState({ token, vendor: 'stripe' })).toMatchObject({ braked: true });
    expect(await client.issue(REQUEST)).toMatchObject({ error: { code: 'agent_braked' } });
    await client.lift(brake.id);
    await expect(client.lift(brake.id)).rejects.toMatchObject({ code: 'not_found' });
    expect(await client.brakes()).toEqual([]);
  });

  it('what a closed broker is asked is not known', async () => {
    await client.close();
    const asked = [
      client.beginLease(30),
      client.renewLease('lease_1'),
      client.brake({ scope: 'all', reason: 'why' }),
      client.keyState({ token: 'vault_key_none', vendor: 'stripe' }),
    ];
    const answers = await Promise.allSettled(asked);
    expect(answers.map(({ status }) => status)).toEqual(asked.map(() => 'rejected'));
  });

  it('shows no secret when it is printed', async () => {
    const { token } = await issued();
    const shown = inspect(client, { depth: 9, showHidden: true }) + JSON.stringify(client);
    expect(shown).not.toContain('sk_test_secret');
    expect(shown).not.toContain(token);
  });
});

it('an application whose broker is a server loads no store', () => {
  jest.isolateModules(() => {
    jest.doMock('libsql', () => {
      throw new Error('loaded');
    });
    expect(() => require('../vault-key.module') as unknown).not.toThrow();
    jest.dontMock('libsql');
  });
});
