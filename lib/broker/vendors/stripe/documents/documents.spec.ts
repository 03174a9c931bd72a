import { BrokerRefusal } from '../../../refusal';
import { CallTable } from '../../../pricing/call-table';
import { NO_DOCUMENT_SETTINGS } from '../../../pricing/configured-prices';
import type { ConfiguredPrices, DocumentSettings } from '../../../pricing/configured-prices';
import { rateOf } from '../../../pricing/currency';
import type { Rate } from '../../../pricing/currency';
import { parseFormBody } from '../../../pricing/form-body';
import { ParameterSink } from '../../../pricing/parameters';
import type { Price } from '../../../pricing/price';
import { stripe } from '../stripe';

type Shown = Record<string, unknown>;

/** What the vendor shows, by path; a list by the path before its query. */
class Catalog {
  readonly asked: string[] = [];

  constructor(private readonly objects: Readonly<Record<string, Shown | Shown[]>>) {}

  get(path: string): Promise<Shown> {
    this.asked.push(path);
    const [name = ''] = path.split('?');
    const found = this.objects[name];
    if (Array.isArray(found)) return Promise.resolve({ data: found, has_more: false });
    if (found === undefined) {
      return Promise.reject(new BrokerRefusal('amount_unknown', `there is no ${name}`));
    }
    return Promise.resolve({ id: name.split('/').at(-1), ...found });
  }
}

const DEFAULTS = NO_DOCUMENT_SETTINGS;
const EUR = rateOf(1.1) as Rate;
const OPEN: DocumentSettings = {
  firstPeriod: true,
  maxAdded: new Map([
    ['automatic_tax', 50_000_000],
    ['adjustable_quantity', 200_000_000],
    ['custom_unit_amount', 100_000_000],
    ['optional_items', 20_000_000],
    ['shipping_options', 30_000_000],
    ['metered', 75_000_000],
  ]),
};

function configured(documents?: DocumentSettings): ConfiguredPrices {
  return {
    rates: new Map([['eur', EUR]]),
    calls: new CallTable<never>([]),
    ...(documents === undefined ? {} : { documents }),
  };
}

const price = (more: Shown = {}): Shown => ({
  object: 'price',
  active: true,
  currency: 'usd',
  billing_scheme: 'per_unit',
  unit_amount: 1_000,
  unit_amount_decimal: '1000',
  recurring: null,
  custom_unit_amount: null,
  transform_quantity: null,
  ...more,
});
const MONTHLY = { recurring: { interval: 'month', usage_type: 'licensed' } };
const rate = (percentage: number, inclusive = false): Shown => ({
  object: 'tax_rate',
  percentage,
  inclusive,
});
/** https://docs.stripe.com/subscriptions/pricing-models/tiered-pricing: 7, 6.5 and 6 USD. */
const FONTS = [
  { up_to: 5, unit_amount_decimal: '700', flat_amount_decimal: null },
  { up_to: 10, unit_amount_decimal: '650', flat_amount_decimal: null },
  { up_to: null, unit_amount_decimal: '600', flat_amount_decimal: null },
];
const tiered = (tiers_mode: string, tiers: unknown = FONTS): Shown =>
  price({ billing_scheme: 'tiered', tiers_mode, tiers, unit_amount: null });

const CATALOG = {
  'prices/price_10': price(),
  'prices/price_storage': price({ unit_amount: null, unit_amount_decimal: '0.05' }),
  'prices/price_month': price({ ...MONTHLY }),
  'prices/price_used': price({ recurring: { interval: 'month', usage_type: 'metered' } }),
  'prices/price_volume': tiered('volume'),
  'prices/price_graduated': tiered('graduated'),
  'prices/price_flat': tiered('graduated', [
    { up_to: 10, unit_amount_decimal: '0', flat_amount_decimal: '2500' },
    { up_to: null, unit_amount_decimal: '12.5', flat_amount_decimal: '300' },
  ]),
  'prices/price_packs': price({ transform_quantity: { divide_by: 10, round: 'up' } }),
  'prices/price_euro': price({ currency: 'eur' }),
  'prices/price_old': price({ active: false }),
  'prices/price_both': price({ currency_options: { usd: {}, eur: { unit_amount: 900 } } }),
  'prices/price_gift': price({ unit_amount: null, custom_unit_amount: { maximum: 5_000 } }),
  'prices/price_any': price({ unit_amount: null, custom_unit_amount: { maximum: null } }),
  'tax_rates/txr_10': rate(10),
  'tax_rates/txr_8875': rate(8.875),
  'tax_rates/txr_inside': rate(20, true),
  'shipping_rates/shr_1': { fixed_amount: { amount: 1_500, currency: 'usd' } },
  'customers/cus_1': { balance: 0, currency: null },
  'customers/cus_owing': { balance: 700, currency: 'usd' },
  'customers/cus_new_owing': { balance: 700, currency: null },
  'customers/cus_euros': {
    balance: 700,
    currency: 'eur',
    invoice_credit_balance: { eur: -700, usd: -300, gbp: 50 },
  },
  invoiceitems: [],
  subscriptions: [],
  'subscriptions/sub_1': {
    customer: 'cus_1',
    currency: 'usd',
    default_tax_rates: [],
    automatic_tax: { enabled: false },
  },
  subscription_items: [
    { id: 'si_1', quantity: 2, price: { id: 'price_month', ...price(MONTHLY) }, tax_rates: [] },
  ],
  'subscription_items/si_1': { subscription: 'sub_1' },
  'invoices/in_draft': {
    status: 'draft',
    currency: 'usd',
    total: 2_000,
    subtotal: 2_000,
    amount_due: 2_700,
    amount_remaining: 2_700,
    default_tax_rates: [{ id: 'txr_10', ...rate(10) }],
    total_discount_amounts: [{ amount: 500 }],
    automatic_tax: { enabled: false },
  },
  // One whose amount due leaves out what the customer owes: that is added once it is final.
  'invoices/in_owing': {
    status: 'draft',
    currency: 'usd',
    total: 2_000,
    amount_due: 2_000,
    starting_balance: 300,
    default_tax_rates: [],
    total_discount_amounts: [],
    automatic_tax: { enabled: false },
  },
  'invoices/in_open': {
    status: 'open',
    currency: 'usd',
    total: 2_000,
    amount_due: 2_000,
    amount_remaining: 800,
    default_tax_rates: [],
    total_discount_amounts: [],
    automatic_tax: { enabled: false },
  },
  'invoiceitems/ii_1': {
    amount: 1_000,
    currency: 'usd',
    quantity: 2,
    invoice: 'in_open',
    customer: 'cus_1',
    tax_rates: [],
    pricing: { unit_amount_decimal: '500' },
  },
  'invoiceitems/ii_credit': {
    amount: -400,
    currency: 'usd',
    customer: 'cus_1',
    invoice: null,
    tax_rates: [],
  },
  'quotes/qt_1': {
    status: 'open',
    currency: 'usd',
    customer: 'cus_1',
    amount_total: 3_000,
    total_details: { amount_discount: 0 },
    computed: {
      upfront: { amount_total: 3_000, total_details: { amount_discount: 250 } },
      recurring: null,
    },
    subscription_data: { trial_period_days: null, effective_date: null },
    default_tax_rates: [],
    automatic_tax: { enabled: false },
  },
  'quotes/qt_1/line_items': [{ price: price() }],
} satisfies Record<string, Shown | Shown[]>;

async function priceOf(
  call: string,
  body: string,
  documents: DocumentSettings = OPEN,
  more: Readonly<Record<string, Shown | Shown[]>> = {},
): Promise<Price> {
  const [method = '', path = ''] = call.split(' ');
  const sink = new ParameterSink();
  parseFormBody(body.replaceAll(/\s+/g, ''), sink);
  const found = stripe.priceByObjects?.(
    {
      method,
      segments: path.split('/'),
      parameters: stripe.canonical(sink.parameters),
      decimals: new Set(),
    },
    configured(documents),
    new Catalog({ ...CATALOG, ...more }),
  );
  if (found === undefined) throw new Error(`${call} has no price by objects`);
  return found;
}

/** What a call holds, in cents. */
async function cents(...call: Parameters<typeof priceOf>): Promise<number> {
  const found = await priceOf(...call);
  return 'micros' in found ? found.micros / 10_000 : 0;
}

async function refusalOf(...call: Parameters<typeof priceOf>): Promise<BrokerRefusal> {
  try {
    await priceOf(...call);
  } catch (error) {
    if (error instanceof BrokerRefusal) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

const SESSION = 'POST checkout/sessions';
const pay = (items: string): string => `mode=payment&${items}`;
const item = (name: string, quantity: number, more = ''): string =>
  `line_items[0][price]=${name}&line_items[0][quantity]=${quantity}${more}`;
const inline = (terms: string, quantity = 1): string =>
  `line_items[0][price_data][currency]=usd&line_items[0][price_data][product]=prod_1
   &${terms}&line_items[0][quantity]=${quantity}`;
const unit = (name: string, value: string): string => `line_items[0][price_data][${name}]=${value}`;

const ROUNDING = 'https://docs.stripe.com/billing/subscriptions/decimal-amounts#rounding';
const TIERS = 'https://docs.stripe.com/subscriptions/pricing-models/tiered-pricing';
const TAX = 'https://docs.stripe.com/billing/taxes/tax-rates';
const PACKAGES = 'https://docs.stripe.com/subscriptions/pricing-models/package-pricing';

describe('what a cart comes to', () => {
  it.each([
    ['so many of an inline price', inline(unit('unit_amount', '1999'), 3), 5_997, ROUNDING],
    ['0.05 × 30 = 1.5, up to 2', item('price_storage', 30), 2, ROUNDING],
    ['0.05 × 29 = 1.45, down to 1', item('price_storage', 29), 1, ROUNDING],
    ['12 decimals', inline(unit('unit_amount_decimal', '0.499999999999'), 1), 0, ROUNDING],
    ['no quantity is one', 'line_items[0][price]=price_10', 1_000, ROUNDING],
    ['volume: 5 × 7', item('price_volume', 5), 3_500, TIERS],
    ['volume: 6 × 6.5', item('price_volume', 6), 3_900, TIERS],
    ['volume: 20 × 6', item('price_volume', 20), 12_000, TIERS],
    ['graduated: 5 × 7', item('price_graduated', 5), 3_500, TIERS],
    ['graduated: 5 × 7 + 6.5', item('price_graduated', 6), 4_150, TIERS],
    ['graduated: 35 + 32.5 + 10 × 6', item('price_graduated', 20), 12_750, TIERS],
    ['graduated with flat fees', item('price_flat', 10), 2_500, TIERS],
    ['graduated with flat fees, above', item('price_flat', 14), 2_850, TIERS],
    ['graduated with flat fees, of none', item('price_flat', 0), 2_500, TIERS],
    ['packs of 10, 21 are three', item('price_packs', 21), 3_000, PACKAGES],
    ['a tax on top', item('price_10', 1, '&line_items[0][tax_rates][0]=txr_10'), 1_100, TAX],
    [
      'a tax with four decimals, rounded up',
      item('price_10', 1, '&line_items[0][tax_rates][]=txr_8875'),
      1_089,
      TAX,
    ],
    [
      'a tax that is included',
      item('price_10', 1, '&line_items[0][tax_rates][]=txr_inside'),
      1_000,
      TAX,
    ],
    [
      'two taxes',
      item('price_10', 1, '&line_items[0][tax_rates][]=txr_10&line_items[0][tax_rates][]=txr_8875'),
      1_189,
      TAX,
    ],
    [
      'a coupon, which lowers nothing',
      item('price_10', 1, '&discounts[0][coupon]=half'),
      1_000,
      '',
    ],
  ])('%s', async (_what, items, expected, page) => {
    expect([page, await cents(SESSION, pay(items))]).toEqual([page, expected]);
  });

  it('is one line after the other, each rounded by itself', async () => {
    const both = `${item('price_storage', 30)}&line_items[1][price]=price_storage
      &line_items[1][quantity]=30`;
    expect(await cents(SESSION, pay(both))).toBe(4);
  });

  it('is counted at the rate of its currency', async () => {
    expect(await priceOf(SESSION, pay(item('price_euro', 2)))).toEqual({
      kind: 'amount',
      amount: 2_000,
      currency: 'eur',
      micros: 22_000_000,
    });
  });

  it('is in the currency that the call names, where a price has several', async () => {
    expect(await cents(SESSION, pay(`currency=eur&${item('price_both', 1)}`))).toBe(990);
    expect(await cents(SESSION, pay(`currency=usd&${item('price_both', 1)}`))).toBe(1_000);
    expect((await refusalOf(SESSION, pay(item('price_both', 1)))).message).toContain('currency');
  });

  it('asks for each object once', async () => {
    const catalog = new Catalog(CATALOG);
    const sink = new ParameterSink();
    parseFormBody(
      'line_items[0][price]=price_10&line_items[1][price]=price_10&line_items[1][quantity]=2',
      sink,
    );
    const call = {
      method: 'POST',
      segments: ['checkout', 'sessions'],
      parameters: sink.parameters,
      decimals: new Set<string>(),
    };
    await stripe.priceByObjects?.(call, configured(), catalog);
    expect(catalog.asked).toEqual(['prices/price_10?expand[]=tiers&expand[]=currency_options']);
  });
});

describe('a cart that cannot be priced is refused', () => {
  it.each([
    ['an unknown price', item('price_none', 1), 'amount_unknown'],
    ['what is no price', item('prod_1', 1), 'amount_unknown'],
    ['an id that leads elsewhere', item('price_10/../x', 1), 'amount_unknown'],
    ['a price that is not active', item('price_old', 1), 'amount_unknown'],
    [
      'prices of two currencies',
      `${item('price_10', 1)}&line_items[1][price]=price_euro`,
      'invalid_amount',
    ],
    ['a price of another currency', `currency=eur&${item('price_10', 1)}`, 'invalid_amount'],
    [
      'a quantity below 0',
      'line_items[0][price]=price_10&line_items[0][quantity]=-1',
      'invalid_amount',
    ],
    [
      'a quantity with a point',
      'line_items[0][price]=price_10&line_items[0][quantity]=1.0',
      'invalid_amount',
    ],
    ['an amount below 0', inline(unit('unit_amount', '-5')), 'invalid_amount'],
    ['an amount with an exponent', inline(unit('unit_amount', '1e3')), 'invalid_amount'],
    ['13 decimals', inline(unit('unit_amount_decimal', '0.0000000000001')), 'invalid_amount'],
    [
      'two amounts',
      inline(`${unit('unit_amount', '1')}&${unit('unit_amount_decimal', '1')}`),
      'invalid_amount',
    ],
    ['no amount', inline('currency=usd'), 'invalid_amount'],
    ['items without a number', 'line_items[][price]=price_10', 'invalid_amount'],
    ['items with a name', 'line_items[x][price]=price_10', 'parameter_not_allowed'],
    [
      'an item that is twice the same',
      'line_items[0][price]=price_10&line_items[00][price]=price_10',
      'invalid_amount',
    ],
    ['what is no currency', `currency=xyz&${item('price_10', 1)}`, 'invalid_amount'],
    ['nothing to pay', 'client_reference_id=1', 'amount_unknown'],
    ['more than can be paid', inline(unit('unit_amount', '999999999999'), 9), 'invalid_amount'],
    [
      'a fee above the total',
      `${item('price_10', 1)}&payment_intent_data[application_fee_amount]=1001`,
      'invalid_amount',
    ],
    [
      'a parameter that is on no list',
      `${item('price_10', 1)}&after_expiration[recovery][enabled]=true`,
      'parameter_not_allowed',
    ],
  ])('%s', async (_what, items, code) => {
    expect((await refusalOf(SESSION, pay(items))).code).toBe(code);
  });
});

describe('what may be added to a bill later', () => {
  const more: [what: string, body: string, parameter: string, most: number][] = [
    [
      'a tax that the vendor reckons',
      `${item('price_10', 1)}&automatic_tax[enabled]=true`,
      'automatic_tax[enabled]',
      6_000,
    ],
    [
      'a quantity that the customer sets',
      `${item('price_10', 1)}&line_items[0][adjustable_quantity][enabled]=true
       &line_items[0][adjustable_quantity][maximum]=12`,
      'line_items[0][adjustable_quantity][enabled]',
      12_000,
    ],
    [
      'an amount that the customer says, with a maximum',
      item('price_gift', 1),
      'line_items[0][price]',
      5_000,
    ],
    ['an amount that the customer says', item('price_any', 1), 'line_items[0][price]', 10_000],
    [
      'what the customer may take too',
      `${item('price_10', 1)}&optional_items[0][price]=price_10&optional_items[0][quantity]=2`,
      'optional_items[0][price]',
      3_000,
    ],
    [
      'the costliest way to ship',
      `${item('price_10', 1)}&shipping_options[0][shipping_rate]=shr_1
       &shipping_options[1][shipping_rate_data][fixed_amount][amount]=900
       &shipping_options[1][shipping_rate_data][fixed_amount][currency]=usd`,
      'shipping_options[0][shipping_rate]',
      2_500,
    ],
  ];

  it.each(more)(
    '%s is refused unless the settings name a maximum',
    async (_what, body, parameter) => {
      const refusal = await refusalOf(SESSION, pay(body), {
        firstPeriod: true,
        maxAdded: new Map(),
      });
      expect(refusal.code).toBe('parameter_not_allowed');
      expect(refusal.fields['parameter']).toBe(parameter);
      expect(refusal.message).toContain('"maxAddedUsd": { ');
    },
  );

  it.each(more)('%s is held where they do', async (_what, body, _parameter, most) => {
    expect(await cents(SESSION, pay(body))).toBe(most);
  });

  it('is refused where it is known to be more than the maximum', async () => {
    const refusal = await refusalOf(
      SESSION,
      pay(`${item('price_10', 1)}&line_items[0][adjustable_quantity][enabled]=true`),
    );
    expect(refusal.code).toBe('parameter_not_allowed');
    expect(refusal.message).toContain('980 US dollars');
  });

  it('is not asked for where it is switched off', async () => {
    const body = `${item('price_10', 1)}&automatic_tax[enabled]=false
      &line_items[0][adjustable_quantity][enabled]=false`;
    expect(await cents(SESSION, pay(body), DEFAULTS)).toBe(1_000);
  });

  it('of a volume price is the costliest quantity, not the largest', async () => {
    const body = `${item('price_volume', 1)}&line_items[0][adjustable_quantity][enabled]=true
      &line_items[0][adjustable_quantity][maximum]=6`;
    expect(await cents(SESSION, pay(body))).toBe(3_900);
    const steep = tiered('volume', [
      { up_to: 5, unit_amount_decimal: '1000' },
      { up_to: null, unit_amount_decimal: '100' },
    ]);
    const found = await cents(SESSION, pay(body.replace('price_volume', 'price_steep')), OPEN, {
      'prices/price_steep': steep,
    });
    expect(found).toBe(5_000);
  });
});

describe('what charges again by itself', () => {
  const RECURRING: [call: string, body: string][] = [
    [SESSION, `mode=subscription&${item('price_month', 1)}`],
    [SESSION, `mode=payment&${item('price_month', 1)}`],
    [
      SESSION,
      inline(`${unit('unit_amount', '1')}&line_items[0][price_data][recurring][interval]=day`),
    ],
    ['POST payment_links', `${item('price_month', 1)}&restrictions[completed_sessions][limit]=1`],
    ['POST subscriptions', 'customer=cus_1&items[0][price]=price_month'],
    [
      'POST subscriptions/sub_1',
      'items[0][id]=si_1&items[0][price]=price_month&items[0][quantity]=3',
    ],
    ['POST subscriptions/sub_1', 'cancel_at_period_end=false'],
    ['POST subscriptions/sub_1/resume', ''],
    ['POST subscription_items', 'subscription=sub_1&price=price_month'],
    ['POST subscription_items/si_1', 'price=price_month&quantity=3'],
  ];

  it.each(RECURRING)(
    '%s is refused unless the settings allow its first period',
    async (call, body) => {
      const refusal = await refusalOf(call, body, DEFAULTS);
      expect(refusal.code).toBe('amount_unknown');
      expect(refusal.message).toContain('first-period');
    },
  );

  it.each(RECURRING)('%s is held for its first period, and the log is told', async (call, body) => {
    const found = await priceOf(call, body);
    expect(found).toMatchObject({ note: expect.stringContaining('not held') as string });
  });

  it.each([
    ['one period of all items', 'items[0][price]=price_month&items[0][quantity]=3', 3_000],
    [
      'what the first invoice has besides',
      'items[0][price]=price_month&add_invoice_items[0][price]=price_10',
      2_000,
    ],
    [
      'with the taxes of the subscription',
      'items[0][price]=price_month&default_tax_rates[0]=txr_10',
      1_100,
    ],
    [
      'with an item’s own taxes in their place',
      'items[0][price]=price_month&items[0][tax_rates][0]=txr_inside&default_tax_rates[0]=txr_10',
      1_000,
    ],
    ['though it begins with a trial', 'items[0][price]=price_month&trial_period_days=14', 1_000],
    [
      'with the maximum of what is used',
      'items[0][price]=price_month&items[1][price]=price_used',
      8_500,
    ],
  ])('a subscription: %s', async (_what, body, expected) => {
    expect(await cents('POST subscriptions', `customer=cus_1&${body}`)).toBe(expected);
  });

  it.each([
    ['in the currency of the bill', 'cus_euros', '', 1_300],
    ['in a currency that is not known yet', 'cus_new_owing', '', 1_700],
    ['in no other currency', 'cus_owing', '&currency=eur', 1_000],
  ])('a subscription: with what its customer owes %s', async (_what, who, more, expected) => {
    const body = `customer=${who}&items[0][price]=price_both_month${more}`;
    const both = price({ ...MONTHLY, currency_options: { eur: { unit_amount: 1_000 } } });
    const objects = { 'prices/price_both_month': both };
    const currency = more === '' ? '&currency=usd' : '';
    const found = await priceOf('POST subscriptions', body + currency, OPEN, objects);
    expect(found).toMatchObject({ amount: expected });
  });

  it('a bill in no currency for a customer who owes something is refused', async () => {
    const body = 'customer=cus_new_owing&auto_advance=true';
    await expect(priceOf('POST invoices', body, OPEN)).rejects.toThrow('Name the currency');
  });

  it('a subscription: with what its customer owes, and what waits for the next bill', async () => {
    const body = 'customer=cus_owing&items[0][price]=price_month';
    const waiting = [
      { amount: 250, currency: 'usd', tax_rates: [] },
      { amount: -900, currency: 'usd', tax_rates: [] },
      {
        amount: 5_000,
        currency: 'usd',
        tax_rates: [],
        parent: { subscription_details: { subscription: 'sub_other' } },
      },
    ];
    expect(await cents('POST subscriptions', body, OPEN, { invoiceitems: waiting })).toBe(1_950);
  });

  it.each([
    [
      'a price and its quantity',
      'items[0][id]=si_1&items[0][price]=price_month&items[0][quantity]=5',
      5_000,
    ],
    [
      'a pause that ends by itself',
      'pause_collection[behavior]=void&pause_collection[resumes_at]=1790000000',
      2_000,
    ],
    ['the end of a pause', 'pause_collection=', 2_000],
    ['a new item', 'items[0][price]=price_month&items[0][quantity]=1', 3_000],
    ['an item that goes', 'items[0][id]=si_1&items[0][deleted]=true', 0],
    ['a new anchor', 'billing_cycle_anchor[type]=now', 2_000],
    ['the end of a trial', 'trial_end=now', 2_000],
  ])(
    'a change of a subscription holds a period of all it has then: %s',
    async (_what, body, most) => {
      const found = await priceOf('POST subscriptions/sub_1', body);
      expect(found).toMatchObject({ kind: 'addition', objectId: 'sub_1', micros: most * 10_000 });
    },
  );

  it.each([
    ['POST subscriptions/sub_1', 'metadata[a]=1&description=x&cancel_at_period_end=true'],
    ['POST subscriptions/sub_1', 'pause_collection[behavior]=void'],
    ['POST subscription_items/si_1', 'metadata[a]=1'],
    ['DELETE subscriptions/sub_1', ''],
    ['DELETE subscriptions/sub_1', 'invoice_now=false&prorate=false'],
    ['DELETE subscription_items/si_1', 'proration_behavior=none'],
  ])('%s with %s costs nothing, whatever the settings', async (call, body) => {
    expect(await priceOf(call, body, DEFAULTS)).toEqual({ kind: 'free' });
  });

  it('a last bill holds what waits for it', async () => {
    const waiting = [{ amount: 300, currency: 'usd', tax_rates: [] }];
    for (const [call, body] of [
      ['DELETE subscriptions/sub_1', 'invoice_now=true'],
      ['DELETE subscription_items/si_1', 'proration_behavior=always_invoice'],
    ] as const) {
      expect(await cents(call, body, DEFAULTS, { invoiceitems: waiting })).toBe(300);
    }
  });

  it('an item of another subscription is refused', async () => {
    const refusal = await refusalOf(
      'POST subscriptions/sub_1',
      'items[0][id]=si_9&items[0][quantity]=9',
    );
    expect(refusal.code).toBe('invalid_amount');
  });
});

describe('a payment link', () => {
  it('needs a limit, and holds that many of its total', async () => {
    expect((await refusalOf('POST payment_links', item('price_10', 2))).message).toContain(
      'restrictions[completed_sessions][limit]',
    );
    const limited = `${item('price_10', 2)}&restrictions[completed_sessions][limit]=7`;
    expect(await cents('POST payment_links', limited)).toBe(14_000);
    expect(await cents('POST payment_links', `${limited}&automatic_tax[enabled]=true`)).toBe(
      49_000,
    );
  });

  const link = {
    'payment_links/plink_1': {
      currency: 'usd',
      restrictions: { completed_sessions: { limit: 3, count: 1 } },
      automatic_tax: { enabled: false },
    },
    'payment_links/plink_1/line_items': [{ id: 'li_1', quantity: 1, price: price() }],
  };
  const call = 'POST payment_links/plink_1';
  const four = 'line_items[0][id]=li_1&line_items[0][quantity]=4';

  it('holds all its payments again where it is changed, and nothing for its texts', async () => {
    expect(await priceOf(call, 'metadata[a]=1&active=false', OPEN, link)).toEqual({ kind: 'free' });
    const addition = { kind: 'addition', objectId: 'plink_1' };
    const reopened = await priceOf(call, 'active=true', OPEN, link);
    expect(reopened).toMatchObject({ ...addition, micros: 30_000_000 });
    for (const more of ['', '&restrictions[completed_sessions][limit]=3']) {
      const changed = await priceOf(call, `${four}${more}`, OPEN, link);
      expect(changed).toMatchObject({ ...addition, micros: 120_000_000 });
    }
  });

  it.each([
    ['another limit', 'restrictions[completed_sessions][limit]=100'],
    ['a lower one', 'restrictions[completed_sessions][limit]=2'],
    ['no limit', 'restrictions='],
    ['no limit of sessions', 'restrictions[completed_sessions]='],
    ['an empty limit', 'restrictions[completed_sessions][limit]='],
    ['no items', 'line_items='],
    ['one item twice', `${four}&line_items[1][id]=li_1&line_items[1][quantity]=1000`],
  ])('is refused %s by a change', async (_what, body) => {
    expect((await refusalOf(call, body, OPEN, link)).code).toMatch(
      /^(?:amount_unknown|invalid_amount)$/,
    );
  });
});

describe('an invoice', () => {
  const waiting = { invoiceitems: [{ amount: 1_000, currency: 'usd', tax_rates: [] }] };

  it.each([
    ['nothing while it is empty', 'customer=cus_1', 0],
    [
      'nothing of what waits, where it leaves that',
      'customer=cus_1&pending_invoice_items_behavior=exclude',
      0,
    ],
    [
      'what waits, where it takes that',
      'customer=cus_1&pending_invoice_items_behavior=include',
      1_000,
    ],
    [
      'with its taxes',
      'customer=cus_1&pending_invoice_items_behavior=include&default_tax_rates[0]=txr_10',
      1_100,
    ],
    [
      'what the customer owes, where it charges by itself',
      'customer=cus_owing&auto_advance=true',
      700,
    ],
    [
      'the maximum of a tax that comes later',
      'customer=cus_1&currency=usd&automatic_tax[enabled]=true',
      5_000,
    ],
  ])('holds %s', async (_what, body, expected) => {
    expect(await cents('POST invoices', body, OPEN, waiting)).toBe(expected);
  });

  it.each([
    ['POST invoices/in_draft/finalize', '', 'total', 3_200],
    ['POST invoices/in_draft/send', '', 'total', 3_200],
    ['POST invoices/in_draft/pay', '', 'total', 3_200],
    ['POST invoices/in_open/pay', 'payment_method=pm_1', 'total', 800],
    ['POST invoices/in_open/send', '', 'total', 2_000],
    ['POST invoices/in_draft', 'auto_advance=true', 'total', 3_200],
    ['POST invoices/in_owing/finalize', '', 'total', 2_300],
    ['POST invoices/in_draft/add_lines', 'lines[0][amount]=500', 'addition', 550],
    [
      'POST invoices/in_draft/add_lines',
      'lines[0][pricing][price]=price_10&lines[0][quantity]=3',
      'addition',
      3_300,
    ],
    [
      'POST invoices/in_open/add_lines',
      'lines[0][amount]=500&lines[0][tax_amounts][0][amount]=45',
      'addition',
      545,
    ],
  ])('%s with %s', async (call, body, kind, expected) => {
    const found = await priceOf(call, body, DEFAULTS);
    expect(found).toMatchObject({ kind, objectId: call.split('/')[1], micros: expected * 10_000 });
  });

  it.each([
    ['POST invoices/in_open/pay', 'paid_out_of_band=true'],
    ['POST invoices/in_open', 'metadata[a]=1&auto_advance=false'],
    ['POST invoiceitems/ii_1', 'description=x'],
    ['DELETE invoiceitems/ii_1', ''],
  ])('%s with %s costs nothing', async (call, body) => {
    expect(await priceOf(call, body, DEFAULTS)).toEqual({ kind: 'free' });
  });

  it.each([
    ['on its invoice', 'customer=cus_1&invoice=in_open&amount=700&currency=usd', 'addition', 700],
    [
      'with the taxes of its invoice',
      'customer=cus_1&invoice=in_draft&amount=700&currency=usd',
      'addition',
      770,
    ],
    [
      'of a price',
      'customer=cus_1&invoice=in_open&pricing[price]=price_10&quantity=2',
      'addition',
      2_000,
    ],
    [
      'of a part of a unit',
      'customer=cus_1&invoice=in_open&unit_amount_decimal=1000&currency=usd&quantity_decimal=2.5',
      'addition',
      2_500,
    ],
    ['that waits', 'customer=cus_1&amount=700&currency=usd', 'amount', 700],
    ['that is a credit', 'customer=cus_1&amount=-700&currency=usd', 'amount', 0],
  ])('an item %s', async (_what, body, kind, expected) => {
    expect(await priceOf('POST invoiceitems', body, DEFAULTS)).toMatchObject({
      kind,
      micros: expected * 10_000,
      ...(kind === 'addition' ? { objectId: expect.stringMatching(/^in_/) as string } : {}),
    });
  });

  it('an item that waits is held with the taxes of the costliest subscription that it may go to', async () => {
    const subscriptions = [
      { default_tax_rates: [{ id: 'txr_inside', ...rate(20, true) }] },
      { default_tax_rates: [{ id: 'txr_10', ...rate(10) }] },
    ];
    const body = 'customer=cus_1&amount=700&currency=usd';
    expect(await cents('POST invoiceitems', body, DEFAULTS, { subscriptions })).toBe(770);
  });

  it('a change of an item holds what it comes to beyond what it was', async () => {
    for (const [body, more] of [
      ['amount=1500', 500],
      ['amount=200', 0],
      ['quantity=5&unit_amount_decimal=500', 1_500],
      ['quantity=2&unit_amount_decimal=900.5', 801],
      ['quantity_decimal=2.5&pricing[price]=price_10', 1_500],
      ['discountable=false', 1_000],
    ] as const) {
      expect(await priceOf('POST invoiceitems/ii_1', body, DEFAULTS)).toMatchObject({
        kind: 'addition',
        objectId: 'in_open',
        micros: more * 10_000,
      });
    }
  });

  it('a credit that is taken off holds what it was worth', async () => {
    expect(await priceOf('DELETE invoiceitems/ii_credit', '', DEFAULTS)).toMatchObject({
      kind: 'addition',
      objectId: 'ii_credit',
      micros: 4_000_000,
    });
  });
});

describe('a quote that is accepted', () => {
  const call = 'POST quotes/qt_1/accept';

  it('holds what it charges at first, with what coupons take off', async () => {
    expect(await priceOf(call, '', DEFAULTS)).toMatchObject({
      kind: 'total',
      objectId: 'qt_1',
      micros: 32_500_000,
    });
  });

  it('holds the first period too where that is put off, and needs the setting for it', async () => {
    const quote = {
      'quotes/qt_1': {
        ...CATALOG['quotes/qt_1'],
        computed: {
          upfront: { amount_total: 500, total_details: {} },
          recurring: { amount_total: 2_000, total_details: {} },
        },
        amount_total: 500,
        subscription_data: { trial_period_days: 7 },
      },
      'quotes/qt_1/line_items': [{ price: price(MONTHLY) }],
    };
    expect(await cents(call, '', OPEN, quote)).toBe(2_500);
    expect((await refusalOf(call, '', DEFAULTS, quote)).code).toBe('amount_unknown');
  });
});

it('a quote that is not open is refused: its price may change before it is accepted', async () => {
  for (const status of ['draft', 'accepted', 'canceled', undefined]) {
    const quote = { 'quotes/qt_1': { ...CATALOG['quotes/qt_1'], status } };
    const refusal = await refusalOf('POST quotes/qt_1/accept', '', OPEN, quote);
    expect(refusal.code).toBe('amount_unknown');
    expect(refusal.message).toContain('Finalize it first');
  }
});

describe('a change that would not say all that it is priced by is refused', () => {
  const SUBSCRIPTION = 'POST subscriptions/sub_1';
  const first = 'items[0][id]=si_1';

  it.each([
    [SUBSCRIPTION, `${first}&items[0][quantity]=5`, 'items[0][price] too'],
    [SUBSCRIPTION, `${first}&items[0][price]=price_month`, 'items[0][quantity] too'],
    ['POST subscription_items/si_1', 'quantity=3', 'Name price too'],
    ['POST subscription_items/si_1', 'price=price_month', 'Name quantity too'],
    ['POST invoiceitems/ii_1', 'quantity=10000', 'Name unit_amount_decimal too'],
    ['POST invoiceitems/ii_1', 'unit_amount_decimal=10000', 'Name quantity too'],
    [
      'POST invoices/in_draft/add_lines',
      'lines[0][invoice_item]=ii_1&lines[0][quantity]=9',
      'lines[0][unit_amount_decimal] too',
    ],
    [SUBSCRIPTION, 'default_tax_rates[0]=txr_10', 'default_tax_rates'],
    [SUBSCRIPTION, 'default_tax_rates=', 'default_tax_rates'],
    [SUBSCRIPTION, `${first}&items[0][tax_rates][0]=txr_10`, 'items[0][tax_rates]'],
    [SUBSCRIPTION, `${first}&items[0][tax_rates]=`, 'items[0][tax_rates]'],
    ['POST subscription_items/si_1', 'tax_rates=', 'tax_rates'],
    ['POST invoiceitems/ii_1', 'amount=1&tax_rates[0]=txr_10', 'tax_rates'],
    ['POST invoices/in_draft', 'default_tax_rates[0]=txr_10', 'default_tax_rates'],
    ['POST invoices/in_draft', 'default_tax_rates=', 'default_tax_rates'],
    [SUBSCRIPTION, 'items=', 'items'],
    [SUBSCRIPTION, 'automatic_tax=', 'automatic_tax'],
  ])('%s with %s', async (call, body, says) => {
    const refusal = await refusalOf(call, body);
    expect(refusal.code).toBe('amount_unknown');
    expect(refusal.message).toContain(says);
  });

  it('an item that is named twice', async () => {
    const terms = (n: number, quantity: number): string =>
      `items[${n}][id]=si_1&items[${n}][price]=price_month&items[${n}][quantity]=${quantity}`;
    const refusal = await refusalOf(SUBSCRIPTION, `${terms(0, 1)}&${terms(1, 1_000)}`);
    expect(refusal.code).toBe('invalid_amount');
    expect(refusal.message).toContain('each id once');
  });
});

describe('a credit that is no longer on a bill', () => {
  it.each([
    ['DELETE invoiceitems/ii_credit', ''],
    ['POST invoiceitems/ii_credit', 'amount=0'],
    ['POST invoiceitems/ii_credit', 'discountable=false'],
    ['POST invoices/in_open/add_lines', 'lines[0][invoice_item]=ii_credit&lines[0][amount]=0'],
  ])('holds what it was worth: %s with %s', async (call, body) => {
    expect(await priceOf(call, body, DEFAULTS)).toMatchObject({
      kind: 'addition',
      micros: 4_000_000,
    });
  });
});

describe('a checkout session with other items', () => {
  const CHANGE = 'POST checkout/sessions/cs_1';
  const shown = (mode: string) => ({ 'checkout/sessions/cs_1': { mode, currency: 'usd' } });

  it('holds them in place of all that it had', async () => {
    expect(await priceOf(CHANGE, item('price_10', 3), OPEN, shown('payment'))).toMatchObject({
      kind: 'total',
      objectId: 'cs_1',
      micros: 30_000_000,
    });
  });

  it.each([
    ['where it makes a subscription', 'subscription', item('price_month', 1)],
    ['where one keeps what it was', 'payment', `${item('price_10', 1)}&line_items[0][id]=li_1`],
    ['where it has none', 'payment', 'line_items='],
  ])('is refused %s', async (_what, mode, body) => {
    expect((await refusalOf(CHANGE, body, OPEN, shown(mode))).code).toBe('amount_unknown');
  });
});

describe('a shipping rate is read in the currency of the items', () => {
  const euros = `mode=payment&line_items[0][price]=price_euro&shipping_options[0][shipping_rate]=shr_2`;
  const fixed = { amount: 1, currency: 'usd' };

  it('where it has one', async () => {
    const rates = {
      'shipping_rates/shr_2': {
        fixed_amount: { ...fixed, currency_options: { eur: { amount: 500 } } },
      },
    };
    expect(await priceOf(SESSION, euros, OPEN, rates)).toMatchObject({ amount: 1_500 });
  });

  it('and is refused where it has none', async () => {
    const rates = { 'shipping_rates/shr_2': { fixed_amount: fixed } };
    expect((await refusalOf(SESSION, euros, OPEN, rates)).code).toBe('amount_unknown');
  });
});
