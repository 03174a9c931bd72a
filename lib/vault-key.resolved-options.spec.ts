import { inspect } from 'node:util';
import { Pool } from 'pg';
import type { PooledStore } from './broker/ledger/postgres/pg-pool';
import type { VaultKeyModuleOptions } from './vault-key.options';
import { resolveVaultKeyOptions } from './vault-key.resolved-options';
import { VaultKeyStartUpException } from './vault-key/vault-key-start-up.exception';

const BROKER_URL = 'https://broker.example.com';
const KEYBRAKE = { token: 't', url: 'https://api.keybrake.com' };
const STRIPE = { vendors: { stripe: { secretKey: 'sk_test_1' } } };

function faultsOf(options: unknown, environment: NodeJS.ProcessEnv = {}): string[] {
  try {
    resolveVaultKeyOptions(options, environment);
  } catch (error) {
    if (!(error instanceof VaultKeyStartUpException)) throw error;
    for (const { example, message } of error.faults) {
      expect(error.message).toContain(message);
      if (example !== undefined) expect(error.message).toContain(example);
    }
    return error.faults.map(({ where, message }) => `${where} ${message}`);
  }
  return [];
}

describe('the options of VaultKeyModule', () => {
  it('Keybrake’s URL, chosen, brings Keybrake’s proxy and its dialect', () => {
    const broker = { token: 't', url: 'https://api.keybrake.com' };
    expect(resolveVaultKeyOptions({ broker }, {})).toEqual({
      broker: { ...broker, proxyUrl: 'https://proxy.keybrake.com', dialect: 'keybrake' },
    });
    const environment = { KEYBRAKE_TOKEN: 't', KEYBRAKE_URL: 'https://api.keybrake.com' };
    expect(resolveVaultKeyOptions({}, environment).broker?.proxyUrl).toBe(
      'https://proxy.keybrake.com',
    );
  });

  it('a URL alone is a broker of one’s own, proxy and path, in the dialect of this package', () => {
    const url = 'https://broker.example.com:4100/vault';
    expect(resolveVaultKeyOptions({ broker: { token: 't', url } }, {}).broker).toEqual({
      url,
      proxyUrl: url,
      token: 't',
      dialect: 'vault-key',
    });
  });

  it.each([
    [{}, { KEYBRAKE_TOKEN: 't' }],
    [{ broker: { token: 't' } }, {}],
    [{ broker: { token: 't', proxyUrl: 'https://proxy.example.com' } }, {}],
  ])('%j with %j sends the token to no server that nobody named', (options, environment) => {
    expect(faultsOf(options, environment)).toEqual([
      expect.stringMatching(/^broker\.url is missing: pass it, or set KEYBRAKE_URL/),
    ]);
  });

  it('a URL without a token names the token', () => {
    const environment = { KEYBRAKE_URL: 'https://broker.example.com' };
    expect(faultsOf({}, environment)).toEqual([
      expect.stringMatching(/^broker\.token is missing: set KEYBRAKE_TOKEN/),
    ]);
  });

  it.each([
    ['http://broker:4100', ['broker']],
    ['http://BROKER/vault', ['Broker']],
    ['http://10.0.0.7:4100', ['10.0.0.7']],
    ['http://[fd00::7]:4100', ['fd00::7']],
    ['http://[fd00::7]:4100', ['[fd00::7]']],
  ])('%s goes over plain http where %j are allowed', (url, allowPlainHttp) => {
    const { broker } = resolveVaultKeyOptions({ broker: { token: 't', url, allowPlainHttp } }, {});
    expect(broker).toEqual({ token: 't', url, proxyUrl: url, dialect: 'vault-key' });
  });

  it.each([
    ['http://broker.evil.com', ['broker']],
    ['http://notbroker', ['broker']],
    ['http://evil.com/broker', ['broker']],
    ['http://broker', []],
  ])('%s does not where %j are', (url, allowPlainHttp) => {
    expect(faultsOf({ broker: { token: 't', url, allowPlainHttp } })).toEqual([
      expect.stringMatching(/^broker\.url must be an https: URL: plain http:.*allowPlainHttp/),
    ]);
  });

  describe('a list of brokers', () => {
    const [one, two] = ['https://one.example.com/vault', 'https://two.example.com/vault'];

    it('is taken as it is, and each forwards calls at its own URL', () => {
      const broker = { token: 't', url: [one, two] };
      expect(resolveVaultKeyOptions({ broker }, {}).broker).toEqual({
        url: [one, two],
        token: 't',
        dialect: 'vault-key',
      });
    });

    it('of one is that one', () => {
      expect(resolveVaultKeyOptions({ broker: { token: 't', url: [one] } }, {})).toEqual(
        resolveVaultKeyOptions({ broker: { token: 't', url: one } }, {}),
      );
      expect(
        resolveVaultKeyOptions({ broker: { token: 't', url: ['https://api.keybrake.com'] } }, {}),
      ).toMatchObject({ broker: { dialect: 'keybrake', proxyUrl: 'https://proxy.keybrake.com' } });
    });

    it('is separated by commas in the environment', () => {
      const environment = { KEYBRAKE_TOKEN: 't', KEYBRAKE_URL: `${one}, ${two}` };
      expect(resolveVaultKeyOptions({}, environment).broker?.url).toEqual([one, two]);
      expect(faultsOf({}, { ...environment, KEYBRAKE_URL: `${one},,nonsense` })).toEqual([
        'broker.url[1] (KEYBRAKE_URL) must be an absolute URL',
        'broker.url[2] (KEYBRAKE_URL) must be an absolute URL',
      ]);
      expect(faultsOf({ broker: { url: `${one},${two}` } }, { KEYBRAKE_TOKEN: 't' })).toEqual([
        "broker.url must be an absolute URL; give several brokers as a list: ['https://a.example.com', 'https://b.example.com']",
      ]);
    });

    it('tells all its faults at once, and shows none of the URLs', () => {
      const url = [
        one,
        'not a url',
        'https://admin:hunter2@three.example.com/vault',
        12,
        `${one}/`,
        'https://four.example.com',
        'http://five.example.com/vault',
        'https://api.keybrake.com/vault',
        'https://six.example.com/vault?token=hunter2',
      ];
      const faults = faultsOf({ broker: { token: 'a b', url } });
      expect(faults).toEqual([
        expect.stringMatching(/^broker\.token must be a string/),
        'broker.url[1] must be an absolute URL',
        'broker.url[2] must not hold credentials',
        'broker.url[3] must be an absolute URL',
        'broker.url[4] names the same broker as [0]',
        'broker.url[5] has another path than [0]: brokers on one store have the same',
        expect.stringMatching(/^broker\.url\[6\] must be an https: URL/),
        'broker.url[8] must have no query and no fragment',
        "broker.url[7] is Keybrake's own server, which has no store in common with another broker",
      ]);
      expect(faults.join()).not.toMatch(/hunter2|example\.com/);
    });

    it.each([
      [[], 'broker.url must name at least one broker'],
      [
        Array.from({ length: 17 }, (_, i) => `https://broker-${i}.example.com`),
        'broker.url must name at most 16 brokers',
      ],
    ])('%j is refused', (url, fault) => {
      expect(faultsOf({ broker: { token: 't', url } })).toEqual([fault]);
    });

    it('goes with no proxy elsewhere, and not with a dialect in which nothing can be repeated', () => {
      const broker = { token: 't', url: [one, two], proxyUrl: one, dialect: 'keybrake' };
      expect(faultsOf({ broker })).toEqual([
        expect.stringMatching(/^broker\.dialect must be "vault-key" where url is a list/),
        expect.stringMatching(/^broker\.proxyUrl must be left out where url is a list/),
      ]);
    });

    it('may go over plain http where each of its hosts is allowed', () => {
      const url = ['http://one:4100', 'http://two:4100'];
      const options = (allowPlainHttp: string[]) => ({
        broker: { token: 't', url, allowPlainHttp },
      });
      expect(resolveVaultKeyOptions(options(['one', 'two']), {}).broker?.url).toEqual(url);
      expect(faultsOf(options(['one']))).toEqual([
        expect.stringMatching(/^broker\.url\[1\] must be an https: URL: plain http:/),
      ]);
    });
  });

  it('a cap that is computed is rounded down to the cent', () => {
    const budgets = { tenant: 12.34 * 1.2, user: 0.1 + 0.2, run: 0.29, tool: 1e-9 };
    expect(resolveVaultKeyOptions({ embedded: STRIPE, budgets }, {}).budgets).toEqual({
      tenant: 14.8,
      user: 0.3,
      run: 0.29,
      tool: 0,
    });
  });

  it('a dialect that is given counts', () => {
    const broker = { token: 't', url: 'http://127.0.0.1:4100', dialect: 'keybrake' };
    expect(resolveVaultKeyOptions({ broker }, {}).broker?.dialect).toBe('keybrake');
  });

  it('the environment fills what is not given', () => {
    const environment = {
      KEYBRAKE_TOKEN: 'from-env',
      KEYBRAKE_URL: 'https://a.example.com',
      KEYBRAKE_PROXY_URL: 'https://b.example.com',
    };
    const fromEnvironment = {
      url: 'https://a.example.com',
      proxyUrl: 'https://b.example.com',
      token: 'from-env',
      dialect: 'vault-key',
    };
    expect(resolveVaultKeyOptions({}, environment).broker).toEqual(fromEnvironment);
    expect(resolveVaultKeyOptions({ broker: { token: undefined } }, environment).broker).toEqual(
      fromEnvironment,
    );
    expect(
      resolveVaultKeyOptions({ broker: { url: 'https://c.example.com' } }, environment).broker,
    ).toMatchObject({ url: 'https://c.example.com', proxyUrl: 'https://c.example.com' });
    const broker = { token: 'given', proxyUrl: 'https://c.example.com' };
    expect(resolveVaultKeyOptions({ broker }, environment).broker).toEqual({
      ...fromEnvironment,
      ...broker,
    });
  });

  it('a pool of the application is the store, as it was given', async () => {
    const pool = new Pool();
    const auditKey = 'k'.repeat(32);
    const { embedded } = resolveVaultKeyOptions(
      { embedded: { ...STRIPE, store: { pool }, auditKey } },
      {},
    );
    const store = embedded?.store as PooledStore | undefined;
    expect(store?.pool).toBe(pool);
    await pool.end();
  });

  it('embedded is a store beside the application, and reads no environment', () => {
    const environment = { KEYBRAKE_TOKEN: 'x', KEYBRAKE_URL: 'nonsense' };
    expect(resolveVaultKeyOptions({ embedded: STRIPE }, environment)).toEqual({
      embedded: {
        ...STRIPE,
        store: 'sqlite:./vault-key.db',
        vendorTimeout: '80s',
        retention: '90d',
      },
    });
  });

  it('embedded takes what the config file of the command takes', () => {
    const rules = {
      rates: { eur: 1.09 },
      prices: [{ call: 'POST /v1/checkout/sessions', usd: 20 }],
      free: ['DELETE /v1/customers/*'],
      accounts: ['acct_1'],
      headers: ['x-team'],
      clientConfirmation: true,
      limits: { levels: 12 },
    };
    const stripe = { secretKey: 'sk_test_1', ...rules };
    const embedded = {
      vendors: { stripe },
      limits: { callsPerKey: 64 },
      operators: [{ name: 'ann', role: 'admin', tokenHashes: ['0'.repeat(64)] }],
      auditKey: 'k'.repeat(32),
      acceptStore: ['clock', 'balances'],
    };
    expect(resolveVaultKeyOptions({ embedded }, {}).embedded).toMatchObject(embedded);
    expect(
      faultsOf({
        embedded: {
          vendors: { stripe: { ...stripe, rates: { usd: 1 }, free: ['GET /v1/x'], prices: {} } },
          limits: { callsPerKey: 0 },
          operators: [{ name: 'key', role: 'admin', tokenHashes: ['0'.repeat(64)] }],
          auditKey: 'short',
          acceptStore: ['everything'],
        },
      }).map((fault) => fault.replace(/ .*/, '')),
    ).toEqual([
      'embedded.auditKey',
      'embedded.acceptStore',
      'embedded.limits.callsPerKey',
      'embedded.operators[0].name',
      'embedded.vendors.stripe.rates.usd',
      'embedded.vendors.stripe.prices',
      'embedded.vendors.stripe.free[0]',
    ]);
  });

  it('takes any number of accounts, each with its own secret', () => {
    const vendors = {
      'stripe-acme': { kind: 'stripe', secretKey: 'sk_1', baseUrl: 'https://a.example.com' },
      'stripe-globex': { kind: 'stripe', secretKey: 'sk_2', nextSecretKey: 'sk_3' },
    };
    const account = () => 'stripe-acme';
    const options = resolveVaultKeyOptions({ embedded: { vendors }, account }, {});
    expect(options.embedded?.vendors).toEqual(vendors);
    expect(options.account).toBe(account);
  });

  it('identify is kept as it is', () => {
    const identify = () => ({ userId: 'u' });
    expect(resolveVaultKeyOptions({ embedded: STRIPE, identify }, {}).identify).toBe(identify);
  });

  it('budgets and a lease go with either broker of this package', () => {
    const broker = { token: 't', url: 'https://broker.example.com' };
    const budgets = { tenant: 5_000, user: 500, run: 0, tool: 0.01 };
    for (const where of [{ embedded: STRIPE }, { broker }]) {
      const options = resolveVaultKeyOptions({ ...where, budgets, lease: { ttlSeconds: 5 } }, {});
      expect(options).toMatchObject({ budgets, leaseTtlSeconds: 5 });
    }
  });

  it('no lease is held unless one is asked for, and it lasts 30 s unless said otherwise', () => {
    const ttlOf = (lease: unknown) =>
      resolveVaultKeyOptions({ embedded: STRIPE, lease }, {}).leaseTtlSeconds;
    expect(ttlOf(undefined)).toBeUndefined();
    expect(ttlOf(false)).toBeUndefined();
    expect(ttlOf(true)).toBe(30);
    expect(ttlOf({})).toBe(30);
  });

  it('budgets may be of other periods, and are sent in one form', () => {
    const user = () => 5;
    const options = {
      tenant: { cap: 12.345, period: 'month' },
      user,
      run: [
        { cap: 9, period: undefined },
        { cap: 50, period: '24h' },
      ],
      tool: [{ cap: 7, period: 'day' }],
    };
    const given = { embedded: STRIPE, budgets: options, budgetsMode: 'shadow' };
    expect(resolveVaultKeyOptions(given, {})).toMatchObject({
      budgets: {
        tenant: { usd: 12.34, period: 'month' },
        user,
        run: [
          { usd: 9, period: 'day' },
          { usd: 50, period: '24h' },
        ],
        tool: 7,
      },
      budgetsMode: 'shadow',
    });
  });

  it('budgets hold nothing but what was given', () => {
    const { budgets } = resolveVaultKeyOptions({ embedded: STRIPE, budgets: { user: 5 } }, {});
    expect(Object.keys(budgets ?? {})).toEqual(['user']);
  });

  it('neither broker nor embedded is a fault, and so are both', () => {
    expect(faultsOf({})).toEqual([
      'broker or embedded must be given, or KEYBRAKE_URL and KEYBRAKE_TOKEN set in the environment: they say where vault keys come from',
    ]);
    expect(faultsOf(undefined)).toHaveLength(1);
    // @ts-expect-error -- the compiler says it before the start does
    const both: VaultKeyModuleOptions = {
      broker: { token: 't', url: BROKER_URL },
      embedded: STRIPE,
    };
    expect(faultsOf(both)).toEqual([
      'broker and embedded exclude each other: keep the one the application is to use',
    ]);
  });

  it('a missing token says where to set it', () => {
    expect(faultsOf({ broker: { url: BROKER_URL } })).toEqual([
      'broker.token is missing: set KEYBRAKE_TOKEN in the environment of this process, or pass it',
    ]);
    expect(faultsOf({ broker: { url: BROKER_URL, token: '' } })).toHaveLength(1);
  });

  it.each([
    [{ broker: 'x' }, /^broker must be an object/],
    [{ broker: [] }, /^broker must be an object/],
    [{ broker: null }, /^broker must be an object/],
    [{ broker: { url: BROKER_URL, token: 'a b' } }, /^broker\.token must be a string of printable/],
    [{ broker: { url: BROKER_URL, token: 'a\nb' } }, /^broker\.token must be/],
    [{ broker: { url: BROKER_URL, token: 7 } }, /^broker\.token must be/],
    [{ broker: { token: 't', url: 'broker' } }, /^broker\.url must be an absolute URL/],
    [
      { broker: { token: 't', url: BROKER_URL, allowPlainHttp: 'broker' } },
      /^broker\.allowPlainHttp must be an array of host names/,
    ],
    ...['http://broker', 'broker:4100', '*', '', '10.0.0.0/8', 7].map((host): [object, RegExp] => [
      { broker: { token: 't', url: BROKER_URL, allowPlainHttp: [host] } },
      /^broker\.allowPlainHttp must be an array of host names/,
    ]),
    [{ broker: { token: 't', url: 'ftp://x' } }, /^broker\.url must be an https: URL/],
    [{ broker: { token: 't', url: 'http://x.com' } }, /^broker\.url .*for loopback and/],
    [{ broker: { token: 't', url: 'https://u:p@x.com' } }, /^broker\.url must not hold cred/],
    [{ broker: { token: 't', url: 'https://x.com/?a' } }, /^broker\.url must have no query/],
    [
      { broker: { token: 't', url: BROKER_URL, proxyUrl: 'http://x.com' } },
      /^broker\.proxyUrl .*for loopback and/,
    ],
    [
      { broker: { token: 't', url: BROKER_URL, dialect: 'k' } },
      /^broker\.dialect must be "keybrake" or/,
    ],
    [
      { broker: { token: 't', url: BROKER_URL, tokn: 't' } },
      /^broker\.tokn is not a known option \(known: url, proxyUrl, allowPlainHttp, token, dialect\)$/,
    ],
    [{ embedded: {} }, /^embedded\.vendors is missing/],
    [{ embedded: { vendors: {} } }, /^embedded\.vendors must have at least one account/],
    [{ embedded: { vendors: { stripe: {} } } }, /^embedded\.vendors\.stripe\.secretKey is missing/],
    [{ embedded: { ...STRIPE, store: 'redis://x' } }, /^embedded\.store must be sqlite:<path>/],
    [{ embedded: { ...STRIPE, store: 'x.db' } }, /^embedded\.store must be sqlite:/],
    [{ embedded: { ...STRIPE, store: {} } }, /^embedded\.store must have in pool a Pool of the/],
    [{ embedded: { ...STRIPE, store: 5 } }, /^embedded\.store must be a string, or \{ pool \}/],
    [{ embedded: { ...STRIPE, vendorTimeout: '80' } }, /^embedded\.vendorTimeout must be/],
    [{ embedded: { ...STRIPE, retention: '1d' } }, /^embedded\.retention must be a number of days/],
    [{ embedded: { ...STRIPE, retention: 90 } }, /^embedded\.retention must be a number of days/],
    [{ embedded: { ...STRIPE, identify: () => ({}) } }, /^embedded\.identify is not a known/],
    [{ embedded: STRIPE, identify: 'x' }, /^identify must be a function/],
    [{ embedded: STRIPE, budgets: 500 }, /^budgets must be an object$/],
    [{ embedded: STRIPE, budgets: {} }, /^budgets must hold a cap for at least one of tenant, /],
    [{ embedded: STRIPE, budgets: { users: undefined } }, /^budgets must hold a cap for at least /],
    [{ embedded: STRIPE, budgets: { user: '500' } }, /^budgets\.user must be a number of US doll/],
    [{ embedded: STRIPE, budgets: { user: null } }, /^budgets\.user must be a number of US doll/],
    [{ embedded: STRIPE, budgets: { run: NaN } }, /^budgets\.run must be a finite number/],
    [{ embedded: STRIPE, budgets: { run: Infinity } }, /^budgets\.run must be a finite number/],
    [{ embedded: STRIPE, budgets: { run: -0.001 } }, /^budgets\.run must not be negative$/],
    [
      { embedded: STRIPE, budgets: { user: { cap: 5, period: 'year' } } },
      /^budgets\.user\.period must be one of "day", "week", "month", "24h"$/,
    ],
    [
      { embedded: STRIPE, budgets: { user: { cap: 5, usd: 5 } } },
      /^budgets\.user\.usd is not known \(known: cap, period\)$/,
    ],
    [
      { embedded: STRIPE, budgets: { user: { period: 'week' } } },
      /^budgets\.user\.cap is missing: give it a number of US dollars$/,
    ],
    [
      { embedded: STRIPE, budgets: { user: undefined } },
      /^budgets\.user is undefined: give it a number of US dollars, or leave it out$/,
    ],
    [
      { embedded: STRIPE, budgets: { user: [5, { cap: 6 }] } },
      /^budgets\.user\[1\] is a second cap for the period "day"$/,
    ],
    [{ embedded: STRIPE, budgets: { user: [] } }, /^budgets\.user must have 1 to 4 caps/],
    [{ embedded: STRIPE, budgetsMode: 'off' }, /^budgetsMode must be "enforce" or "shadow"$/],
    [{ embedded: STRIPE, budgets: { tool: -1 } }, /^budgets\.tool must not be negative$/],
    [
      { embedded: STRIPE, budgets: { run: 50, user: undefined } },
      /^budgets\.user is undefined: give it a number of US dollars, or leave it out$/,
    ],
    [
      { embedded: STRIPE, budgets: { user: 5, vendor: 5 } },
      /^budgets\.vendor is not a known option \(known: tenant, user, run, tool\)$/,
    ],
    [{ embedded: STRIPE, shutdownGrace: '10' }, /^shutdownGrace must be digits and ms, s or m/],
    [{ embedded: STRIPE, shutdownGrace: 10 }, /^shutdownGrace must be digits and ms, s or m/],
    [{ embedded: STRIPE, lease: 30 }, /^lease must be true, false or \{ ttlSeconds \}$/],
    [{ embedded: STRIPE, lease: { ttlSeconds: 0 } }, /^lease\.ttlSeconds must be a whole number/],
    [{ embedded: STRIPE, lease: { ttlSeconds: '30' } }, /^lease\.ttlSeconds must be a whole num/],
    [{ embedded: STRIPE, lease: { ttl: 30 } }, /^lease\.ttl is not a known option \(known: ttlS/],
    [{ broker: KEYBRAKE, budgets: { user: 5 } }, /^budgets is not enforced by .*"keybrake"/],
    [{ broker: KEYBRAKE, budgetsMode: 'shadow' }, /^budgetsMode is not enforced by .*"keybrake"/],
    [{ broker: KEYBRAKE, lease: true }, /^lease is not enforced by .*"keybrake" dialect/],
    [
      {
        broker: { token: 't', url: 'http://127.0.0.1:4100', dialect: 'keybrake' },
        lease: { ttlSeconds: 5 },
      },
      /^lease is not enforced by a broker of the "keybrake" dialect/,
    ],
    [{ embedded: STRIPE, isGlobal: false }, /^isGlobal belongs beside useFactory/],
    [
      { embedded: STRIPE, isGlobl: true },
      /^isGlobl is not a known option \(known: broker, embedded, identify, account, budgets, budgetsMode, lease, shutdownGrace, metrics, eventEmitter\)$/,
    ],
    [
      { embedded: { vendors: { ...STRIPE.vendors, acme: { secretKey: 'x' } } } },
      /^embedded\.vendors\.acme\.kind is missing, and the name of the account does not say it \(known: stripe\)$/,
    ],
    [
      { embedded: { vendors: { a: { kind: 'paypal', secretKey: 'x' } } } },
      /^embedded\.vendors\.a\.kind is not known \(known: stripe\)$/,
    ],
    [
      { embedded: { vendors: { v1: { kind: 'stripe', secretKey: 'x' } } } },
      /^embedded\.vendors\.v1 is a path/,
    ],
    [{ embedded: STRIPE, account: 'stripe-acme' }, /^account must be a function/],
    [
      { embedded: { vendors: { stripe: { secretKey: 's', baseUrl: 'http://x.com' } } } },
      /^embedded\.vendors\.stripe\.baseUrl must be an https: URL/,
    ],
  ])('%j is one fault', (options, fault) => {
    expect(faultsOf(options)).toEqual([expect.stringMatching(fault)]);
  });

  it.each(['postgres://app@localhost/ledger', { pool: { connect() {}, query() {} } as never }])(
    'a store that several instances have needs an audit key, which is told with all other faults',
    (store) => {
      const embedded = { store, vendors: { stripe: { secretKey: 'sk_test_1' } } };
      expect(faultsOf({ embedded, shutdownGrace: 'soon' })).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^embedded\.auditKey must be set where the store is in PostgreSQL/),
          expect.stringMatching(/^shutdownGrace /),
        ]),
      );
      expect(faultsOf({ embedded: { ...embedded, auditKey: 'k'.repeat(32) } })).toEqual([]);
      expect(faultsOf({ embedded: { ...embedded, store: 'sqlite:./a.db' } })).toEqual([]);
    },
  );

  it('all faults come at once, each with its path', () => {
    const faults = faultsOf({
      embedded: {
        vendors: { stripe: { secretKey: '', baseUrl: 'x' }, acme: {} },
        store: 'memory',
        vendorTimeout: 80,
      },
      budgets: { user: '5' },
      lease: { ttlSeconds: 1.5 },
      identify: {},
    });
    expect(faults.map((fault) => fault.replace(/ .*/, '')).toSorted()).toEqual([
      'budgets.user',
      'embedded.store',
      'embedded.vendorTimeout',
      'embedded.vendors.acme.kind',
      'embedded.vendors.acme.secretKey',
      'embedded.vendors.stripe.baseUrl',
      'embedded.vendors.stripe.secretKey',
      'identify',
      'lease.ttlSeconds',
    ]);
  });

  it('a secret that is missing is told with the way to try without an account', () => {
    const embedded = { vendors: { stripe: { secretKey: undefined } } };
    expect(() => resolveVaultKeyOptions({ embedded }, {})).toThrow(
      /secretKey is missing: .*embedded: \{ offline: true \}/,
    );
  });

  it('a fault from the environment names its variable', () => {
    const environment = { KEYBRAKE_TOKEN: 't', KEYBRAKE_URL: 'http://broker.example.com' };
    expect(faultsOf({ broker: {} }, environment)).toEqual([
      expect.stringMatching(/^broker\.url \(KEYBRAKE_URL\) must be an https: URL/),
    ]);
  });

  it('no fault shows what it found', () => {
    const secret = 'sk live_secret';
    const url = 'http://user:url_secret@x.com';
    for (const options of [
      { broker: { token: secret, url, proxyUrl: url, [secret.slice(0, 2)]: secret } },
      { embedded: { vendors: { stripe: { secretKey: secret, baseUrl: url } }, store: secret } },
    ]) {
      try {
        resolveVaultKeyOptions(options, {});
        throw new Error('not refused');
      } catch (error) {
        expect(`${inspect(error, { depth: 9 })}${JSON.stringify(error)}`).not.toMatch(/_secret/);
      }
    }
  });
});
