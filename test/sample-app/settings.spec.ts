import { InvalidSettingError, readSettings } from '../../sample-app/settings';

describe("the sample app's settings", () => {
  it('are sound with nothing set: the offline Stripe, a free port, and to keep serving', () => {
    const settings = readSettings([], {});
    expect(settings).toMatchObject({ once: false, port: 0 });
    expect(settings.store).toMatch(/^sqlite:.*sample-app\.db$/);
    expect(settings.stripe).toBeUndefined();
  });

  it('take --once from the command line', () => {
    expect(readSettings(['--once'], {}).once).toBe(true);
    expect(() => readSettings(['--onec'], {})).toThrow(/^--onec is no option/);
  });

  it('take --store postgres, and no other store', () => {
    expect(readSettings([], {}).twoInstances).toBe(false);
    expect(readSettings(['--store', 'postgres'], {}).twoInstances).toBe(true);
    expect(readSettings(['--once', '--store=postgres'], {})).toMatchObject({
      once: true,
      twoInstances: true,
    });
    for (const args of [['--store'], ['--store', 'sqlite'], ['--store', 'postgres17']]) {
      expect(() => readSettings(args, {})).toThrow(/^--store=\w* is no option/);
    }
  });

  it.each(['sk_test_51abcDEF', 'rk_test_51abcDEF'])('take a key of the test mode: %s', (key) => {
    expect(readSettings([], { SAMPLE_STRIPE_SECRET_KEY: key }).stripe).toEqual({ secretKey: key });
  });

  it.each([
    'sk_live_51abcDEF',
    'rk_live_51abcDEF',
    'pk_test_51abcDEF',
    'sk_test_',
    'sk_test',
    ' sk_test_51abcDEF',
    'sk_live_sk_test_51abcDEF',
    'sk_test_51abc\nDEF',
  ])('refuse any other key in one line that does not show it: %j', (key) => {
    const read = () => readSettings([], { SAMPLE_STRIPE_SECRET_KEY: key });
    expect(read).toThrow(InvalidSettingError);
    expect(read).toThrow(/^SAMPLE_STRIPE_SECRET_KEY must be a test-mode key, .*[^\n]$/);
    expect(read).not.toThrow('51abc');
  });

  it.each([
    'https://api.stripe.com',
    'http://127.0.0.1.example.com',
    'http://127.0.0.1@example.com',
    'http://10.0.0.1:4242',
    'stripe',
  ])('let nothing but this machine stand in for Stripe: %s', (baseUrl) => {
    const env = { SAMPLE_STRIPE_SECRET_KEY: 'sk_test_1', SAMPLE_STRIPE_BASE_URL: baseUrl };
    expect(() => readSettings([], env)).toThrow(/^SAMPLE_STRIPE_BASE_URL must be/);
  });

  it.each(['-1', '65536', '80a', '1e3'])('refuse a port that is none: %s', (port) => {
    expect(() => readSettings([], { SAMPLE_PORT: port })).toThrow(/^SAMPLE_PORT must be a port/);
  });

  it('come from SAMPLE_* alone', () => {
    const others = {
      STRIPE_SECRET_KEY: 'sk_test_1',
      STRIPE_BASE_URL: 'http://127.0.0.1:1',
      PORT: '9',
    };
    expect(readSettings([], others)).toEqual(readSettings([], {}));
  });
});
