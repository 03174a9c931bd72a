import { ParameterList } from '../../pricing/parameter-list';
import { parseFormBody } from '../../pricing/form-body';
import { amountUnknown } from '../../pricing/amount';
import type { PriceableCall } from '../../pricing/price';
import { OwnerCache } from '../known-owners';
import { STRIPE_CALLS } from './calls/index';
import { destinationsOf, reachOf } from './reach';

const OBJECTS: Readonly<Record<string, Record<string, unknown>>> = {
  'payment_intents/pi_1': { customer: 'cus_1', status: 'requires_capture' },
  'payment_intents/pi_done': { customer: 'cus_1', status: 'succeeded' },
  'payment_intents/pi_guest': { customer: null },
  'charges/ch_1': { customer: { id: 'cus_1', object: 'customer' } },
  'refunds/re_1': { charge: 'ch_1', payment_intent: 'pi_1' },
  'refunds/re_lost': { charge: null, payment_intent: null },
  'subscriptions/sub_1': { customer: 'cus_2' },
  'subscription_items/si_1': { subscription: 'sub_1' },
  'subscription_schedules/sub_sched_1': { customer: 'cus_3' },
  'payment_methods/pm_1': { customer: 'cus_1' },
  'payment_methods/pm_2': { customer: 'cus_2' },
  'payment_methods/pm_loose': { customer: null },
  'payment_methods/pm_card_visa': { id: 'pm_made', customer: 'cus_1' },
  'mandates/mandate_1': { payment_method: 'pm_1' },
  'checkout/sessions/cs_test_1': { customer: 'cus_1' },
};

let asked: string[];
let owners = new OwnerCache();
beforeEach(() => {
  asked = [];
  owners = new OwnerCache();
});

const lookup = {
  get: (path: string) => {
    asked.push(path);
    const object = OBJECTS[path];
    if (object === undefined) return Promise.reject(amountUnknown('It is not there.'));
    return Promise.resolve({ id: path.split('/').at(-1), ...object });
  },
};

function callOf(call: string, body = ''): PriceableCall {
  const [method = '', path = ''] = call.split(' ');
  const parameters = parseFormBody(body);
  return { method, segments: path.split('/'), parameters, decimals: new Set() };
}

/** Whom a call reaches, in short: where each object is named and whose it is; a question mark where that is not told. */
async function reach(call: string, { body = '', query = '' } = {}): Promise<string> {
  const known = owners.of('stripe', '');
  const found = await reachOf(callOf(call, body), query, lookup, known);
  const objects = found.objects.map(({ parameter = 'path', customer, fault }) =>
    [parameter, customer ?? (fault === undefined ? 'nobody' : '?')].join(': '),
  );
  const filter = found.isFiltered && call.startsWith('GET') ? ['filtered'] : [];
  return [...objects, ...found.destinations.map((each) => `${each}: out`), ...filter].join(', ');
}

describe('whom a call to Stripe reaches', () => {
  it.each([
    ['POST payment_intents', 'customer=cus_1', 'customer: cus_1'],
    ['POST payment_intents', 'amount=100&currency=usd', ''],
    [
      'POST payment_intents',
      'customer=cus_1&payment_method=pm_2',
      'customer: cus_1, payment_method: cus_2',
    ],
    [
      'POST payment_intents',
      'customer=cus_1&payment_method=pm_loose',
      'customer: cus_1, payment_method: nobody',
    ],
    ['POST payment_intents', 'payment_method=pm_card_visa', 'payment_method: nobody'],
    ['POST payment_intents', 'confirmation_token=ctoken_1', 'confirmation_token: ?'],
    ['POST payment_intents', 'customer=not_a_customer', 'customer: ?'],
    ['POST payment_intents', 'customer=', ''],
    ['POST payment_intents', 'metadata[customer]=cus_2&description=cus_2', ''],
    [
      'POST payment_intents',
      'customer=cus_1&transfer_data[destination]=acct_1',
      'customer: cus_1, transfer_data[destination]: out',
    ],
    ['POST payment_intents/pi_1/confirm', 'mandate=mandate_1', 'path: cus_1, mandate: cus_1'],
    ['POST payment_intents/pi_guest/capture', '', 'path: nobody'],
    ['POST payment_intents/pi_unknown/capture', '', 'path: ?'],
    ['POST payment_intents/cus_1/capture', '', 'path: ?'],
    ['POST charges/ch_1/capture', '', 'path: cus_1'],
    ['POST refunds', 'payment_intent=pi_1', 'payment_intent: cus_1'],
    ['POST refunds', 'charge=ch_1', 'charge: cus_1'],
    ['POST refunds/re_1', '', 'path: cus_1'],
    ['POST refunds/re_lost', '', 'path: nobody'],
    ['POST customers', 'name=n', ''],
    ['POST customers/cus_1', '', 'path: cus_1'],
    ['POST customers/cus_1/sources/card_2', '', 'path: cus_1'],
    ['POST payment_methods/pm_loose/attach', 'customer=cus_1', 'path: nobody, customer: cus_1'],
    ['POST products/prod_1', '', 'path: ?'],
    ['POST prices', 'product=prod_1', ''],
    ['POST subscriptions', 'customer=cus_1&items[0][price]=price_1', 'customer: cus_1'],
    ['POST subscriptions/sub_1', 'items[0][id]=si_1', 'path: cus_2, items[0][id]: cus_2'],
    ['POST subscription_schedules/sub_sched_1/cancel', '', 'path: cus_3'],
    ['POST checkout/sessions', 'customer=cus_1&line_items[0][price]=price_1', 'customer: cus_1'],
    ['POST checkout/sessions/cs_test_1/expire', '', 'path: cus_1'],
    ['POST test_helpers/customers/cus_1/fund_cash_balance', '', 'path: cus_1'],
    [
      'POST transfers',
      'destination=acct_1&source_transaction=ch_1',
      'source_transaction: cus_1, destination: out',
    ],
    ['POST payouts/po_1/cancel', '', 'path: ?'],
  ])('%s %s', async (call, body, expected) => {
    expect(await reach(call, { body })).toBe(expected);
  });

  it.each([
    ['GET customers/cus_1', '', 'path: cus_1, filtered'],
    ['GET customers/cus_1/payment_methods', 'limit=3', 'path: cus_1, filtered'],
    ['GET payment_intents/pi_1', 'expand[]=latest_charge', 'path: cus_1, filtered'],
    ['GET customers', '', ''],
    ['GET customers/search', 'query=a', ''],
    ['GET charges', 'customer=cus_1', 'customer: cus_1, filtered'],
    ['GET charges', 'limit=3&customer=cus_1&starting_after=ch_1', 'customer: cus_1, filtered'],
    ['GET charges', 'starting_after=ch_000000000000A1', 'starting_after: ?'],
    ['GET charges', 'customer=cus_1&customer=cus_2', 'query: ?'],
    ['GET charges', 'customer[]=cus_1', 'customer[]: cus_1'],
    ['GET charges', 'customer=cus_1&%63ustomer=cus_2', 'query: ?'],
    ['GET charges/search', 'customer=cus_1', 'customer: cus_1'],
    ['GET refunds', 'charge=ch_1', 'charge: cus_1, filtered'],
    ['GET refunds', 'customer=cus_1', 'customer: cus_1'],
    ['GET checkout/sessions', 'payment_intent=pi_1', 'payment_intent: cus_1, filtered'],
    ['GET checkout/sessions/cs_test_1/line_items', '', 'path: cus_1, filtered'],
    ['GET balance', '', ''],
    ['GET balance', 'customer=cus_1', 'customer: cus_1'],
    ['GET balance/history', '', 'path: ?, filtered'],
    ['GET events', 'customer=cus_1', 'customer: cus_1'],
    ['GET prices/price_1', '', 'path: ?, filtered'],
    ['GET invoices/upcoming/lines', 'customer=cus_1', 'customer: cus_1'],
  ])('%s?%s', async (call, query, expected) => {
    expect(await reach(call, { query })).toBe(expected);
  });

  it('asks for an object once in a call, and never again where its customer can change no more', async () => {
    await reach('POST refunds', { body: 'payment_intent=pi_1&charge=ch_1' });
    await reach('POST payment_intents/pi_1/confirm', { body: 'payment_intent=pi_1' });
    expect(asked).toEqual(['payment_intents/pi_1', 'charges/ch_1', 'payment_intents/pi_1']);
    asked = [];
    for (let i = 0; i < 2; i++) {
      await reach('POST refunds', { body: 'charge=ch_1' });
      await reach('POST refunds', { body: 'payment_intent=pi_done' });
      await reach('POST payment_intents', { body: 'payment_method=pm_1' });
    }
    expect(asked).toEqual([
      'payment_intents/pi_done',
      'payment_methods/pm_1',
      'payment_methods/pm_1',
    ]);
  });

  it('knows an owner in the account alone in which it was found out', async () => {
    await reach('POST refunds', { body: 'charge=ch_1' });
    expect(owners.of('stripe', '').get('ch_1')).toBe('cus_1');
    expect(owners.of('stripe', 'acct_1').get('ch_1')).toBeUndefined();
    expect(owners.of('stripe-acme', '').get('ch_1')).toBeUndefined();
  });

  it("lets no parameter of any call name another customer's object unseen", async () => {
    const unseen: string[] = [];
    for (const [call, row] of Object.entries(STRIPE_CALLS)) {
      const parameters = 'parameters' in row ? row.parameters : '';
      for (const name of new ParameterList(parameters).names()) {
        if (/^(?:metadata|description|expand)(?:\[|$)/.test(name)) continue;
        const body = `${name.replaceAll('[*]', '[key]')}=pi_3OtherCustomersOne`;
        const path = call.replaceAll('*', 'cus_1').split(' ')[1] ?? '';
        const found = await reach(`POST ${path}`, { body });
        if (!/(?:: \?|: out)/.test(found.replace('path: ?', ''))) unseen.push(`${call} ${name}`);
      }
    }
    expect(unseen).toEqual([]);
  });
});

describe('where a call to Stripe sends money', () => {
  it.each([
    ['POST payouts', 'amount=1', { isPayout: true, destinations: [] }],
    [
      'POST payouts',
      'destination=ba_1',
      { isPayout: true, destinations: [{ parameter: 'destination', id: 'ba_1' }] },
    ],
    [
      'POST payouts',
      'payout_method=pyt_1',
      { isPayout: true, destinations: [{ parameter: 'payout_method', id: 'pyt_1' }] },
    ],
    [
      'POST transfers',
      'destination=acct_1',
      { isPayout: true, destinations: [{ parameter: 'destination', id: 'acct_1' }] },
    ],
    ['POST payouts/po_1/cancel', '', { isPayout: false, destinations: [] }],
    [
      'POST charges',
      'transfer_data[destination]=acct_1',
      {
        isPayout: false,
        destinations: [{ parameter: 'transfer_data[destination]', id: 'acct_1' }],
      },
    ],
    ['POST charges', 'metadata[destination]=acct_1', { isPayout: false, destinations: [] }],
    [
      'POST charges',
      'destination[account]=acct_1',
      { isPayout: false, destinations: [{ parameter: 'destination[account]', id: 'acct_1' }] },
    ],
    [
      'POST treasury/outbound_payments',
      'destination_payment_method=pm_1',
      { isPayout: true, destinations: [{ parameter: 'destination_payment_method', id: 'pm_1' }] },
    ],
    [
      'POST treasury/outbound_transfers',
      'destination_payment_method_data[type]=us_bank_account',
      { isPayout: true, destinations: [], untold: 'destination_payment_method_data[type]' },
    ],
    ['GET transfers', 'destination=acct_1', { isPayout: false, destinations: [] }],
  ])('%s %s', (call, body, expected) => {
    expect(destinationsOf(callOf(call, body))).toEqual(expected);
  });
});
