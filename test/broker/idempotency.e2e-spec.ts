import { BrokerProcess } from '../support/broker-process';
import type { IssuedKey } from '../support/broker-process';
import { RecordingVendor } from './recording-vendor';

const PAYMENT = 'amount=1000&currency=usd';
const SHOWN = { id: 'pi_1', amount: 1000, currency: 'usd', amount_received: 0 };
const SUBJECT = { tenant_id: 't1', user_id: 'u1', run_id: 'r1', tool: 'Tool.pay' };
const ENDPOINTS = ['/v1/*', '/v1/*/*', '/v1/*/*/*', 'DELETE /v1/*/*'];

let vendor: RecordingVendor;
let broker: BrokerProcess;
let names = 0;
/** The `Idempotency-Key` of the test. */
let name: string;
beforeAll(async () => {
  vendor = await RecordingVendor.start();
  broker = await BrokerProcess.start({ vendor, env: { VAULT_KEY_VENDOR_TIMEOUT: '5s' } });
});
afterAll(() => vendor.close());
beforeEach(() => {
  vendor.reset();
  name = `order-${(names += 1)}`;
});

const issue = (fields = {}) =>
  broker.issue({ subject: SUBJECT, allowed_endpoints: ENDPOINTS, ...fields });
const send = (
  { token }: IssuedKey,
  method = 'POST',
  path = 'payment_intents',
  body = PAYMENT,
  headers = {},
) =>
  broker.call(token, method, `/v1/${path}`, {
    ...(body === '' ? {} : { body }),
    headers: { 'idempotency-key': name, ...headers },
  });
/** The vendor answers with this from now on. */
function vendorSays(status: number, body: unknown = status === 200 ? SHOWN : { error: {} }): void {
  vendor.respond = (_req, res) => {
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
}
const spentAndHeld = async (key: IssuedKey) => {
  const { spent, held } = await broker.money(key);
  return [spent, held];
};
/** Sends a call, and resolves once it has reached the vendor; `answer` ends it. */
async function inFlight(key: IssuedKey, path = 'payment_intents', sent = PAYMENT) {
  let answer = (_status: number, _shown?: unknown): void => {};
  let ended: ReturnType<typeof send> | undefined;
  await new Promise<void>((arrived) => {
    vendor.respond = (_req, res) => {
      answer = (status, shown = status === 200 ? SHOWN : { error: {} }) => {
        res.writeHead(status, { 'content-type': 'application/json' });
        res.end(JSON.stringify(shown));
      };
      arrived();
    };
    ended = send(key, 'POST', path, sent);
  });
  return async (status: number, shown?: unknown) => {
    answer(status, shown);
    await ended;
  };
}

describe('an Idempotency-Key', () => {
  it('passes through unchanged, up to 255 characters', async () => {
    const key = await issue();
    for (const value of [`${name} ~ "a":{b}, c`, `${name}${'x'.repeat(255 - name.length)}`]) {
      const answer = await send(key, 'POST', 'customers', 'email=a', { 'idempotency-key': value });
      expect(answer.status).toBe(200);
      const { rawHeaders = [] } = vendor.received.at(-1) ?? {};
      const at = rawHeaders.findIndex((header) => header.toLowerCase() === 'idempotency-key');
      expect(rawHeaders[at + 1]).toBe(value);
    }
  });

  it.each([
    ['body', SUBJECT, ['POST', 'products/prod_1', 'name=b']],
    ['path', SUBJECT, ['POST', 'products/prod_2', 'name=a']],
    ['method', SUBJECT, ['DELETE', 'products/prod_1', '']],
    ['tenant', { ...SUBJECT, tenant_id: 't2' }, ['POST', 'products/prod_1', 'name=a']],
    ['user', { ...SUBJECT, user_id: 'u2' }, ['POST', 'products/prod_1', 'name=a']],
    ['user that is none', { tenant_id: 't1' }, ['POST', 'products/prod_1', 'name=a']],
  ] as [string, object, [string, string, string]][])(
    'with another %s is refused with 422, and nothing is sent',
    async (_what, subject, call) => {
      expect((await send(await issue(), 'POST', 'products/prod_1', 'name=a')).status).toBe(200);
      const answer = await send(await issue({ subject }), ...call);
      expect([answer.status, answer.body.code]).toEqual([422, 'idempotency_key_reused']);
      expect(vendor.received).toHaveLength(1);
    },
  );

  it('is the same for the body as forwarded, whatever was written, and for another agent run or tool', async () => {
    const first = await issue();
    vendorSays(200);
    expect((await send(first)).status).toBe(200);
    const later = await issue({ subject: { ...SUBJECT, run_id: 'r2', tool: 'Tool.other' } });
    const json = { 'content-type': 'application/json' };
    for (const [body, headers] of [
      ['amount=1000&currency=USD', {}],
      ['{"amount":1000,"currency":"usd"}', json],
    ] as const) {
      expect((await send(later, 'POST', 'payment_intents', body, headers)).status).toBe(200);
    }
    expect([await spentAndHeld(first), await spentAndHeld(later)]).toEqual([
      [10, 0],
      [0, 0],
    ]);
  });
});

describe('the order of parameters', () => {
  it('makes no other operation, in a form or in JSON, nested or not', async () => {
    const key = await issue();
    vendorSays(200);
    const json = { 'content-type': 'application/json' };
    for (const [body, headers] of [
      ['amount=1000&currency=usd&metadata[a]=1&metadata[b]=2&expand[]=x&expand[]=y', {}],
      ['expand[]=x&metadata[b]=2&currency=usd&expand[]=y&metadata[a]=1&amount=1000', {}],
    ] as const) {
      expect((await send(key, 'POST', 'payment_intents', body, headers)).status).toBe(200);
    }
    expect(await spentAndHeld(key)).toEqual([10, 0]);
    name += '-json';
    for (const body of [
      '{"amount":1000,"currency":"usd","metadata":{"a":1,"b":2},"expand":["x","y"]}',
      '{"expand":["x","y"],"metadata":{"b":2,"a":1},"currency":"usd","amount":1000}',
    ]) {
      expect((await send(key, 'POST', 'payment_intents', body, json)).status).toBe(200);
    }
    expect(await spentAndHeld(key)).toEqual([20, 0]);
  });

  it.each([
    ['expand[]=x&expand[]=y', 'expand[]=y&expand[]=x'],
    ['expand[0]=x&expand[1]=y', 'expand[0]=y&expand[1]=x'],
    ['metadata[a]=1&metadata[b]=2', 'metadata[a]=2&metadata[b]=1'],
  ])(
    'within a list, or of values between names, is another one: %s, then %s',
    async (one, other) => {
      const key = await issue();
      vendorSays(200);
      const create = (more: string) => send(key, 'POST', 'payment_intents', `${PAYMENT}&${more}`);
      expect((await create(one)).status).toBe(200);
      expect((await create(other)).body.code).toBe('idempotency_key_reused');
    },
  );
});

describe('an answer that speaks of the Idempotency-Key, not of the payment', () => {
  const shown = (id: string, more = {}) => ({ ...SHOWN, id, latest_charge: `ch_${id}`, ...more });

  it.each([
    ['a payment', '', 'payment_intents', PAYMENT, 10],
    ['a charge', '', 'charges', `${PAYMENT}&source=tok_x`, 10],
    ['a capture', 'pi_cap', 'payment_intents/pi_cap/capture', 'amount_to_capture=1500', 5],
    ['an increment', 'pi_inc', 'payment_intents/pi_inc/increment_authorization', 'amount=1700', 7],
    // A parameter that none may have which takes back its own user's spend.
    [
      'a refund',
      'pi_ref',
      'refunds',
      'payment_intent=pi_ref&amount=300&instructions_email=a%40example.com',
      3,
    ],
  ])('leaves an unknown hold of %s as it is, whatever its status', async (...row) => {
    const [what, known, path, body, usd] = row;
    const subject = { ...SUBJECT, user_id: `u-${name}` };
    const [first, retry] = [await issue({ subject }), await issue({ subject })];
    vendorSays(200, shown(known));
    const before = known === '' ? 0 : 10;
    if (known !== '') {
      await send(first, 'POST', 'payment_intents', PAYMENT, { 'idempotency-key': `${name}-made` });
    }
    vendorSays(500);
    await send(first, 'POST', path, body);
    expect([what, await spentAndHeld(first)]).toEqual([what, [before, usd]]);
    for (const status of [400, 402, 404, 409, 429]) {
      vendorSays(status, { error: { type: 'idempotency_error', message: 'other parameters' } });
      expect((await send(retry, 'POST', path, body)).status).toBe(status);
      expect([status, await spentAndHeld(first)]).toEqual([status, [before, usd]]);
    }
    // One that cannot be read may be of that type.
    vendor.respond = (_req, res) => {
      res.writeHead(400, { 'content-type': 'application/json' }).end('{"error":');
    };
    await send(retry, 'POST', path, body);
    expect(await spentAndHeld(first)).toEqual([before, usd]);
    vendorSays(400, { error: { type: 'invalid_request_error' } });
    await send(retry, 'POST', path, body);
    expect(await spentAndHeld(first)).toEqual([before, 0]);
  });
});

describe('one operation has one hold', () => {
  it('across vault keys: a retry under a new key is charged and counted once, to the key and budgets that first held it', async () => {
    const user = `once-${name}`;
    const subject = { user_id: user };
    await broker.api('PUT', `/v1/budgets/user/${user}`, { daily_usd_cap: 15 });
    const [first, retry] = [await issue({ subject }), await issue({ subject, daily_usd_cap: 1 })];
    vendorSays(200);
    expect((await send(first)).status).toBe(200);
    await broker.api('DELETE', `/v1/keys/${first.id}`);
    expect((await send(retry)).status).toBe(200);
    expect([await spentAndHeld(first), await spentAndHeld(retry)]).toEqual([
      [10, 0],
      [0, 0],
    ]);
    const { body } = await broker.api('GET', `/v1/budgets/user/${user}`);
    expect(body).toMatchObject({ spent_usd: 10, held_usd: 0, remaining_usd: 5 });
  });

  it.each([
    [200, [10, 0]],
    [400, [0, 0]],
    [402, [0, 0]],
    [404, [0, 0]],
  ])('that is unknown is ended by a retry that answers %i', async (status, expected) => {
    const [first, retry] = [await issue(), await issue()];
    vendorSays(500);
    await send(first);
    expect(await spentAndHeld(first)).toEqual([0, 10]);
    vendorSays(status);
    await send(retry);
    expect([await spentAndHeld(first), await spentAndHeld(retry)]).toEqual([expected, [0, 0]]);
  });

  it.each([401, 403, 408, 409, 422, 429, 500, 302])(
    'that is unknown stays so where a retry answers %i, which proves nothing',
    async (status) => {
      const [first, retry] = [await issue(), await issue()];
      vendorSays(503);
      await send(first);
      vendorSays(status);
      await send(retry);
      expect([await spentAndHeld(first), await spentAndHeld(retry)]).toEqual([
        [0, 10],
        [0, 0],
      ]);
    },
  );

  it.each([
    [401, 200, [10, 0]],
    [409, 200, [10, 0]],
    [429, 500, [0, 10]],
    [409, 400, [0, 0]],
    [500, 400, [0, 10]],
    [200, 409, [10, 0]],
  ])(
    'that is given back only when no call is in flight: %i, then %i, and the costliest decides',
    async (one, other, expected) => {
      const [first, retry] = [await issue(), await issue()];
      const endFirst = await inFlight(first);
      const endRetry = await inFlight(retry);
      await endRetry(one);
      // A payment that exists is spent at once.
      expect(await spentAndHeld(first)).toEqual(one === 200 ? [10, 0] : [0, 10]);
      await endFirst(other);
      expect([await spentAndHeld(first), await spentAndHeld(retry)]).toEqual([expected, [0, 0]]);
    },
  );

  it('a payment that one of two calls was told of is paid for: a capture of it holds nothing more', async () => {
    const key = await issue({ daily_usd_cap: 10 });
    const endFirst = await inFlight(key);
    const endRetry = await inFlight(key);
    await endRetry(200);
    const own = name;
    name = `${own}-capture`;
    const capture = await inFlight(key, 'payment_intents/pi_1/capture', 'amount_to_capture=1000');
    expect(await spentAndHeld(key)).toEqual([10, 0]);
    await capture(500);
    await endFirst(200, { ...SHOWN, amount: 1200 });
    expect(await spentAndHeld(key)).toEqual([12, 0]);
    const { body } = await broker.api('GET', `/v1/audit?key_id=${key.id}`);
    const settled = (body.entries as { settled_usd: number | null }[]).map(
      (row) => row.settled_usd ?? 0,
    );
    expect(settled.reduce((sum, usd) => sum + usd, 0)).toBe(12);
  });

  it('a call that comes after its hold was released is held again, by the key it comes with', async () => {
    const [first, retry] = [await issue(), await issue()];
    vendorSays(402);
    await send(first);
    expect(await spentAndHeld(first)).toEqual([0, 0]);
    vendorSays(200);
    expect((await send(retry)).status).toBe(200);
    expect([await spentAndHeld(first), await spentAndHeld(retry)]).toEqual([
      [0, 0],
      [10, 0],
    ]);
  });
});
