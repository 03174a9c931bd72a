import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ask, faultOf, runBenchmark, start, stopAll } from './processes.mjs';
import { summarise, table } from './report.mjs';
import { startApp, startBroker, startVendor } from './servers.mjs';

const HELP = `Usage: npm run bench -- [options]

  --quick         one short round, to see that it works
  --rounds N      how often everything is measured; 5 by default
  --data FOLDER   where the SQLite files go; the system's temporary folder by default
  --json          prints JSON in place of the table
  --help          this text
`;

const ADAPTERS = ['Express', 'Fastify'];
const VARIANTS = ['raw-key', 'stripe-client', 'embedded', 'standalone'];
const CALLERS = [1, 10, 50];
/** A measurement ends with the first of the two: so many requests, or so much time. */
const REQUESTS = { 1: 2_000, 10: 5_000, 50: 5_000 };
const LIMIT_MS = 1_750;
const QUICK_LIMIT_MS = 500;
/** Before the first round, for the compilers; before each measurement, for the connections. */
const FIRST_WARM_UP = { requests: 10_000, limitMs: 60_000 };
const WARM_UP = 100;

const TMPFS = 0x01021994;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    data: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function main() {
  const rounds = options.quick ? 1 : Number(options.rounds ?? 5);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be a whole number');
  const limitMs = options.quick ? QUICK_LIMIT_MS : LIMIT_MS;

  const folder = await mkdtemp(join(options.data, 'vault-key-bench-'));
  try {
    if ((await statfs(folder)).type === TMPFS) {
      console.error(`${folder} is in memory, where a commit costs nothing: see --data`);
    }
    const servers = await startServers(folder);
    const measurements = [];
    for (let round = 1; round <= rounds; round++) {
      console.error(`round ${round} of ${rounds}`);
      measurements.push(...(await measureRound(servers, round, limitMs)));
    }
    const summary = summarise(measurements, VARIANTS[0]);
    if (options.json) {
      const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
      console.log(JSON.stringify({ machine, rounds, limitMs, summary, measurements }, null, 2));
    } else {
      console.log(
        `Medians of ${rounds} round(s): the ratio to the raw key, then the figure itself.`,
      );
      console.log(table(summary));
    }
  } finally {
    await stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

async function startServers(folder) {
  const { vendor, account } = await startVendor();
  const broker = await startBroker(account, folder);
  const apps = [];
  for (const adapter of ADAPTERS) {
    for (const variant of VARIANTS) {
      apps.push(await startApp({ adapter, variant, account, broker, folder }));
    }
  }
  const servers = { vendor, apps, load: await start('load.mjs') };
  for (const app of apps) await measure(servers, app, 10, FIRST_WARM_UP);
  return servers;
}

/** Everything once. Who comes first changes from round to round. */
async function measureRound(servers, round, limitMs) {
  const measurements = [];
  for (const adapter of ADAPTERS) {
    const apps = servers.apps.filter((app) => app.adapter === adapter);
    for (const atOnce of CALLERS) {
      for (let i = 0; i < apps.length; i++) {
        const app = apps[(i + round) % apps.length];
        const limits = { requests: REQUESTS[atOnce], limitMs };
        const figures = await measure(servers, app, atOnce, limits);
        measurements.push({ round, adapter, variant: app.variant, atOnce, ...figures });
      }
    }
  }
  return measurements;
}

/** One measurement; void, with the whole run, where the vendor did not execute what was answered. */
async function measure({ vendor, load }, { adapter, variant, url }, atOnce, limits) {
  const { answered, figures, error } = await ask(load, { url, atOnce, warmUp: WARM_UP, ...limits });
  const { executed } = await ask(vendor, 'reset');
  const fault = faultOf({ answered, executed, error });
  if (fault !== undefined) throw new Error(`${variant} on ${adapter}, ${atOnce} at once: ${fault}`);
  return figures;
}

await runBenchmark(main, { help: options.help, text: HELP });
