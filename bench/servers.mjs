import { join } from 'node:path';
import { start } from './processes.mjs';

export const STRIPE_SECRET_KEY = 'sk_test_offline';
export const BROKER_TOKEN = 'bench_management_token_of_forty_characters';

/** The offline Stripe, and the environment of who calls it. */
export async function startVendor(env = {}) {
  const vendor = await start('vendor.mjs', { env: { STRIPE_SECRET_KEY, ...env } });
  return { vendor, account: { STRIPE_SECRET_KEY, STRIPE_BASE_URL: vendor.url } };
}

/** The command, on a file in a folder. */
export function startBroker(account, folder, args = []) {
  return start('../dist/broker/cli/main.js', {
    env: { ...account, KEYBRAKE_TOKEN: BROKER_TOKEN },
    args: ['--port', '0', '--store', `sqlite:${join(folder, 'standalone.db')}`, ...args],
  });
}

/** The command, and a key for one endpoint: what a proxy is asked with. */
export async function startKeyedBroker(account, folder, endpoint, args) {
  const { child, url } = await startBroker(account, folder, args);
  const answer = await fetch(`${url}/v1/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${BROKER_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      label: 'bench',
      vendor: 'stripe',
      daily_usd_cap: 1_000_000,
      allowed_endpoints: [endpoint],
      expires_in: '24h',
      subject: { user_id: 'u', run_id: 'r' },
    }),
  });
  if (answer.status !== 201) throw new Error(`no key was issued: ${await answer.text()}`);
  const { token } = await answer.json();
  return {
    name: 'vault-key-broker',
    url,
    prefix: '/stripe',
    headers: { authorization: `Bearer ${token}` },
    processes: [child],
  };
}

/** The handler in one variant, in a process of its own. */
export async function startApp({ adapter, variant, account, broker, folder, env = {} }) {
  const file = { ...account, STORE: `sqlite:${join(folder, `${variant}-${adapter}.db`)}` };
  const environments = {
    'raw-key': account,
    'stripe-client': file,
    embedded: file,
    standalone: { BROKER_URL: broker?.url, BROKER_TOKEN },
  };
  const { child, url } = await start('app.ts', {
    env: { ADAPTER: adapter, VARIANT: variant, ...environments[variant], ...env },
    execArgv: ['--require', join(import.meta.dirname, 'typescript.cjs')],
  });
  return { adapter, variant, child, url };
}
