import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ask, cpuMsOf, runBenchmark, start, stopAll } from './processes.mjs';
import { median } from './report.mjs';

const HELP = `Usage: npm run bench:stores -- --postgres URL [options]

A hold and its settlement, on SQLite and on PostgreSQL: pairs a second, how long a hold takes, and the
processor time of the application and of the server, where it runs on this machine. Then two and four
instances on one PostgreSQL.

  --postgres URL  an empty database
  --rounds N      how often everything is measured; 3 by default
  --data FOLDER   where the SQLite file goes; the system's temporary folder by default
  --help          this text
`;

const MS = 3_000;
const WARM_UP = { atOnce: 25, isHot: true, ms: 3_000 };
const SHARED_AT_ONCE = 25;

const { values: options } = parseArgs({
  options: {
    postgres: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    data: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', default: false },
  },
});

async function main() {
  if (options.postgres === undefined) throw new Error('--postgres is missing');
  const folder = await mkdtemp(join(options.data, 'vault-key-stores-'));
  try {
    const sqlite = await instance(`sqlite:${join(folder, 'bench.db')}`, 's');
    const postgres = [];
    for (let i = 0; i < 4; i++) postgres.push(await instance(options.postgres, `p${i}`));
    for (const each of [sqlite, ...postgres]) await told([each], WARM_UP);
    const ways = [1, 10, 50].flatMap((atOnce) => [
      { name: 'SQLite', by: [sqlite], atOnce, isHot: true },
      { name: 'PostgreSQL', by: postgres.slice(0, 1), atOnce, isHot: true },
    ]);
    for (const count of [2, 4]) {
      for (const isHot of [true, false]) {
        const kind = isHot ? 'one user' : 'a user each';
        const name = `PostgreSQL, ${count} instances, ${kind}`;
        ways.push({ name, by: postgres.slice(0, count), atOnce: SHARED_AT_ONCE, isHot });
      }
    }
    const server = await serverProcesses(options.postgres);
    const rounds = ways.map(() => []);
    for (let round = 0; round < Number(options.rounds); round++) {
      console.error(`round ${round + 1} of ${options.rounds}`);
      for (const [i, { by, ...way }] of ways.entries()) {
        rounds[i].push(await measured(by, { ...way, ms: MS }, server));
      }
    }
    print(ways, rounds);
  } finally {
    await stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

function instance(store, name) {
  return start('store-load.mjs', { env: { STORE: store, INSTANCE: `${name}_${process.pid}` } });
}

/** Those that have sessions in the database, as of now. */
async function serverProcesses(url) {
  const { Client } = createRequire(import.meta.url)('pg');
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'nestjs-vault-key'",
  );
  await client.end();
  return rows;
}

async function measured(instances, way, server) {
  const before = cpuMsOf(server);
  const figures = await told(instances, way);
  const pairs = (figures.pairs * way.ms) / 1_000;
  return { ...figures, serverCpu: ((cpuMsOf(server) - before) * 1_000) / pairs };
}

/** Several at the same time: their pairs add up. */
async function told(instances, way) {
  const all = await Promise.all(instances.map((each) => ask(each, way)));
  const failed = all.find(({ error }) => error !== undefined);
  if (failed !== undefined) throw new Error(failed.error);
  const of = (field) => median(all.map((each) => each[field]));
  const pairs = all.reduce((sum, each) => sum + each.pairs, 0);
  return { pairs, p50: of('p50'), p99: of('p99'), cpu: of('cpu') };
}

function print(ways, rounds) {
  console.log(`Medians of ${options.rounds} round(s).`);
  console.log(
    'at once'.padEnd(48) + 'pairs/s   hold p50 ms   p99 ms   CPU µs a pair: application, server',
  );
  for (const [i, { name, atOnce, by }] of ways.entries()) {
    const of = (field) => median(rounds[i].map((each) => each[field]));
    const title = `${atOnce}${by.length > 1 ? ' each' : ''}, ${name}`;
    console.log(
      title.padEnd(48) +
        of('pairs').toFixed(0).padStart(7) +
        of('p50').toFixed(1).padStart(14) +
        of('p99').toFixed(1).padStart(9) +
        of('cpu').toFixed(0).padStart(29) +
        of('serverCpu').toFixed(0).padStart(8),
    );
  }
}

await runBenchmark(main, { help: options.help, text: HELP });
