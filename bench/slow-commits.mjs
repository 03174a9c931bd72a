import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Broker } from 'nestjs-vault-key/broker';
import { start, stopAll } from './processes.mjs';

const HELP = `Usage: node bench/slow-commits.mjs [options]

How long another request of the application waits for its turn while each COMMIT of the embedded
broker takes 20 ms.

  --calls N       how many payments are made; 400 by default
  --at-once N     how many of them at once; 10 by default
  --help          this text
`;

const STRIPE_SECRET_KEY = 'sk_test_offline';
const CHARGE = Buffer.from('amount=100&currency=usd');
/** Payments before the measurement: the store has its thread, and the code is compiled. */
const WARM_UP = 200;

const { values: options } = parseArgs({
  options: {
    calls: { type: 'string', default: '400' },
    'at-once': { type: 'string', default: '10' },
    help: { type: 'boolean', default: false },
  },
});

async function main() {
  const folder = await mkdtemp(join(tmpdir(), 'vault-key-slow-'));
  try {
    const vendor = await start('vendor.mjs', { env: { STRIPE_SECRET_KEY } });
    const account = { secretKey: STRIPE_SECRET_KEY, baseUrl: vendor.url };
    const broker = await Broker.open(
      { store: `sqlite:${join(folder, 'vault-key.db')}`, vendors: { stripe: account } },
      { driver: createRequire(import.meta.url).resolve('./slow-commit-driver.cjs') },
    );
    const { token } = await broker.issue({
      label: 'bench',
      vendor: 'stripe',
      daily_usd_cap: 1_000_000,
      allowed_endpoints: ['/v1/payment_intents'],
    });
    await pay(broker, token, WARM_UP);
    const delays = [];
    const isDone = pay(broker, token, Number(options.calls)).then(() => true);
    // Each is a request of the application's own that needs a millisecond of patience and no store.
    while (!(await Promise.race([isDone, sample(delays)])));
    delays.sort((one, other) => one - other);
    const at = (share) => delays[Math.floor(share * (delays.length - 1))].toFixed(2);
    console.log(
      `a COMMIT takes 20 ms, ${options['at-once']} payments at once, ${delays.length} samples`,
    );
    console.log(
      `delay of another request: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`,
    );
    await broker.close();
  } finally {
    await stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

async function pay(broker, token, calls) {
  let left = calls;
  const caller = async () => {
    while (left-- > 0) {
      const answer = await broker.forward({
        vendor: 'stripe',
        method: 'POST',
        target: '/v1/payment_intents',
        rawHeaders: [
          'authorization',
          `Bearer ${token}`,
          'content-type',
          'application/x-www-form-urlencoded',
        ],
        body: CHARGE,
      });
      await answer.bytes(65_536);
      if (answer.status !== 200) throw new Error(`a payment was answered ${answer.status}`);
    }
  };
  await Promise.all(Array.from({ length: Number(options['at-once']) }, caller));
}

async function sample(delays) {
  const began = performance.now();
  await pause(1);
  delays.push(Math.max(0, performance.now() - began - 1));
  return false;
}

if (options.help) console.log(HELP);
else await main();
