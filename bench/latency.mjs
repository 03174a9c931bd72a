import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ask, cpuMsOf, faultOf, runBenchmark, start, stopAll } from './processes.mjs';
import { median } from './report.mjs';
import { startApp, startBroker, startVendor } from './servers.mjs';

const HELP = `Usage: npm run bench:latency -- [options]

What a vault key adds to a request where the vendor is 100 ms away, at a fixed rate of requests.

  --rounds N      how often everything is measured; 3 by default
  --seconds N     how long each measurement takes; 20 by default
  --data FOLDER   where the SQLite files go; the system's temporary folder by default
  --help          this text
`;

const RATES = [100, 300];
const VARIANTS = {
  'raw-key': 'stripe client, raw key',
  'stripe-client': '@AgentTool, stripe client, embedded',
  embedded: '@AgentTool, embedded broker',
  standalone: '@AgentTool, standalone broker',
};
const VENDOR_MS = 100;
/** A server's code is compiled by then. */
const WARM_UP = 10_000;
/** Before each measurement, for the connections. */
const CONNECT = 256;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '20' },
    data: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', default: false },
  },
});

async function main() {
  const folder = await mkdtemp(join(options.data, 'vault-key-latency-'));
  try {
    const { vendor, account } = await startVendor({ DELAY_MS: String(VENDOR_MS) });
    const broker = await startBroker(account, folder);
    const load = await start('open-load.mjs');
    const apps = [];
    for (const variant of Object.keys(VARIANTS)) {
      const app = await startApp({ adapter: 'Express', variant, account, broker, folder });
      // What the standalone broker does is a part of what the request costs.
      const processes = variant === 'standalone' ? [app.child, broker.child] : [app.child];
      apps.push({ ...app, processes });
    }
    const servers = { vendor, load };
    for (const app of apps) await measure(servers, app, { warmUp: WARM_UP });
    const found = new Map();
    for (let round = 0; round < Number(options.rounds); round++) {
      console.error(`round ${round + 1} of ${options.rounds}`);
      for (const rate of RATES) {
        for (let i = 0; i < apps.length; i++) {
          const app = apps[(i + round) % apps.length];
          const seconds = Number(options.seconds);
          const figures = await measure(servers, app, { warmUp: CONNECT, rate, seconds });
          const name = `${rate} ${app.variant}`;
          found.set(name, [...(found.get(name) ?? []), figures]);
        }
      }
    }
    print(found);
  } finally {
    await stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Void, with the whole run, where the vendor did not execute what was answered. */
async function measure({ vendor, load }, { variant, url, processes }, requests) {
  const before = cpuMsOf(processes);
  const { answered, figures, error } = await ask(load, { url, ...requests });
  const cpuMs = (cpuMsOf(processes) - before) / answered;
  const { executed } = await ask(vendor, 'reset');
  const fault = faultOf({ answered, executed, error });
  if (fault !== undefined) throw new Error(`${variant}: ${fault}`);
  return { ...figures, cpuMs };
}

function print(found) {
  console.log(`Medians of ${options.rounds} round(s), in ms: what is added to the raw key.`);
  for (const rate of RATES) {
    console.log(`${rate} requests a second`.padEnd(40) + row('p50', 'p99', 'CPU a request'));
    const base = found.get(`${rate} raw-key`);
    for (const [variant, name] of Object.entries(VARIANTS)) {
      const own = found.get(`${rate} ${variant}`);
      const figure = (field) => {
        const added = median(own.map((round, i) => round[field] - base[i][field]));
        const absolute = median(own.map((round) => round[field]));
        return variant === 'raw-key' ? absolute.toFixed(2) : `+${added.toFixed(2)}`;
      };
      console.log(`  ${name}`.padEnd(40) + row(...['p50', 'p99', 'cpuMs'].map(figure)));
    }
  }
}

function row(...cells) {
  return cells.map((text) => text.padStart(14)).join('');
}

await runBenchmark(main, { help: options.help, text: HELP });
