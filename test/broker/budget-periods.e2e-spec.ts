import { runOperatorCommand } from '../../lib/broker/cli/operator-commands';
import { BrokerServer } from '../support/broker-server';
import type { IssuedKey } from '../support/broker-process';
import { RecordingVendor } from './recording-vendor';

/** A budget, a cap, a raise or an audit entry, as far as it is looked at here. */
type Shown = Readonly<Record<string, unknown>>;

let vendor: RecordingVendor;
let broker: BrokerServer;
beforeAll(async () => {
  vendor = await RecordingVendor.start();
});
beforeEach(async () => {
  vendor.reset();
  broker = await BrokerServer.start(vendor);
});
afterEach(() => broker.close());
afterAll(() => vendor.close());

const put = async (path: string, daily_usd_cap: number, more = {}) => {
  const answer = await broker.api('PUT', `/v1/budgets/${path}`, { daily_usd_cap, ...more });
  expect([answer.status, answer.body.error]).toEqual([200, undefined]);
  return answer.body;
};
/** Pays 10 USD. */
const pay = ({ token }: IssuedKey) =>
  broker.call(token, 'POST', '/v1/payment_intents', { body: 'amount=1000&currency=usd' });
const payAs = async (user_id: string, fields = {}) =>
  pay(await broker.issue({ subject: { user_id }, ...fields }));
const tryIssue = (fields: object) =>
  broker.api('POST', '/v1/keys', {
    label: 'a test',
    vendor: 'stripe',
    daily_usd_cap: 100,
    allowed_endpoints: ['/v1/payment_intents'],
    ...fields,
  });
const raise = (path: string, body: object) =>
  broker.api('POST', `/v1/budgets/${path}/raises`, body);
const RAISE = { usd: 10, expires_in: '1h', reason: 'a refund by hand' };
const fieldsOf = ({
  status,
  body,
}: {
  status: number;
  body: { fields?: { field: string }[] };
}): [number, string[]] => [status, (body.fields ?? []).map(({ field }) => field)];
const effective = async (user: string) =>
  (await broker.api('GET', `/v1/budgets/effective?user_id=${user}`)).body.caps as Shown[];

describe('a budget of a period', () => {
  it('stands beside those of other periods, and all must pass', async () => {
    await put('user/u', 100);
    await put('user/u', 15, { period: 'month' });
    expect((await payAs('u')).status).toBe(200);
    const refused = await payAs('u');
    expect([refused.status, refused.body]).toEqual([
      429,
      expect.objectContaining({ scope: 'user', period: 'month', cap_usd: 15, remaining_usd: 5 }),
    ]);
    expect(refused.body.resets_at).toMatch(/-01T00:00:00\.000Z$/);
    const listed = (await broker.api('GET', '/v1/budgets')).body.budgets;
    expect(
      listed.map(({ period, mode, daily_usd_cap, spent_usd }: Shown) => [
        period,
        mode,
        daily_usd_cap,
        spent_usd,
      ]),
    ).toEqual([
      ['day', 'enforce', 100, 10],
      ['month', 'enforce', 15, 10],
    ]);
  });

  it('counts what was spent in its period before it was set', async () => {
    await payAs('u');
    for (const period of ['day', 'week', 'month', '24h']) {
      const view = await put('user/u', 15, { period });
      expect([view.spent_usd, view.remaining_usd]).toEqual([10, 5]);
      expect((await payAs('u')).status).toBe(429);
      expect((await broker.api('DELETE', `/v1/budgets/user/u?period=${period}`)).body).toEqual({
        scope: 'user',
        id: 'u',
        period,
        mode: 'enforce',
        status: 'removed',
      });
    }
    expect((await broker.api('GET', '/v1/budgets/user/u?period=week')).status).toBe(404);
  });

  it("travels with a key, and the answer says it back; a number is a day's", async () => {
    const budgets = {
      user: [
        { usd: 100, period: 'day' },
        { usd: 15, period: '24h' },
      ],
      run: { usd: 7, period: 'week' },
      tool: 5,
    };
    const key = await broker.issue({ subject: { user_id: 'u' }, budgets });
    expect(key).toMatchObject({ budgets });
    const { body } = await broker.api('GET', `/v1/keys/${key.id}`);
    expect(body.budgets).toEqual(budgets);
    const one = await broker.issue({ budgets: { user: { usd: 9, period: 'day' } } });
    expect(one).toMatchObject({ budgets: { user: 9 } });
  });

  it.each([
    [{ user: { usd: 1, period: 'year' } }, 'budgets.user.period'],
    [{ user: { period: 'day' } }, 'budgets.user.usd'],
    [{ user: { usd: 1, period: 'day', cap: 2 } }, 'budgets.user.cap'],
    [{ user: [{ usd: 1 }, { usd: 2, period: 'day' }] }, 'budgets.user[1]'],
    [{ user: [] }, 'budgets.user'],
    [{ user: [{ usd: '5', period: 'week' }] }, 'budgets.user[0].usd'],
  ])('is refused as %j, which names %s', async (budgets, field) => {
    const answer = await tryIssue({ budgets });
    expect(fieldsOf(answer)).toEqual([422, [field]]);
  });

  it('is refused with a period or a mode that there is not', async () => {
    const body = { daily_usd_cap: 1, period: 'hour', mode: 'off' };
    expect(fieldsOf(await broker.api('PUT', '/v1/budgets/user/u', body))).toEqual([
      422,
      ['period', 'mode'],
    ]);
    expect(fieldsOf(await broker.api('GET', '/v1/budgets/user/u?period=year'))).toEqual([
      422,
      ['period'],
    ]);
    expect(fieldsOf(await tryIssue({ budgets_mode: 'on' }))).toEqual([422, ['budgets_mode']]);
  });
});

describe('a raise', () => {
  it("adds to every cap of its subject, the application's too, and ends by a call", async () => {
    const fields = { budgets: { user: 10 } };
    await put('user/u', 10, { period: 'month' });
    expect((await payAs('u', fields)).status).toBe(200);
    expect((await payAs('u', fields)).status).toBe(429);
    const set = await raise('user/u', RAISE);
    expect([set.status, set.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^rse_/),
        scope: 'user',
        target: 'u',
        usd: 10,
        reason: RAISE.reason,
        set_by: 'app',
        created_at: expect.any(String),
        expires_at: expect.any(String),
      },
    ]);
    expect((await payAs('u', fields)).status).toBe(200);
    const refused = await payAs('u', fields);
    expect([refused.status, refused.body.cap_usd]).toEqual([429, 20]);
    const caps = await effective('u');
    expect(
      caps
        .filter(({ scope }: Shown) => scope === 'user')
        .map(({ source, period, cap_usd, raised_usd }: Shown) => [
          source,
          period,
          cap_usd,
          raised_usd,
        ]),
    ).toEqual([
      ['operator', 'month', 20, 10],
      ['app', 'day', 20, 10],
      ['raise', 'month', 20, 10],
      ['raise', 'day', 20, 10],
    ]);
    expect(caps.find(({ source }) => source === 'raise')?.['raises']).toMatchObject([
      { id: set.body.id, usd: 10 },
    ]);
    const path = `/v1/budgets/user/u/raises/${set.body.id}`;
    expect((await broker.api('DELETE', path)).body).toEqual({ id: set.body.id, status: 'ended' });
    expect((await broker.api('DELETE', path)).status).toBe(404);
    const [left] = (await effective('u')).filter(({ source }: Shown) => source === 'app');
    expect([left?.['cap_usd'], left?.['remaining_usd']]).toEqual([10, -10]);
    const rows = (await broker.api('GET', '/v1/audit?event=raise')).body.entries;
    expect(rows.map(({ verdict, actor, reason }: Shown) => [verdict, actor, reason])).toEqual([
      ['ended', 'app', null],
      ['raised', 'app', RAISE.reason],
    ]);
    expect(rows[1]).toMatchObject({
      old_value: 'raised by $0.00',
      new_value: expect.stringContaining('raised by $10.00'),
    });
  });

  it('adds to no key, and to no other scope or subject', async () => {
    await put('user/u', 10);
    await put('user/v', 10);
    await raise('user/u', RAISE);
    const small = await broker.issue({ subject: { user_id: 'u' }, daily_usd_cap: 5 });
    expect((await pay(small)).body.scope).toBe('key');
    await payAs('v');
    expect((await payAs('v')).status).toBe(429);
  });

  it('ends at midnight at the latest', async () => {
    await put('user/u', 10);
    const { body } = await raise('user/u', { ...RAISE, expires_in: '24h' });
    const midnight = new Date(body.created_at).setUTCHours(24, 0, 0, 0);
    expect(Date.parse(body.expires_at)).toBe(midnight);
  });

  it.each([
    ['user/*', RAISE, ['id']],
    ['user/nobody', RAISE, ['id']],
    ['key/k', RAISE, ['scope']],
    ['user/u', { ...RAISE, usd: 0 }, ['usd']],
    ['user/u', { ...RAISE, usd: '5' }, ['usd']],
    ['user/u', { ...RAISE, expires_in: '25h' }, ['expires_in']],
    ['user/u', { usd: 1 }, ['expires_in', 'reason']],
    ['user/u', { ...RAISE, reason: '' }, ['reason']],
    ['user/u', { ...RAISE, until: 1 }, ['until']],
    ['tool/t', { ...RAISE, tenant_id: 't' }, ['tenant_id']],
  ])('of %s with %j is refused, and names %j', async (path, body, fields) => {
    await put('user/u', 10);
    expect(fieldsOf(await raise(path, body))).toEqual([422, fields]);
  });
});

describe('a budget in shadow mode', () => {
  it('refuses nothing, and the audit row of the call says what it would have refused', async () => {
    await put('user/u', 15, { mode: 'shadow' });
    for (const remaining of ['90', '90']) {
      const paid = await payAs('u', { daily_usd_cap: 100 });
      expect([paid.status, paid.headers['x-vault-key-remaining-usd']]).toEqual([200, remaining]);
    }
    const { entries } = (await broker.api('GET', '/v1/audit?event=call')).body;
    expect(entries.map(({ would_refuse }: Shown) => would_refuse)).toEqual([
      { scope: 'user', period: 'day', source: 'operator', cap_usd: 15 },
      undefined,
    ]);
    expect(await effective('u')).toMatchObject([
      { source: 'operator', mode: 'shadow', cap_usd: 15, spent_usd: 20, remaining_usd: -5 },
    ]);
  });

  it('replaces and loosens no cap that refuses', async () => {
    await put('user/*', 15);
    await put('user/u', 100, { mode: 'shadow' });
    await put('user/u', 200, { mode: 'shadow' });
    await payAs('u');
    expect((await payAs('u')).status).toBe(429);
    await put('user/v', 15);
    await put('user/v', 100, { mode: 'shadow' });
    await payAs('v');
    expect((await payAs('v')).status).toBe(429);
    const both = (await broker.api('GET', '/v1/budgets/user/v')).body;
    expect([both.mode, both.daily_usd_cap]).toEqual(['enforce', 15]);
    const shadow = (await broker.api('GET', '/v1/budgets/user/v?mode=shadow')).body;
    expect([shadow.mode, shadow.daily_usd_cap]).toEqual(['shadow', 100]);
    await broker.api('DELETE', '/v1/budgets/user/v');
    expect((await payAs('v', { budgets: { run: 0 } })).status).toBe(429);
  });

  it("of the application's covers what travels with the key, and not the key's own cap", async () => {
    const fields = { budgets: { user: 5, run: 0 }, budgets_mode: 'shadow' };
    const key = await broker.issue({ subject: { user_id: 'u' }, ...fields });
    expect(key).toMatchObject({ budgets_mode: 'shadow' });
    expect((await pay(key)).body.scope).toBe('run');
    const free = { budgets: { user: 5 }, budgets_mode: 'shadow' };
    expect((await payAs('u', free)).status).toBe(200);
    expect((await payAs('u', { ...free, daily_usd_cap: 5 })).body.scope).toBe('key');
  });
});

describe('vault-key-broker budgets', () => {
  const say = async (...words: string[]) => {
    let [stdout, stderr] = ['', ''];
    const env = { KEYBRAKE_TOKEN: broker.token };
    const output = {
      out: (text: string) => (stdout += text),
      error: (line: string) => (stderr += line),
    };
    const code = await runOperatorCommand('budgets', [...words, '--url', broker.url], env, output);
    return { code, stdout, stderr };
  };

  it('raises a budget, and ends that', async () => {
    await put('user/u1', 500);
    const set = await say('raise', 'user', 'u1', '200', '--for', '2h', '--reason', 'a big order');
    expect([set.code, set.stderr]).toEqual([0, '']);
    const [id = ''] = /^rse_\w+/.exec(set.stdout) ?? [];
    expect(set.stdout).toContain('adds $200.00 to every cap of user u1 until ');
    expect((await say('effective', '--user', 'u1')).stdout).toContain('700.00');
    const ended = await say('end-raise', 'user', 'u1', id);
    expect(ended).toEqual({ code: 0, stdout: `ended ${id}\n`, stderr: '' });
    const bad = await say('raise', 'user', 'u1', '200', '--for', '2h');
    expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining('--reason')]);
  });

  it('sets a budget of a period, and one in shadow mode', async () => {
    const set = await say('set', 'user', 'u1', '20', '--period', 'month', '--mode', 'shadow');
    expect([set.code, set.stdout]).toEqual([0, expect.stringContaining('month, shadow')]);
    expect((await say('remove', 'user', 'u1', '--period', 'month')).code).toBe(0);
  });

  it('proposes caps by what was spent, with what each would have refused', async () => {
    expect((await say('propose')).stdout).toBe('nothing was spent in the last 30 days\n');
    await payAs('u1');
    await payAs('u1');
    const { stdout } = await say('propose', '--json');
    expect(JSON.parse(stdout)).toEqual({
      days: 30,
      subjects: [
        {
          scope: 'user',
          id: 'u1',
          days: 1,
          calls: 2,
          median_usd: 20,
          max_usd: 20,
          proposals: [
            { basis: 'max', daily_usd_cap: 24, would_refuse: { calls: 0, days: 0 } },
            { basis: 'p95', daily_usd_cap: 20, would_refuse: { calls: 0, days: 0 } },
          ],
        },
      ],
    });
    expect((await say('propose')).stdout).toMatch(/user\s+u1\s+1\s+20\.00\s+20\.00\s+max\s+24\.00/);
    expect((await say('propose', '--days', '0')).code).toBe(2);
  });
});
