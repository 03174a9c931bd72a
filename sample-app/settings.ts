import { join } from 'node:path';

/** How the sample is run. */
export interface Settings {
  /** Whether to exit after the agent's run: `--once`. */
  once: boolean;
  /** `SAMPLE_PORT`; 0 takes a free one. */
  port: number;
  /** `SAMPLE_STORE`: the broker's ledger. */
  store: string;
  /** `SAMPLE_AUDIT_KEY`: the key of the audit log, which a store in PostgreSQL needs. */
  auditKey?: string;
  /** `--store postgres`: two instances on a PostgreSQL that ends with them, in place of {@link store}. */
  twoInstances: boolean;
  /** Stripe's test mode, where `SAMPLE_STRIPE_SECRET_KEY` is set; the offline Stripe elsewhere. */
  stripe?: StripeTestModeSettings;
}

export interface StripeTestModeSettings {
  secretKey: string;
  /** `SAMPLE_STRIPE_BASE_URL`: something on this machine that takes Stripe's place. */
  baseUrl?: string;
}

/** A setting that will not do. The message names it, in one line, and never shows a secret. */
export class InvalidSettingError extends Error {}

const DEFAULT_STORE = `sqlite:${join(__dirname, '..', 'sample-app.db')}`;
const TEST_MODE_KEY = /^[sr]k_test_[A-Za-z0-9_]+$/;
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Reads the command line and `SAMPLE_*`, and nothing else: a `STRIPE_SECRET_KEY` that happens to be
 * in the environment may belong to a live account, and a demo must not charge one.
 *
 * @throws InvalidSettingError
 */
export function readSettings(args: readonly string[], env: NodeJS.ProcessEnv): Settings {
  const { once, twoInstances } = optionsOf(args);
  const stripe = stripeSettings(env);
  const auditKey = env['SAMPLE_AUDIT_KEY'];
  return {
    once,
    twoInstances,
    port: portOf(env['SAMPLE_PORT'] || '0'),
    store: env['SAMPLE_STORE'] || DEFAULT_STORE,
    ...(auditKey ? { auditKey } : {}),
    ...(stripe === undefined ? {} : { stripe }),
  };
}

function optionsOf(args: readonly string[]): { once: boolean; twoInstances: boolean } {
  const options = { once: false, twoInstances: false };
  const rest = [...args];
  for (let typed = rest.shift(); typed !== undefined; typed = rest.shift()) {
    const option = typed === '--store' ? `--store=${rest.shift() ?? ''}` : typed;
    if (option === '--once') options.once = true;
    else if (option === '--store=postgres') options.twoInstances = true;
    else {
      throw new InvalidSettingError(`${option} is no option; there are: --once, --store=postgres`);
    }
  }
  return options;
}

function stripeSettings(env: NodeJS.ProcessEnv): StripeTestModeSettings | undefined {
  const secretKey = env['SAMPLE_STRIPE_SECRET_KEY'];
  const baseUrl = env['SAMPLE_STRIPE_BASE_URL'];
  if (!secretKey) return undefined;
  if (!TEST_MODE_KEY.test(secretKey)) {
    throw new InvalidSettingError(
      'SAMPLE_STRIPE_SECRET_KEY must be a test-mode key, sk_test_… or rk_test_…: the sample charges no live account',
    );
  }
  if (!baseUrl) return { secretKey };
  if (!URL.canParse(baseUrl) || !LOOPBACK.has(new URL(baseUrl).hostname)) {
    throw new InvalidSettingError(
      'SAMPLE_STRIPE_BASE_URL must be a URL of this machine, such as http://127.0.0.1:4242',
    );
  }
  return { secretKey, baseUrl: new URL(baseUrl).origin };
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidSettingError('SAMPLE_PORT must be a port, 0 to 65535');
}
