import { runOperatorCommand } from '../../lib/broker/cli/operator-commands';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerProcess } from '../support/broker-process';
import type { RunningBroker } from '../support/broker-process';

const PAYMENT =
  'amount=1000&currency=usd&payment_method=pm_card_visa&allowed_payment_method_types[0]=card&confirm=true';
const SUMS =
  'settled_usd,given_back_usd,spent_usd,undone_usd,held_usd,unknown_usd,refused_usd,calls,refusals';

let vendor: StripeVendor;
let broker: RunningBroker;
beforeAll(async () => {
  vendor = await createStripeVendor();
  broker = await BrokerProcess.start({ vendor });
  const pay = async (user: string, cap: number, body = PAYMENT) => {
    const { token } = await broker.issue({
      daily_usd_cap: cap,
      subject: { user_id: user, tool: 'pay' },
    });
    return (await broker.call(token, 'POST', '/v1/payment_intents', { body })).status;
  };
  expect(await pay('u1', 50)).toBe(200);
  expect(await pay('=u2', 50, PAYMENT.replace('1000', '250'))).toBe(200);
  expect(await pay('u1', 5)).toBe(429);
  vendor.next('POST /v1/payment_intents', { reset: 'after' });
  expect(await pay('u1', 50)).toBe(502);
});
afterAll(() => vendor.close());

const get = (query: string, accept: string) =>
  fetch(`${broker.url}/v1/spend${query}`, {
    headers: { authorization: `Bearer ${broker.token}`, accept },
  });

/** What a command prints, and its exit code. */
async function command(...args: string[]): Promise<{ code: number; text: string }> {
  let text = '';
  const print = (more: string): void => {
    text += more;
  };
  const code = await runOperatorCommand(
    'spend',
    [...args, '--url', broker.url],
    { KEYBRAKE_TOKEN: broker.token },
    { out: print, error: print },
  );
  return { code, text };
}

describe('GET /v1/spend', () => {
  it('tells what is settled, held, unknown and refused by user, at once', async () => {
    const { body } = await broker.api('GET', '/v1/spend?by=user');
    expect(body.rows).toEqual([
      expect.objectContaining({ user_id: '=u2', spent_usd: 2.5, calls: 1, refusals: 0 }),
      expect.objectContaining({
        user_id: 'u1',
        settled_usd: 10,
        spent_usd: 10,
        held_usd: 0,
        unknown_usd: 10,
        refused_usd: 10,
        calls: 2,
        refusals: 1,
      }),
    ]);
    expect(body.totals).toMatchObject({ spent_usd: 12.5, unknown_usd: 10, calls: 3 });
  });

  it('pages by limit and cursor', async () => {
    const first = await broker.api('GET', '/v1/spend?by=user&limit=1');
    expect(first.body.rows).toHaveLength(1);
    const { cursor } = first.body as { cursor: string };
    const second = await broker.api('GET', `/v1/spend?by=user&limit=1&cursor=${cursor}`);
    expect(second.body.rows).toEqual([expect.objectContaining({ user_id: 'u1' })]);
    expect(second.body.cursor).toBeUndefined();
    expect(second.body.totals).toEqual(first.body.totals);
  });

  it('is CSV where that is accepted, under a name, and no cell is a formula', async () => {
    const answer = await get('?by=user,tool', 'text/csv');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="spend.csv"');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.text()).toBe(
      [
        `user_id,tool,${SUMS}`,
        "'=u2,pay,2.50,0.00,2.50,0.00,0.00,0.00,0.00,1,0",
        'u1,pay,10.00,0.00,10.00,0.00,0.00,10.00,10.00,2,1',
        '',
      ].join('\r\n'),
    );
  });

  it('names each bad parameter, as JSON for CSV too', async () => {
    for (const accept of ['application/json', 'text/csv']) {
      const answer = await get('?by=run&from=yesterday', accept);
      const { fields } = (await answer.json()) as { fields: { field: string }[] };
      expect([accept, answer.status, fields.map(({ field }) => field)]).toEqual([
        accept,
        422,
        ['by', 'from'],
      ]);
    }
    expect((await get('?colour=red', 'application/json')).status).toBe(422);
    expect((await get('?limit=5', 'text/csv')).status).toBe(422);
    expect((await get('?limit=1001', 'application/json')).status).toBe(422);
    expect((await get('?cursor=%20', 'application/json')).status).toBe(422);
    const open = await fetch(`${broker.url}/v1/spend`);
    expect(open.status).toBe(401);
  });
});

describe('vault-key-broker spend', () => {
  const month = new Date().toISOString().slice(0, 7);

  it('prints a table with its totals, and no column of amounts that are all 0', async () => {
    const { code, text } = await command('--by', 'user', '--month', month);
    expect(code).toBe(0);
    expect(text.split('\n').map((line) => line.split(/\s+/).filter((word) => word !== ''))).toEqual(
      [
        ['USER', 'SPENT', 'UNKNOWN', 'REFUSED', 'CALLS', 'REFUSALS'],
        ['=u2', '2.50', '0.00', '0.00', '1', '0'],
        ['u1', '10.00', '10.00', '10.00', '2', '1'],
        ['total', '12.50', '10.00', '10.00', '3', '1'],
        [],
      ],
    );
  });

  it('prints CSV, and the JSON of the API', async () => {
    const csv = await command('--by', 'user', '--month', month, '--user', 'u1', '--csv');
    expect(csv).toEqual({
      code: 0,
      text: `user_id,${SUMS}\r\nu1,10.00,0.00,10.00,0.00,0.00,10.00,10.00,2,1\r\n`,
    });
    const { text } = await command('--by', 'user', '--limit', '1', '--json');
    expect(JSON.parse(text)).toMatchObject({
      rows: [{ user_id: '=u2' }],
      cursor: expect.any(String),
    });
  });

  it('has the most spent first with --order spent, in the table and in CSV', async () => {
    const order = ['--by', 'user', '--month', month, '--order', 'spent'];
    const firstCells = (text: string, end: RegExp) =>
      text.split('\n').map((line) => line.split(end)[0]);
    expect(firstCells((await command(...order)).text, /\s/).slice(1, 3)).toEqual(['u1', '=u2']);
    const csv = await command(...order, '--csv');
    expect(firstCells(csv.text, /,/).slice(1, 3)).toEqual(['u1', "'=u2"]);
    const paged = await command(...order, '--limit', '1', '--json');
    const { rows, cursor } = JSON.parse(paged.text) as { rows: object[]; cursor: string };
    expect(rows).toMatchObject([{ user_id: 'u1' }]);
    const next = await command(...order, '--limit', '1', '--cursor', cursor, '--json');
    expect(JSON.parse(next.text)).toMatchObject({ rows: [{ user_id: '=u2' }] });
    expect((await command('--order', 'amount')).text).toContain('order must be spent');
  });

  it('says what was typed wrong, and what the broker refuses', async () => {
    expect(await command('--month', '2026-13')).toMatchObject({ code: 2 });
    expect(await command('--month', month, '--from', `${month}-01`)).toMatchObject({ code: 2 });
    expect(await command('--csv', '--limit', '5')).toMatchObject({ code: 2 });
    expect(await command('--csv', '--json')).toMatchObject({ code: 2 });
    expect(await command('user')).toMatchObject({ code: 2 });
    const refused = await command('--by', 'run', '--csv');
    expect(refused.code).toBe(1);
    expect(refused.text).toContain('by must be some of');
  });
});
