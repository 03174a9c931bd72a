import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Broker } from '../../lib/broker/broker';
import { managementRoutes } from '../../lib/broker/http/management';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerServer } from '../support/broker-server';
import { newOperator } from '../support/operators';

const PAGE = readFileSync(join(__dirname, '../../docs/operators.md'), 'utf8');
/** Each call of the management API as the page lists it, with the least role for it. */
const CALLS = [...PAGE.matchAll(/^\| `([A-Z]+) (\/\S+)` +\| `(\w+)` +\| (\S?.*?) +\|$/gm)].map(
  ([, method = '', path = '', role = '', app = '']) => ({
    method,
    // A webhook's name begins with a letter.
    path: path.replace('{name}', 'n').replace(/\{\w+\}/g, '1'),
    role,
    isForApp: app !== '',
  }),
);
const RANKS = ['viewer', 'operator', 'admin'];

const operators = {
  viewer: newOperator('viewer'),
  operator: newOperator('operator'),
  admin: newOperator('admin'),
};

let vendor: StripeVendor;
let broker: BrokerServer;
/** Without operators. */
let alone: BrokerServer;
beforeAll(async () => {
  vendor = await createStripeVendor();
  broker = await BrokerServer.start(vendor, {
    operators: Object.values(operators).map(({ options }) => options),
  });
  alone = await BrokerServer.start(vendor);
});
afterAll(() => vendor.close());

const as = (by: keyof typeof operators, method: string, path: string, body?: unknown) =>
  broker.api(method, path, body, operators[by].token);
const isRefused = ({ status, body }: { status: number; body: { code?: string } }) =>
  status === 403 && body?.code === 'forbidden';
const bodyOf = (method: string) => (method === 'GET' ? undefined : {});
/** A stream would not end: it is asked for in a way that is refused once its caller is let in. */
const askedAs = (path: string) => (path === '/v1/events' ? `${path}?kind=none` : path);

describe('each call of the management API', () => {
  it('is listed in docs/operators.md, with the role that it needs', async () => {
    const own = await Broker.open({
      store: 'sqlite::memory:',
      vendors: { stripe: { secretKey: vendor.secretKey } },
    });
    const routes = managementRoutes(own, undefined);
    await own.close();
    const listed = routes.map(({ method, path, role, isForApp = false }) => ({
      at: `${method} ${path.source}`,
      role,
      isForApp,
      found: CALLS.filter((call) => call.method === method && path.test(call.path)).map((call) => ({
        role: call.role,
        isForApp: call.isForApp,
      })),
    }));
    expect(listed).toEqual(
      routes.map(({ method, path, role, isForApp = false }) => ({
        at: `${method} ${path.source}`,
        role,
        isForApp,
        found: [{ role, isForApp }],
      })),
    );
    expect(CALLS).toHaveLength(routes.length);
  });

  it.each(CALLS)('$method $path asks for the role $role', async ({ method, path, role }) => {
    for (const name of ['viewer', 'operator', 'admin'] as const) {
      const answer = await as(name, method, askedAs(path), bodyOf(method));
      const may = role !== 'app' && RANKS.indexOf(name) >= RANKS.indexOf(role);
      expect([name, answer.status, isRefused(answer)]).toEqual([name, answer.status, !may]);
      if (!may) expect(answer.body).toMatchObject({ role, error: { role, code: 'forbidden' } });
    }
  });

  it.each(CALLS)("the application's token at $method $path", async (call) => {
    const { method, path, role, isForApp } = call;
    const may = role === 'app' || role === 'viewer' || isForApp;
    const answer = await broker.api(method, askedAs(path), bodyOf(method));
    expect([answer.status, isRefused(answer)]).toEqual([answer.status, !may]);
    if (!may) expect(answer.body.role).toBe(role);
    expect(isRefused(await alone.api(method, askedAs(path), bodyOf(method)))).toBe(false);
  });
});

describe('a reason', () => {
  const changes: [what: string, method: string, path: string, body: object][] = [
    ['a brake', 'POST', '/v1/brakes', { scope: 'user', id: 'u' }],
    ['a lift', 'DELETE', '/v1/brakes/brk_1', {}],
    ['a budget', 'PUT', '/v1/budgets/user/u', { daily_usd_cap: 1 }],
    ['the end of a budget', 'DELETE', '/v1/budgets/user/u', {}],
    ['a settlement', 'POST', '/v1/holds/h/settle', { usd: 1 }],
    ['a release', 'POST', '/v1/holds/h/release', {}],
    ['a raise', 'POST', '/v1/budgets/user/u/raises', { usd: 1, expires_in: '1h' }],
    ['the end of a raise', 'DELETE', '/v1/budgets/user/u/raises/rse_1', {}],
    ['an approval', 'POST', '/v1/approvals/apr_1/approve', {}],
    ['a denial', 'POST', '/v1/approvals/apr_1/deny', {}],
  ];

  it.each(changes)('has to be given with %s by an operator', async (_what, method, path, body) => {
    const token = operators.viewer.token;
    for (const reason of [undefined, '', ' ', 'x'.repeat(201), 7, null, `it is ${token}`]) {
      const answer = await as('admin', method, path, { ...body, reason });
      expect(answer).toMatchObject({
        status: 422,
        body: { code: 'invalid_request', fields: [{ field: 'reason' }] },
      });
      expect(answer.text).not.toContain(token);
    }
  });

  it('may be left out by the application where it is the admin, but for a brake', async () => {
    const put = (body: object) => alone.api('PUT', '/v1/budgets/user/u', body);
    expect((await put({ daily_usd_cap: 1 })).status).toBe(200);
    expect((await put({ daily_usd_cap: 2, reason: 'more work' })).status).toBe(200);
    expect((await put({ daily_usd_cap: 2, reason: '' })).status).toBe(422);
    expect((await alone.api('DELETE', '/v1/budgets/user/u')).status).toBe(200);
    const { body } = await alone.api('GET', '/v1/audit?event=budget');
    expect(body.entries).toMatchObject([
      { actor: 'app', reason: null, old_value: '$2.00', new_value: null },
      { actor: 'app', reason: 'more work', old_value: '$1.00', new_value: '$2.00' },
      { actor: 'app', reason: null, old_value: null, new_value: '$1.00' },
    ]);
    expect((await alone.api('POST', '/v1/brakes', { scope: 'user', id: 'u' })).status).toBe(422);
  });

  it('is a field of an object, beside which there is no other', async () => {
    for (const body of [[], 'no', { reason: 'r', usd: 1 }]) {
      expect((await as('operator', 'DELETE', '/v1/brakes/brk_1', body)).status).toBe(422);
    }
    expect((await as('operator', 'DELETE', '/v1/brakes/brk_1', { reason: 'r' })).status).toBe(404);
  });
});

describe('a brake', () => {
  const brake = { scope: 'user', id: 'braked', reason: 'stop' };

  it("is lifted by the application's token where that has set it, and by an operator", async () => {
    const own = await broker.api('POST', '/v1/brakes', brake);
    expect([own.status, own.body.set_by]).toEqual([201, 'app']);
    expect((await broker.api('DELETE', `/v1/brakes/${own.body.id}`)).status).toBe(200);
    const other = await broker.api('POST', '/v1/brakes', brake);
    const path = `/v1/brakes/${other.body.id}`;
    expect((await as('operator', 'DELETE', path, { reason: 'seen' })).status).toBe(200);
  });

  it("stays where the application's token would lift what an operator has set", async () => {
    const put = await as('operator', 'POST', '/v1/brakes', brake);
    expect(put.body.set_by).toBe('operator');
    const path = `/v1/brakes/${put.body.id}`;
    expect(await broker.api('DELETE', path)).toMatchObject({
      status: 403,
      body: { code: 'forbidden', role: 'operator' },
    });
    const { body } = await broker.api('GET', '/v1/brakes');
    expect(body.brakes).toMatchObject([{ id: put.body.id, set_by: 'operator' }]);
    await as('admin', 'DELETE', path, { reason: 'seen' });
    const { body: log } = await as('viewer', 'GET', '/v1/audit?actor=admin&event=lift');
    expect(log.entries).toMatchObject([
      {
        actor: 'admin',
        reason: 'seen',
        subject: { user_id: 'braked' },
        old_value: `${put.body.id}: user braked`,
        new_value: null,
        remote_address: '127.0.0.1',
      },
    ]);
  });
});
