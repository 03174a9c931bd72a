import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Broker } from 'nestjs-vault-key/broker';
import { Pool } from 'undici';
import { ask, runBenchmark, start, stopAll } from './processes.mjs';
import { median } from './report.mjs';

const HELP = `Usage: node bench/admission.mjs [options]

What an admission costs at the broker itself: with a store in memory, with a file of 100 live keys,
with a file of 100,000.

  --rounds N      how often everything is measured; 5 by default
  --keys N        live keys in the large file; 100000 by default
  --data FOLDER   where the SQLite files go; the system's temporary folder by default
  --help          this text
`;

const CALLERS = [1, 50];
const REQUESTS = { 1: 400, 50: 4_000 };
const LIMIT_MS = 4_000;
const FEW_KEYS = 100;
const ISSUES_AT_ONCE = 500;
const CAP_USD = 1_000_000;
const TOKEN = 'bench_management_token_of_forty_characters';
const STRIPE_SECRET_KEY = 'sk_test_offline';
const CHARGE = 'amount=100&currency=usd';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    keys: { type: 'string', default: '100000' },
    data: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', default: false },
  },
});

async function main() {
  const folder = await mkdtemp(join(options.data, 'vault-key-admission-'));
  try {
    const vendor = await start('vendor.mjs', { env: { STRIPE_SECRET_KEY } });
    const brokers = [
      await startBroker(vendor, 'memory, 100 keys', 'sqlite::memory:', FEW_KEYS),
      await startBroker(vendor, 'file, 100 keys', `sqlite:${join(folder, 'few.db')}`, FEW_KEYS),
      await startBroker(
        vendor,
        `file, ${options.keys} keys`,
        `sqlite:${join(folder, 'many.db')}`,
        Number(options.keys),
      ),
    ];
    for (const broker of brokers) await measure(vendor, broker, 50, 1_000);
    const rates = new Map();
    for (let round = 0; round < Number(options.rounds); round++) {
      console.error(`round ${round + 1} of ${options.rounds}`);
      for (const atOnce of CALLERS) {
        for (let i = 0; i < brokers.length; i++) {
          const broker = brokers[(i + round) % brokers.length];
          const rate = await measure(vendor, broker, atOnce, REQUESTS[atOnce]);
          const name = `${atOnce} ${broker.name}`;
          rates.set(name, [...(rates.get(name) ?? []), rate]);
        }
      }
    }
    print(brokers, rates);
  } finally {
    await stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A broker with live keys. What is in a file was issued before the command had it. */
async function startBroker(vendor, name, store, count) {
  const inFile = store !== 'sqlite::memory:';
  let tokens = [];
  if (inFile) {
    const account = { secretKey: STRIPE_SECRET_KEY, baseUrl: vendor.url };
    const broker = await Broker.open({ store, vendors: { stripe: account } });
    tokens = await issueAll(count, (body) => broker.issue(body));
    await broker.close();
  }
  const { url } = await start('../dist/broker/cli/main.js', {
    env: { STRIPE_SECRET_KEY, STRIPE_BASE_URL: vendor.url, KEYBRAKE_TOKEN: TOKEN },
    args: ['--port', '0', '--store', store],
  });
  if (!inFile) tokens = await issueAll(count, (body) => issueOver(url, body));
  return { name, url, tokens };
}

async function issueAll(count, issue) {
  const tokens = [];
  while (tokens.length < count) {
    const batch = Math.min(ISSUES_AT_ONCE, count - tokens.length);
    const issued = await Promise.all(
      Array.from({ length: batch }, (_, i) =>
        issue({
          label: `bench-${tokens.length + i}`,
          vendor: 'stripe',
          daily_usd_cap: CAP_USD,
          allowed_endpoints: ['/v1/payment_intents'],
          expires_in: '24h',
          subject: { user_id: `u${(tokens.length + i) % 1_000}`, run_id: `r${tokens.length + i}` },
        }),
      ),
    );
    tokens.push(...issued.map(({ token }) => token));
  }
  return tokens;
}

async function issueOver(url, body) {
  const answer = await fetch(`${url}/v1/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (answer.status !== 201) throw new Error(`no key was issued: ${await answer.text()}`);
  return answer.json();
}

/** Charges a second, each under a key drawn at random. */
async function measure(vendor, { name, url, tokens }, atOnce, requests) {
  const pool = new Pool(url, { connections: atOnce });
  let left = requests;
  let answered = 0;
  const begun = performance.now();
  const caller = async () => {
    while (left-- > 0 && performance.now() - begun < LIMIT_MS) {
      const token = tokens[Math.floor(Math.random() * tokens.length)];
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path: '/stripe/v1/payment_intents',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: CHARGE,
      });
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`${name}: ${statusCode} ${text.slice(0, 300)}`);
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

function print(brokers, rates) {
  console.log(`Medians of ${options.rounds} round(s): charges a second, and the ratio to memory.`);
  const [base] = brokers;
  for (const atOnce of CALLERS) {
    console.log(`${atOnce} at once`);
    const baseRates = rates.get(`${atOnce} ${base.name}`);
    for (const { name } of brokers) {
      const own = rates.get(`${atOnce} ${name}`);
      const ratio = median(own.map((rate, i) => rate / baseRates[i]));
      console.log(
        `  ${name.padEnd(22)} ${median(own).toFixed(0).padStart(6)}  ${ratio.toFixed(2)}`,
      );
    }
  }
}

await runBenchmark(main, { help: options.help, text: HELP });
