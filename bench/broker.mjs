import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startAlternatives, startPassthrough } from './gateways.mjs';
import { ask, cpuMsOf, faultOf, runBenchmark, start, stopAll } from './processes.mjs';
import { median } from './report.mjs';
import { startKeyedBroker, startVendor } from './servers.mjs';

const HELP = `Usage: npm run bench:broker -- [options]

The standalone broker on a file beside what only forwards: undici, nginx, haproxy, express-gateway.

  --rounds N      how often everything is measured; 5 by default
  --others DIR    where express-gateway is installed, for this benchmark alone:
                  npm install --prefix DIR express-gateway
  --data FOLDER   where the files go; the system's temporary folder by default
  --help          this text
`;

const CALLERS = [10, 50];
const REQUESTS = 20_000;
const LIMIT_MS = 3_000;
const WARM_UP = { atOnce: 50, requests: 10_000, limitMs: 60_000 };
/** The vendor of the measurement at a fixed rate, and that rate. */
const FAR_MS = 20;
const RATE = 1_000;
const SECONDS = 10;
const PATH = '/v1/payment_intents';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    others: { type: 'string' },
    data: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', default: false },
  },
});

async function main() {
  const folder = await mkdtemp(join(options.data, 'vault-key-broker-bench-'));
  try {
    const load = await start('proxy-load.mjs');
    const near = await startVendor();
    const broker = await startKeyedBroker(near.account, folder, PATH);
    const proxies = [broker, ...(await startAlternatives(near.vendor.url, folder, options.others))];
    const closed = await measureAll(load, near.vendor, proxies, closedLoops());
    const far = await startVendor({ DELAY_MS: String(FAR_MS) });
    await mkdir(join(folder, 'far'));
    const distant = [
      await startKeyedBroker(far.account, join(folder, 'far'), PATH),
      await startPassthrough(far.vendor.url),
    ];
    const open = await measureAll(load, far.vendor, distant, [{ rate: RATE, seconds: SECONDS }]);
    print(proxies, closed, distant, open);
  } finally {
    await stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

function closedLoops() {
  return CALLERS.map((atOnce) => ({ atOnce, requests: REQUESTS, limitMs: LIMIT_MS }));
}

/** Every proxy in every way, in turns. */
async function measureAll(load, vendor, proxies, ways) {
  for (const proxy of proxies) await measure(load, vendor, proxy, WARM_UP);
  const rounds = [];
  for (let round = 0; round < Number(options.rounds); round++) {
    console.error(`round ${round + 1} of ${options.rounds}`);
    for (const way of ways) {
      for (let i = 0; i < proxies.length; i++) {
        const proxy = proxies[(i + round) % proxies.length];
        const figures = await measure(load, vendor, proxy, way);
        rounds.push({ round, name: proxy.name, atOnce: way.atOnce, ...figures });
      }
    }
  }
  return rounds;
}

/** Void, with the whole run, where the vendor did not execute what was answered. */
async function measure(load, vendor, { name, url, prefix = '', headers, processes }, way) {
  const before = cpuMsOf(processes);
  const { answered, figures, error } = await ask(load, {
    url,
    path: prefix + PATH,
    headers,
    ...way,
  });
  const cpu = ((cpuMsOf(processes) - before) * 1_000) / answered;
  const { executed } = await ask(vendor, 'reset');
  const fault = faultOf({ answered, executed, error });
  if (fault !== undefined) throw new Error(`${name}: ${fault}`);
  return { ...figures, cpu };
}

function print(proxies, closed, distant, open) {
  const [broker] = proxies;
  console.log(`Medians of ${options.rounds} round(s).`);
  for (const atOnce of CALLERS) {
    const of = (name) => closed.filter((each) => each.name === name && each.atOnce === atOnce);
    const own = of(broker.name);
    console.log(`${atOnce} at once`.padEnd(24) + row('calls/s', 'broker ÷ it', 'CPU µs a call'));
    for (const { name } of proxies) {
      const rounds = of(name);
      const ratio = median(rounds.map(({ rps }, i) => own[i].rps / rps));
      console.log(
        `  ${name}`.padEnd(24) +
          row(
            median(rounds.map(({ rps }) => rps)).toFixed(0),
            ratio.toFixed(2),
            median(rounds.map(({ cpu }) => cpu)).toFixed(0),
          ),
      );
    }
  }
  const title = `${RATE} a second, vendor ${FAR_MS} ms`;
  console.log(title.padEnd(24) + row('p50 ms added', 'p99 ms added', 'CPU µs a call'));
  for (const { name } of distant) {
    const rounds = open.filter((each) => each.name === name);
    const added = (field) => (median(rounds.map((each) => each[field])) - FAR_MS).toFixed(2);
    console.log(
      `  ${name}`.padEnd(24) +
        row(added('p50'), added('p99'), median(rounds.map(({ cpu }) => cpu)).toFixed(0)),
    );
  }
}

function row(...cells) {
  return cells.map((text) => text.padStart(15)).join('');
}

await runBenchmark(main, { help: options.help, text: HELP });
