import { writeFileSync } from 'node:fs';
import { STRIPE_CALLS } from '../../lib/broker/vendors/stripe/calls';
import type { CallRow } from '../../lib/broker/vendors/stripe/calls/call-row';
import { BrokerProcess, temporaryFile } from '../support/broker-process';
import type { IssuedKey } from '../support/broker-process';
import { parametersInTypes } from '../support/stripe-types';
import type { TypedParameters } from '../support/stripe-types';
import { RecordingVendor } from './recording-vendor';

const ROWS = Object.entries(STRIPE_CALLS);
const REFUSED = ROWS.filter(([, { rule }]) => rule === 'refused').map(([call]) => call);
const EVERYTHING = [1, 2, 3, 4, 5, 6].flatMap((levels) => {
  const path = `/v1${'/*'.repeat(levels)}`;
  return [path, `DELETE ${path}`];
});

let types: Map<string, TypedParameters>;
let vendor: RecordingVendor;
/** With a test secret, with a live one, and with all that is refused named as free. */
let testMode: BrokerProcess;
let liveMode: BrokerProcess;
let permissive: BrokerProcess;
beforeAll(async () => {
  types = parametersInTypes(ROWS.map(([call]) => call));
  vendor = await RecordingVendor.start();
  const config = temporaryFile('broker.json');
  const free = REFUSED.map((call) => call.replace(' ', ' /v1/'));
  writeFileSync(config, JSON.stringify({ vendors: { stripe: { free } } }));
  [testMode, liveMode, permissive] = await Promise.all([
    BrokerProcess.start({ vendor }),
    BrokerProcess.start({ vendor: { url: vendor.url, secretKey: 'rk_live_0815' } }),
    BrokerProcess.start({ vendor, args: ['--config', config] }),
  ]);
});
afterAll(() => vendor.close());
beforeEach(() => vendor.reset());

/** A key of a broker, and its calls. */
async function agentOf(broker: BrokerProcess, dailyUsdCap: number) {
  const key: IssuedKey = await broker.issue({
    allowed_endpoints: EVERYTHING,
    daily_usd_cap: dailyUsdCap,
  });
  return async (call: string, body: string, id = 'id_1') => {
    vendor.received.length = 0;
    const [method = '', path = ''] = call.split(' ');
    const answer = await broker.call(key.token, method, `/v1/${path.replaceAll('*', id)}`, {
      ...(body === '' ? {} : { body }),
      headers: body === '' ? {} : { 'content-type': 'application/x-www-form-urlencoded' },
    });
    return { answer, received: vendor.received.map((request) => request.body) };
  };
}

/** The parameters without which a call cannot be, as a form. */
function requiredBody(call: string): string {
  return (types.get(call)?.required ?? [])
    .map((name) => {
      const value = name === 'currency' ? 'usd' : '100';
      return `${name.replaceAll('[]', '[0]').replaceAll('[*]', '[k]')}=${value}`;
    })
    .join('&');
}

const namesIn = (form: string) => [...new URLSearchParams(form).keys()];

/** Rows of some rules; there are some of each. */
function rowsOf(isWanted: (row: CallRow) => boolean): [call: string, row: CallRow][] {
  const rows = ROWS.filter(([, row]) => isWanted(row));
  expect(rows.length).toBeGreaterThan(10);
  return rows;
}

describe('every call of Stripe’s, sent once with the parameters that it cannot be without', () => {
  it('reaches the vendor with all of them, under a cap of 0, where the table says that it is free', async () => {
    const send = await agentOf(testMode, 0);
    for (const [call] of rowsOf(({ rule }) => rule === 'free')) {
      const body = requiredBody(call);
      const { answer, received } = await send(call, body);
      expect([call, answer.status, answer.text]).toEqual([call, 200, '{}']);
      expect([call, ...received.map(namesIn)]).toEqual([call, namesIn(body)]);
    }
  });

  it('holds its price and reaches the vendor where the table prices it', async () => {
    let ids = 0;
    const rows = rowsOf(({ rule }) => /^(?:new|exposure|change|cancel|refund)$/.test(rule));
    for (const [call, row] of rows) {
      const send = await agentOf(testMode, 1);
      // A payment that the ledger knows, and that costs nothing: it was declined.
      const id = `id_${(ids += 1)}`;
      vendor.respond = (_req, res) => {
        const intent = { id, amount: 100, currency: 'usd', amount_received: 0 };
        res.writeHead(402).end(JSON.stringify({ error: { payment_intent: intent } }));
      };
      await send('POST payment_intents', 'amount=100&currency=usd');
      vendor.reset();
      const own = row.rule === 'new' ? 'amount=100&currency=usd' : '';
      const body = row.rule === 'refund' ? `payment_intent=${id}` : requiredBody(call);
      const form = new URLSearchParams([...new URLSearchParams(own), ...new URLSearchParams(body)]);
      const { answer, received } = await send(
        call,
        String(new URLSearchParams(Object.fromEntries(form))),
        id,
      );
      expect([call, answer.status, received.length]).toEqual([call, 200, 1]);
    }
  });

  it('is answered with the reason and the setting that would allow it where the table refuses it', async () => {
    const send = await agentOf(testMode, 1_000);
    for (const [call, row] of rowsOf(({ rule }) => rule === 'refused')) {
      const { answer, received } = await send(call, requiredBody(call));
      expect([call, answer.status, answer.body.code]).toEqual([call, 403, 'amount_unknown']);
      expect(received).toEqual([]);
      const { message } = answer.body.error;
      const { reason, allow } = row as Extract<CallRow, { rule: 'refused' }>;
      const target = call.replace(' ', ' /v1/');
      expect(message).toContain(`${target.replaceAll('*', 'id_1')} is refused: ${reason}. `);
      if (allow === undefined) expect(message).toContain('No setting allows it.');
      else expect(message).toContain(`with "${allow}": [`);
      if (allow !== undefined) expect(message).toContain(`"${target}"`);
      if (allow !== undefined) expect(message).toContain('under vendors.stripe in');
    }
  });

  it('reaches the vendor with whatever it says where the operator names it as free', async () => {
    const send = await agentOf(permissive, 0);
    for (const call of REFUSED) {
      const { answer, received } = await send(call, 'anything[0][a]=1');
      expect([call, answer.status, received]).toEqual([call, 200, ['anything[0][a]=1']]);
    }
  });

  it('of the test helpers passes with a test secret, and with no other', async () => {
    const [send, sendLive] = [await agentOf(testMode, 0), await agentOf(liveMode, 1_000)];
    for (const [call] of rowsOf(({ rule }) => rule === 'test-helper')) {
      const { answer, received } = await send(call, requiredBody(call));
      expect([call, answer.status, received.length]).toEqual([call, 200, 1]);
      const live = await sendLive(call, requiredBody(call));
      expect([call, live.answer.status, live.answer.body.code]).toEqual([
        call,
        403,
        'amount_unknown',
      ]);
      expect(live.answer.body.error.message).toContain('begins with sk_test_ or rk_test_');
      expect(live.received).toEqual([]);
    }
  });

  it('that the table does not know is refused, and told how to name it', async () => {
    const send = await agentOf(testMode, 1_000);
    for (const call of ['POST charges/*/refund', 'POST orders', 'DELETE account']) {
      const { answer, received } = await send(call, 'amount=100&currency=usd');
      expect([call, answer.body.code, received]).toEqual([call, 'amount_unknown', []]);
      expect(answer.body.error.message).toContain('naming it in "prices" or "free"');
    }
  });
});
