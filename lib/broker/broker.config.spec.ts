import { parseConfig } from './broker.config';
import { BrokerOptionsError } from './broker.options';
import type { PriceableCall } from './pricing/price';
import { STRIPE_CALLS } from './vendors/stripe/calls';
import { stripe } from './vendors/stripe/stripe';
import { vendorSettings } from './vendor.options';
import type { VendorRules } from './vendor.options';

/** What is wrong with a config, by path. */
function faultsOf(config: unknown): string[] {
  try {
    parseConfig(typeof config === 'string' ? config : JSON.stringify(config));
  } catch (error) {
    if (error instanceof BrokerOptionsError) return error.faults.map(({ path }) => path);
    throw error;
  }
  return [];
}
const stripeFaults = (rules: unknown) =>
  faultsOf({ vendors: { stripe: rules } }).map((path) => path.replace('vendors.stripe.', ''));

describe('a config file', () => {
  it('may say nothing, or all that there is to say', () => {
    expect(parseConfig('{}')).toEqual({});
    expect(
      faultsOf({
        vendors: {
          stripe: {
            rates: { eur: 1.09, jpy: 0.0067 },
            prices: [
              { call: 'POST /v1/checkout/sessions', usd: 20 },
              { call: 'POST /v1/climate/orders', field: 'amount', currency: 'eur' },
            ],
            free: ['POST /v1/accounts/*/login_links', 'DELETE /v1/customers/*'],
            accounts: ['acct_1', 'acct_1/acct_2'],
            headers: ['x-foo'],
            clientConfirmation: true,
            documents: { recurring: 'first-period', maxAddedUsd: { automatic_tax: 50.5 } },
            limits: { bodyBytes: 1, parameters: 10_000, levels: 32 },
            connections: 4_096,
          },
        },
        limits: { callsPerKey: 1 },
      }),
    ).toEqual([]);
  });

  it.each(['', '{', '[]', 'null', '"x"', '{} {}', '{,}', '\ufeff{}'])('is not %j', (text) => {
    expect(faultsOf(text)).toEqual(['']);
  });

  it('has every fault listed with its path', () => {
    expect(
      faultsOf({
        vendor: {},
        limits: { callsPerKey: 0, calls: 1 },
        vendors: {
          paypal: {},
          stripe: {
            secret: 'sk_live_x',
            rates: { usd: 1, eur: '1.09', xxx: 1, gbp: 0 },
            prices: [
              { call: 'POST /v1/account_links', usd: 0.0000001 },
              { call: 'GET /v1/x', field: 'a' },
            ],
            free: ['POST /v1/charges', '/v1/invoices'],
            limits: { levels: 33 },
          },
        },
      }),
    ).toEqual([
      'vendor',
      'limits.calls',
      'limits.callsPerKey',
      'vendors.paypal.kind',
      'vendors.stripe.secret',
      'vendors.stripe.rates.usd',
      'vendors.stripe.rates.eur',
      'vendors.stripe.rates.xxx',
      'vendors.stripe.rates.gbp',
      'vendors.stripe.prices[0].usd',
      'vendors.stripe.prices[1].call',
      'vendors.stripe.free[0]',
      'vendors.stripe.free[1]',
      'vendors.stripe.limits.levels',
    ]);
  });

  it('holds no name twice, where a reader could not tell which counts', () => {
    expect(faultsOf('{"vendors":{"stripe":{"rates":{"eur":1.09,"eur":0.01}}}}')).toEqual(['eur']);
    expect(faultsOf('{"limits":{},"limit\\u0073" : {}}')).toEqual(['limits']);
    expect(faultsOf('{"vendors":{"stripe":{"headers":["eur","eur"],"rates":{"eur":1}}}}')).toEqual(
      [],
    );
  });

  it.each([
    '{"vendors":{"stripe":{"secretKey":"sk_live_0815","secret":"sk_live_0815"}}}',
    '{"vendors":{"stripe":{"secretKey": sk_live_0815}}}',
    '{"vendors":{"stripe":{"secretKey":"sk_live_0815",}}}',
    '{"vendors":{"stripe":{"secretKey":"sk_live_0815"',
    'sk_live_0815',
  ])('shows no secret where it is refused: %s', (text) => {
    const told = (): string => {
      try {
        parseConfig(text);
        return 'nothing';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(told()).toMatch(/is not JSON|is not a known setting/);
    expect(told()).not.toContain('0815');
  });

  it('names accounts as their keys name them, and says of each what it is at', () => {
    const secretKeyFile = '/run/secrets/acme';
    const acme = { kind: 'stripe', secretKeyFile, baseUrl: 'https://stripe.example.com' };
    expect(
      faultsOf({ vendors: { stripe: {}, 'stripe-acme': acme, a: { kind: 'stripe' } } }),
    ).toEqual([]);
    expect(
      faultsOf({
        vendors: {
          'stripe-acme': {},
          Acme: { kind: 'stripe' },
          v1: { kind: 'stripe' },
          console: { kind: 'stripe' },
          paypal: { kind: 'paypal' },
          'a/../b': { kind: 'stripe' },
          last: null,
          [`a${'-'.repeat(32)}`]: { kind: 'stripe' },
          x: { kind: 5, baseUrl: 'http://x.com' },
        },
      }),
    ).toEqual([
      'vendors.stripe-acme.kind',
      'vendors.Acme',
      'vendors.v1',
      'vendors.console',
      'vendors.paypal.kind',
      'vendors."a/../b"',
      'vendors.last',
      `vendors.a${'-'.repeat(32)}`,
      'vendors.x.baseUrl',
      'vendors.x.kind',
    ]);
  });

  it('lists the kinds where it does not know one', () => {
    expect(() => parseConfig('{"vendors":{"acme":{"kind":"strip"}}}')).toThrow(
      'vendors.acme.kind is not known (known: stripe)',
    );
  });

  it('says what else is wrong with an account of a kind that it does not know', () => {
    const acme = {
      kind: 'strip',
      rates: { eur: -1 },
      prices: [{ call: 'POST /v2/orders' }],
      free: ['GET /v1/x', 'POST /v1/charges'],
      documents: { recuring: 'first-period' },
    };
    expect(faultsOf({ vendors: { acme } })).toEqual([
      'vendors.acme.kind',
      'vendors.acme.rates.eur',
      'vendors.acme.prices[0]',
      'vendors.acme.free[0]',
      'vendors.acme.documents.recuring',
    ]);
  });

  it.each([
    [{ rates: [] }, ['rates']],
    [{ rates: { EUR: 1 } }, ['rates.EUR']],
    [{ rates: { eur: -1 } }, ['rates.eur']],
    [{ rates: { eur: 1_000_001 } }, ['rates.eur']],
    [{ rates: { eur: null } }, ['rates.eur']],
    [{ prices: {} }, ['prices']],
    [{ prices: ['POST /v1/account_links'] }, ['prices[0]']],
    [{ prices: [{ call: 'POST /v1/account_links' }] }, ['prices[0]']],
    [{ prices: [{ call: 'POST /v1/account_links', usd: 1, field: 'amount' }] }, ['prices[0]']],
    [{ prices: [{ call: 'POST /v1/account_links', usd: 0 }] }, ['prices[0].usd']],
    [{ prices: [{ call: 'POST /v1/account_links', usd: '1' }] }, ['prices[0].usd']],
    [{ prices: [{ call: 'POST /v1/account_links', usd: 1_000_001 }] }, ['prices[0].usd']],
    [
      { prices: [{ call: 'POST /v1/account_links', usd: 1, currency: 'eur' }] },
      ['prices[0].currency'],
    ],
    [{ prices: [{ call: 'POST /v1/account_links', field: 'a[b]' }] }, ['prices[0].field']],
    [{ prices: [{ call: 'POST /v1/account_links', field: 'currency' }] }, ['prices[0].field']],
    [{ prices: [{ call: 'POST /v1/account_links', usd: 1, max: 2 }] }, ['prices[0].max']],
    [{ prices: [{ usd: 1 }] }, ['prices[0].call']],
    [{ free: ['POST /v2/x'] }, ['free[0]']],
    [{ free: ['POST /v1/*'] }, ['free[0]']],
    [{ free: ['POST /v1/**'] }, ['free[0]']],
    [{ free: ['POST /v1/payment_intents/*/confirm'] }, ['free[0]']],
    [{ free: ['POST /v1/account_links', 'POST /v1/account_links'] }, ['free[1]']],
    [
      { prices: [{ call: 'POST /v1/account_links', usd: 1 }], free: ['POST /v1/account_links'] },
      ['free[0]'],
    ],
    [{ accounts: ['acct 1'] }, ['accounts[0]']],
    [{ accounts: [''] }, ['accounts[0]']],
    [{ headers: ['X-Foo'] }, ['headers[0]']],
    [{ headers: ['stripe-version'] }, ['headers[0]']],
    [{ headers: ['traceparent', 'b3', 'baggage'] }, ['headers[0]', 'headers[1]', 'headers[2]']],
    [{ clientConfirmation: 'true' }, ['clientConfirmation']],
    [{ documents: true }, ['documents']],
    [{ documents: { recurring: true } }, ['documents.recurring']],
    [{ documents: { recurring: 'all' } }, ['documents.recurring']],
    [{ documents: { maxUsd: 5 } }, ['documents.maxUsd']],
    [{ documents: { maxAddedUsd: 5 } }, ['documents.maxAddedUsd']],
    [{ documents: { maxAddedUsd: { tax: 5 } } }, ['documents.maxAddedUsd.tax']],
    [{ documents: { maxAddedUsd: { metered: 0 } } }, ['documents.maxAddedUsd.metered']],
    [{ documents: { maxAddedUsd: { metered: '5' } } }, ['documents.maxAddedUsd.metered']],
    [{ documents: { maxAddedUsd: { metered: 1e7 } } }, ['documents.maxAddedUsd.metered']],
    [
      { headers: ['authorization', 'host', 'content-length'] },
      ['headers[0]', 'headers[1]', 'headers[2]'],
    ],
    [{ headers: ['stripe-account', 'x-http-method-override'] }, ['headers[0]', 'headers[1]']],
    [{ limits: { bodyBytes: 1.5 } }, ['limits.bodyBytes']],
    [{ limits: { bodyBytes: 1_048_577 } }, ['limits.bodyBytes']],
    [{ limits: [] }, ['limits']],
    [{ connections: 3 }, ['connections']],
    [{ connections: 4_097 }, ['connections']],
    [{ connections: 8.5 }, ['connections']],
    [{ connections: '256' }, ['connections']],
    [{ connections: null }, ['connections']],
  ])('%j is refused', (rules, paths) => {
    expect(stripeFaults(rules)).toEqual(paths);
  });
});

describe('configured prices', () => {
  const priceOf = (rules: VendorRules, path: string) => {
    const call: PriceableCall = {
      method: 'POST',
      segments: path.split('/'),
      parameters: [],
      decimals: new Set(),
    };
    return stripe.price(call, vendorSettings(rules, stripe).prices);
  };

  it('hold to the millionth what they say', () => {
    for (const [usd, micros] of [
      [20, 20_000_000],
      [0.000001, 1],
      [0.1, 100_000],
      [1.005, 1_005_000],
      [1_000_000, 1_000_000_000_000],
    ] as const) {
      expect(
        priceOf({ prices: [{ call: 'POST /v1/account_links', usd }] }, 'account_links'),
      ).toEqual({
        kind: 'fee',
        micros,
      });
    }
  });

  it('never come before the broker’s own', () => {
    const rules = { free: ['POST /v1/payment_intents/*/*', 'POST /v1/refunds/*/*'] };
    expect(priceOf(rules, 'payment_intents/pi_1/confirm')).toMatchObject({ kind: 'exposure' });
    expect(priceOf(rules, 'refunds/re_1/anything')).toEqual({ kind: 'free' });
  });

  it('are for what the broker refuses alone', () => {
    const settable = Object.entries(STRIPE_CALLS).map(([call, { rule }]) => {
      const faults = stripeFaults({ free: [call.replace(' ', ' /v1/')] });
      return [call, rule, faults.length === 0];
    });
    expect(
      settable.filter(
        ([, rule, isSettable]) => isSettable !== /^(?:refused|objects)$/.test(String(rule)),
      ),
    ).toEqual([]);
  });
});
