import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Broker } from 'nestjs-vault-key/broker';
import { Pool } from 'undici';
import { runBenchmark, start, stopAll } from './processes.mjs';
import { median } from './report.mjs';

const HELP = `Usage: node bench/growth.mjs [options]

What an operator's calls cost over many live keys: two brokers, one with 100 live keys and one with
1,000,000. Each call is timed on both in turns. Beside it stands how long the broker let another
caller wait meanwhile, at most.

  --keys N        live keys of the large store; 1000000 by default
  --rounds N      how often everything is measured; 7 by default
  --data FOLDER   where the SQLite files go; the system's temporary folder by default
  --help          this text
`;

const FEW_KEYS = 100;
const TOKEN = 'bench_management_token_of_forty_characters';
const STRIPE_SECRET_KEY = 'sk_test_offline';
const CHARGE = 'amount=100&currency=usd';
const DAY_MS = 86_400_000;

const { values: options } = parseArgs({
  options: {
    keys: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '7' },
    data: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', default: false },
  },
});

/** What is timed. Each gives the requests of one call; those in `after` are not timed. */
const CALLS = [
  { name: 'GET /metrics', run: (api) => api('GET', '/metrics') },
  { name: 'GET /readyz', run: (api) => api('GET', '/readyz') },
  ...['all', 'tenant', 'user', 'run', 'tool', 'vendor'].map((scope) => ({
    name: `brake ${scope}`,
    run: (api) =>
      api('POST', '/v1/brakes', {
        scope,
        ...(scope === 'all' ? {} : { id: idOf(scope) }),
        reason: 'bench',
      }),
    after: (api, { id }) => api('DELETE', `/v1/brakes/${id}`),
  })),
  { name: 'GET /v1/brakes', run: (api) => api('GET', '/v1/brakes') },
  ...[
    '',
    'status=active',
    'status=braked',
    'status=revoked',
    'status=expired',
    'tenant_id=t1',
    'user_id=u1',
    'run_id=r1',
    'tool=Tool.run',
    'user_id=nobody',
    'vendor=paypal',
    'tenant_id=t1&user_id=nobody',
    'user_id=u1&status=revoked',
  ].map((query) => ({
    name: `GET /v1/keys?${query}`,
    run: (api) => api('GET', `/v1/keys?${query}`),
  })),
  { name: 'GET /v1/holds', run: (api) => api('GET', '/v1/holds?state=unknown') },
  { name: 'GET /v1/audit', run: (api) => api('GET', '/v1/audit') },
  { name: 'GET /v1/audit?user_id=', run: (api) => api('GET', '/v1/audit?user_id=nobody') },
  { name: 'GET /v1/budgets', run: (api) => api('GET', '/v1/budgets') },
  {
    name: 'GET /v1/budgets/effective',
    run: (api) => api('GET', '/v1/budgets/effective?tenant_id=t1&user_id=u1'),
  },
  {
    name: 'PUT /v1/budgets/user/u1',
    run: (api) => api('PUT', '/v1/budgets/user/u1', { daily_usd_cap: 100 }),
    after: (api) => api('DELETE', '/v1/budgets/user/u1'),
  },
  { name: 'POST /v1/keys', run: (api) => api('POST', '/v1/keys', keyRequest('bench')) },
  { name: 'a charge', run: (_api, broker) => broker.charge() },
];

async function main() {
  const folder = await mkdtemp(join(options.data, 'vault-key-growth-'));
  try {
    const vendor = await start('vendor.mjs', { env: { STRIPE_SECRET_KEY } });
    const few = await startBroker(vendor, join(folder, 'few.db'), FEW_KEYS);
    const many = await startBroker(vendor, join(folder, 'many.db'), Number(options.keys));
    console.log(
      `A start with ${options.keys} live keys: ${many.startMs.toFixed(0)} ms; with ${FEW_KEYS}: ${few.startMs.toFixed(0)} ms.`,
    );
    const times = new Map(CALLS.map(({ name }) => [name, { few: [], many: [], wait: [] }]));
    for (let round = 0; round < Number(options.rounds); round++) {
      console.error(`round ${round + 1} of ${options.rounds}`);
      for (const call of CALLS) {
        const { few: ofFew, many: ofMany, wait } = times.get(call.name);
        ofFew.push((await time(call, few)).ms);
        const timed = await time(call, many);
        ofMany.push(timed.ms);
        wait.push(timed.longestWait);
      }
    }
    print(times);
  } finally {
    await stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

async function startBroker(vendor, file, count) {
  const store = `sqlite:${file}`;
  const account = { secretKey: STRIPE_SECRET_KEY, baseUrl: vendor.url };
  const broker = await Broker.open({ store, vendors: { stripe: account } });
  const { token } = await broker.issue({ ...keyRequest('first'), daily_usd_cap: 1_000_000 });
  await broker.close();
  fill(file, count);
  const begun = performance.now();
  const { url } = await start('../dist/broker/cli/main.js', {
    env: { STRIPE_SECRET_KEY, STRIPE_BASE_URL: vendor.url, KEYBRAKE_TOKEN: TOKEN },
    args: ['--port', '0', '--store', store],
  });
  const startMs = performance.now() - begun;
  const pool = new Pool(url, { connections: 2 });
  const request = async (method, path, headers, body) => {
    const answer = await pool.request({ method, path, headers, ...(body ? { body } : {}) });
    const text = await answer.body.text();
    if (answer.statusCode >= 300)
      throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
    return text.startsWith('{') ? JSON.parse(text) : text;
  };
  return {
    startMs,
    api: (method, path, body) =>
      request(
        method,
        path,
        { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        body === undefined ? undefined : JSON.stringify(body),
      ),
    charge: () =>
      request(
        'POST',
        '/stripe/v1/payment_intents',
        {
          authorization: `Bearer ${token}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        CHARGE,
      ),
    ping: () => request('GET', '/healthz', {}),
  };
}

/**
 * Live keys as the broker writes them, put into a file that no broker has: to issue a million would
 * take an hour. They are of 100 tenants and 1,000 users, each of a run of its own.
 */
function fill(file, count) {
  const Database = createRequire(import.meta.url)('libsql');
  const db = new Database(file);
  const now = Date.now();
  db.exec('BEGIN');
  db.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     INSERT INTO keys (id, token_hash, label, vendor, cap_micros, allowed_endpoints, tenant_id,
       user_id, run_id, tool, parent_id, created_at, expires_at, revoked_at, budgets, lease_id)
     SELECT 'vk_bench_' || i, hex(randomblob(32)), 'bench', 'stripe', 1000000,
       '["/v1/payment_intents"]', 't' || (i % 100), 'u' || (i % 1000), 'r' || i, 'Tool.run', NULL,
       ?, ? + i, NULL, '{"user":50000000,"run":10000000}', NULL
     FROM n`,
  ).run(count, now, now + DAY_MS / 2);
  db.exec(
    `INSERT OR IGNORE INTO balances (name, spent, held) SELECT 'key/' || id, 0, 0 FROM keys;
     COMMIT`,
  );
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.pragma('journal_mode = DELETE');
  db.close();
}

/** One call, and how long another caller waited at most while it was under way. */
async function time(call, broker) {
  let isDone = false;
  let longestWait = 0;
  const pings = (async () => {
    while (!isDone) {
      const begun = performance.now();
      await broker.ping();
      longestWait = Math.max(longestWait, performance.now() - begun);
    }
  })();
  const begun = performance.now();
  const answer = await call.run(broker.api, broker);
  const ms = performance.now() - begun;
  isDone = true;
  await pings;
  await call.after?.(broker.api, answer);
  return { ms, longestWait };
}

function keyRequest(label) {
  return {
    label,
    vendor: 'stripe',
    daily_usd_cap: 100,
    allowed_endpoints: ['/v1/payment_intents'],
    expires_in: '24h',
  };
}

function idOf(scope) {
  return { tenant: 't1', user: 'u1', run: 'r1', tool: 'Tool.run', vendor: 'stripe' }[scope];
}

function print(times) {
  console.log(`Medians of ${options.rounds} rounds, in milliseconds.`);
  const head = ['', `${FEW_KEYS} keys`, `${options.keys}`, 'ratio', 'others wait'];
  console.log(head.map((text, i) => (i === 0 ? text.padEnd(40) : text.padStart(12))).join(''));
  for (const [name, { few, many, wait }] of times) {
    const cells = [
      median(few),
      median(many),
      median(many.map((ms, i) => ms / few[i])),
      Math.max(...wait),
    ];
    console.log(name.padEnd(40) + cells.map((cell) => cell.toFixed(1).padStart(12)).join(''));
  }
}

await runBenchmark(main, { help: options.help, text: HELP });
