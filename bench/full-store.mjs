import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Broker } from 'nestjs-vault-key/broker';
import { Pool } from 'undici';
import { fillStore } from './fill-store.mjs';
import { ask, runBenchmark, start, stopAll } from './processes.mjs';
import { median } from './report.mjs';
import { BROKER_TOKEN, STRIPE_SECRET_KEY, startVendor } from './servers.mjs';

const HELP = `Usage: node bench/full-store.mjs [options]

What a store costs that has 1,000,000 invocations in it, a key and a payment each, against an empty one:
payments a second, a fresh key for each; a start; the bytes of an invocation.

  --calls N       invocations in the full store; 1000000 by default
  --days N        how many days they are spread over; 20 by default
  --rounds N      how often everything is measured; 7 by default
  --data FOLDER   where the SQLite files go; the system's temporary folder by default
  --help          this text
`;

const CALLERS = [1, 50];
const REQUESTS = { 1: 400, 50: 3_000 };
const LIMIT_MS = 4_000;
const CHARGE = 'amount=100&currency=usd';
/** What stays of an invocation once the retention is over. */
const LOG_TABLES = ['audit', 'audit_terms', 'audit_blocks'];

const { values: options } = parseArgs({
  options: {
    calls: { type: 'string', default: '1000000' },
    days: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '7' },
    data: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', default: false },
  },
});

async function main() {
  const folder = await mkdtemp(join(options.data, 'vault-key-full-'));
  const calls = Number(options.calls);
  try {
    const { vendor } = await startVendor();
    const empty = await newStore(vendor, join(folder, 'empty.db'));
    const full = await newStore(vendor, join(folder, 'full.db'));
    console.error(`filling a store with ${calls} invocations`);
    const bytes = fillStore(full, calls, Number(options.days));
    const { size } = await stat(full);
    const brokers = [
      await startBroker(vendor, 'empty', empty),
      await startBroker(vendor, 'full', full),
    ];
    for (const broker of brokers) await measure(vendor, broker, 50, 1_000);
    const rates = new Map();
    for (let round = 0; round < Number(options.rounds); round++) {
      console.error(`round ${round + 1} of ${options.rounds}`);
      for (const atOnce of CALLERS) {
        const order = round % 2 === 0 ? brokers : brokers.toReversed();
        for (const broker of order) {
          const rate = await measure(vendor, broker, atOnce, REQUESTS[atOnce]);
          const name = `${atOnce} ${broker.name}`;
          rates.set(name, [...(rates.get(name) ?? []), rate]);
        }
      }
    }
    print({ brokers, rates, bytes, size, calls });
  } finally {
    await stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

async function newStore(vendor, file) {
  const account = { secretKey: STRIPE_SECRET_KEY, baseUrl: vendor.url };
  const broker = await Broker.open({ store: `sqlite:${file}`, vendors: { stripe: account } });
  await broker.close();
  return file;
}

async function startBroker(vendor, name, file) {
  const begun = performance.now();
  const { url } = await start('../dist/broker/cli/main.js', {
    env: { STRIPE_SECRET_KEY, STRIPE_BASE_URL: vendor.url, KEYBRAKE_TOKEN: BROKER_TOKEN },
    args: ['--port', '0', '--store', `sqlite:${file}`],
  });
  return { name, url, startMs: performance.now() - begun };
}

/** Payments a second, each under a key that was issued for it. */
async function measure(vendor, { name, url }, atOnce, requests) {
  const pool = new Pool(url, { connections: atOnce });
  let left = requests;
  let answered = 0;
  const begun = performance.now();
  const caller = async () => {
    while (left-- > 0 && performance.now() - begun < LIMIT_MS) {
      const key = await post(
        pool,
        '/v1/keys',
        BROKER_TOKEN,
        'application/json',
        keyRequest(answered),
      );
      const { token } = JSON.parse(key);
      const form = 'application/x-www-form-urlencoded';
      await post(pool, '/stripe/v1/payment_intents', token, form, CHARGE);
      answered++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
  const seconds = (performance.now() - begun) / 1_000;
  await pool.destroy();
  const { executed } = await ask(vendor, 'reset');
  if (executed !== answered) throw new Error(`${name}: ${answered} answers, ${executed} charges`);
  return answered / seconds;
}

async function post(pool, path, token, type, body) {
  const answer = await pool.request({
    method: 'POST',
    path,
    headers: { authorization: `Bearer ${token}`, 'content-type': type },
    body,
  });
  const text = await answer.body.text();
  if (answer.statusCode >= 300)
    throw new Error(`${path}: ${answer.statusCode} ${text.slice(0, 300)}`);
  return text;
}

function keyRequest(i) {
  return JSON.stringify({
    label: 'bench',
    vendor: 'stripe',
    daily_usd_cap: 100,
    allowed_endpoints: ['/v1/payment_intents'],
    subject: {
      tenant_id: `t${i % 100}`,
      user_id: `u${i % 1_000}`,
      run_id: `run_${i}`,
      tool: 'Tool.run',
    },
  });
}

function print({ brokers: [empty, full], rates, bytes, size, calls }) {
  console.log(`${calls} invocations, medians of ${options.rounds} rounds.`);
  for (const atOnce of CALLERS) {
    const [ofEmpty, ofFull] = [rates.get(`${atOnce} empty`), rates.get(`${atOnce} full`)];
    const ratio = median(ofFull.map((rate, i) => rate / ofEmpty[i]));
    console.log(
      `payments a second, ${atOnce} at once: ${median(ofEmpty).toFixed(0)} empty, ${median(ofFull).toFixed(0)} full, ratio ${ratio.toFixed(2)}`,
    );
  }
  console.log(`a start: ${empty.startMs.toFixed(0)} ms empty, ${full.startMs.toFixed(0)} ms full`);
  const log = LOG_TABLES.reduce((sum, name) => sum + (bytes.get(name) ?? 0), 0);
  console.log(
    `bytes an invocation: ${(size / calls).toFixed(0)}, of which ${(log / calls).toFixed(0)} are the log and stay`,
  );
}

await runBenchmark(main, { help: options.help, text: HELP });
