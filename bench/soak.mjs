import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Broker } from 'nestjs-vault-key/broker';
import { atRate, percentile } from './charges.mjs';
import { ask, runBenchmark, stopAll } from './processes.mjs';
import { median } from './report.mjs';
import { STRIPE_SECRET_KEY, startVendor } from './servers.mjs';

const HELP = `Usage: node bench/soak.mjs [options]

An embedded broker on a file under a steady load, for a long time: an invocation is a key, a payment with
an Idempotency-Key, a revocation. Its clock jumps 100 days now and then, so that what came before may
leave the store; before each jump the audit log is exported. Each minute gives the latency, the memory
of the process and the size of the store.

  --minutes N     how long; 20 by default
  --rate N        invocations a second; 300 by default
  --jumps N,N     the minutes at which the clock jumps; 5,10,15 by default
  --data FOLDER   where the SQLite file goes; the system's temporary folder by default
  --help          this text
`;

const JUMP_MS = 100 * 86_400_000;
const SAMPLE_MS = 5_000;
const USERS = 1_000;
const MIB = 1_048_576;

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    rate: { type: 'string', default: '300' },
    jumps: { type: 'string', default: '5,10,15' },
    data: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', default: false },
  },
});

/** The machine's clock, and what it has jumped. */
class JumpingClock {
  #ahead = 0;
  #begun = Date.now() - performance.now();

  now() {
    return Math.floor(this.#begun + performance.now()) + this.#ahead;
  }

  jump() {
    this.#ahead += JUMP_MS;
  }
}

async function main() {
  const folder = await mkdtemp(join(options.data, 'vault-key-soak-'));
  const exports = join(folder, 'exports');
  await mkdir(exports);
  const [minutes, rate] = [Number(options.minutes), Number(options.rate)];
  const jumps = options.jumps.split(',').map(Number);
  try {
    const { vendor } = await startVendor();
    const file = join(folder, 'vault-key.db');
    const clock = new JumpingClock();
    const broker = await Broker.open(
      {
        store: `sqlite:${file}`,
        vendors: { stripe: { secretKey: STRIPE_SECRET_KEY, baseUrl: vendor.url } },
      },
      { clock, log: (line) => console.error(line) },
    );
    const rows = [];
    let sent = 0;
    for (let minute = 1; minute <= minutes; minute++) {
      const rss = [];
      const sampler = setInterval(() => rss.push(process.memoryUsage().rss), SAMPLE_MS);
      const times = await atRate(() => invoke(broker, sent++), rate, rate * 60);
      clearInterval(sampler);
      const { executed } = await ask(vendor, 'reset');
      if (executed !== times.length) throw new Error(`${times.length} calls, ${executed} charges`);
      if (jumps.includes(minute)) {
        await broker.auditSegments.cut();
        await broker.auditSegments.export(exports);
        clock.jump();
      }
      const row = {
        minute,
        p50: percentile(times, 0.5),
        p99: percentile(times, 0.99),
        rss: median(rss) / MIB,
        heap: process.memoryUsage().heapUsed / MIB,
        bytes: (await stat(file)).size / MIB,
        wal: ((await stat(`${file}-wal`).catch(() => undefined))?.size ?? 0) / MIB,
      };
      rows.push(row);
      console.log(
        `minute ${String(minute).padStart(2)}: p50 ${row.p50.toFixed(1)} ms, p99 ${row.p99.toFixed(1)} ms, process ${row.rss.toFixed(0)} MiB, heap ${row.heap.toFixed(0)} MiB, store ${row.bytes.toFixed(0)} MiB, -wal ${row.wal.toFixed(0)} MiB${jumps.includes(minute) ? '; the clock jumps' : ''}`,
      );
    }
    print(rows, await broker.verifyAudit(), (await readdir(exports)).length);
    await broker.close();
  } finally {
    await stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

async function invoke(broker, i) {
  const user = `u${i % USERS}`;
  const key = await broker.issueForOwnWork({
    label: 'soak',
    vendor: 'stripe',
    daily_usd_cap: 100,
    allowed_endpoints: ['/v1/payment_intents'],
    expires_in: '5m',
    subject: { user_id: user, run_id: `run_${i}`, tool: 'Tools.charge' },
    budgets: { user: 1_000_000 },
  });
  const answer = await broker.forward({
    vendor: 'stripe',
    method: 'POST',
    target: '/v1/payment_intents',
    rawHeaders: [
      'Authorization',
      `Bearer ${key.token}`,
      'Content-Type',
      'application/x-www-form-urlencoded',
      'Idempotency-Key',
      `soak-${i}`,
    ],
    body: Buffer.from('amount=100&currency=usd'),
  });
  const bytes = await answer.bytes(65_536);
  if (answer.status !== 200) throw new Error(`${answer.status} ${bytes}`);
  await broker.revokeOwn([key.id]);
}

function print(rows, verdict, files) {
  const [, second] = rows;
  const last = rows.at(-1);
  const ratio = (figure) => (last[figure] / second[figure]).toFixed(2);
  console.log(
    `the last minute ÷ the second: p99 ${ratio('p99')}, memory ${ratio('rss')}; the log ${verdict.ok ? 'verifies' : `does not verify: ${verdict.reason}`}, ${files} segments were exported`,
  );
}

await runBenchmark(main, { help: options.help, text: HELP });
