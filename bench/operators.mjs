import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ask, cpuMsOf, faultOf, runBenchmark, start, stopAll } from './processes.mjs';
import { median } from './report.mjs';
import { BROKER_TOKEN, startKeyedBroker, startVendor } from './servers.mjs';

const HELP = `Usage: npm run bench:operators -- [options]

What the people beside the agent cost a standalone broker on a file: calls a second while nobody looks,
while a page is open, while /metrics is scraped, and with webhooks. Events without a subscriber are a part
of every measurement.

  --rounds N      how often everything is measured; 5 by default
  --pages N       how many pages are open; 1 by default
  --only NAMES    some of nothing, page, metrics, webhooks, with commas between them
  --data FOLDER   where the files go; the system's temporary folder by default
  --help          this text
`;

const AT_ONCE = 50;
const REQUESTS = 20_000;
const LIMIT_MS = 3_000;
const WARM_UP = { atOnce: AT_ONCE, requests: 10_000, limitMs: 60_000 };
const PATH = '/v1/payment_intents';
const PAGE_EVERY_MS = 2_000;
const SCRAPE_EVERY_MS = 1_000;
/** What a page asks for while it is open. */
const PAGE_PATHS = [
  '/v1/spend?by=hour',
  '/v1/keys?status=active&limit=100',
  '/v1/holds?state=unknown',
  '/v1/brakes',
  '/v1/budgets',
  '/v1/audit?limit=100',
];

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    pages: { type: 'string', default: '1' },
    only: { type: 'string', default: 'nothing,page,metrics,webhooks' },
    data: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', default: false },
  },
});

/** Who looks on while calls are measured: each begins, and returns how it ends. */
const WATCHERS = {
  nothing: () => () => {},
  page: ({ url }) => {
    const ends = Array.from({ length: Number(options.pages) }, () => openPage(url));
    return () => ends.forEach((end) => end());
  },
  metrics: ({ url }) => every(SCRAPE_EVERY_MS, () => get(url, '/metrics')),
  webhooks: () => () => {},
};

async function main() {
  const names = options.only.split(',').filter((name) => name !== 'nothing');
  const folder = await mkdtemp(join(options.data, 'vault-key-operators-bench-'));
  const receiver = createServer((req, res) => req.resume().on('end', () => res.end()));
  try {
    const load = await start('proxy-load.mjs');
    const { vendor, account } = await startVendor();
    const plain = await startKeyedBroker(account, folder, PATH);
    const cases = [{ name: 'nothing', broker: plain }];
    for (const name of names) {
      if (WATCHERS[name] === undefined) throw new Error(`--only ${name} is not known`);
      const broker = name === 'webhooks' ? await startWithWebhooks() : plain;
      if (broker !== undefined) cases.push({ name, broker });
    }
    for (const broker of new Set(cases.map((each) => each.broker))) {
      await measure(load, vendor, broker, WARM_UP);
    }
    print(await measureAll(load, vendor, cases), cases);

    /** A broker of its own, since they are a setting; `undefined` where this build has none. */
    async function startWithWebhooks() {
      await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
      const own = join(folder, 'webhooks');
      await mkdir(own);
      const config = join(own, 'config.json');
      const url = `http://127.0.0.1:${receiver.address().port}/`;
      const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
      const events = ['call', 'refusal', 'threshold'];
      await writeFile(config, JSON.stringify({ webhooks: [{ url, secret, events }] }));
      try {
        return await startKeyedBroker(account, own, PATH, ['--config', config]);
      } catch (error) {
        console.error(`webhooks are left out: ${error.message}`);
        return undefined;
      }
    }
  } finally {
    receiver.close();
    await stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every case once a round, in turns. */
async function measureAll(load, vendor, cases) {
  const measured = [];
  for (let round = 0; round < Number(options.rounds); round++) {
    console.error(`round ${round + 1} of ${options.rounds}`);
    for (let i = 0; i < cases.length; i++) {
      const { name, broker } = cases[(i + round) % cases.length];
      const end = WATCHERS[name](broker);
      try {
        const way = { atOnce: AT_ONCE, requests: REQUESTS, limitMs: LIMIT_MS };
        measured.push({ round, name, ...(await measure(load, vendor, broker, way)) });
      } finally {
        end();
      }
    }
  }
  return measured;
}

/** Void, with the whole run, where the vendor did not execute what was answered. */
async function measure(load, vendor, { url, prefix, headers, processes }, way) {
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
  if (fault !== undefined) throw new Error(fault);
  return { ...figures, cpu };
}

/** A page: it asks every two seconds, and reads the events where this build has them. */
function openPage(url) {
  const closed = new AbortController();
  void readEvents(url, closed.signal);
  const stop = every(PAGE_EVERY_MS, async () => {
    for (const path of PAGE_PATHS) await get(url, path);
  });
  return () => {
    closed.abort();
    stop();
  };
}

async function readEvents(url, signal) {
  try {
    const answer = await fetch(`${url}/v1/events`, {
      signal,
      headers: { authorization: `Bearer ${BROKER_TOKEN}`, accept: 'text/event-stream' },
    });
    if (answer.status !== 200) return await answer.body?.cancel();
    for await (const _ of answer.body);
  } catch {
    // The page is closed.
  }
}

async function get(url, path) {
  const answer = await fetch(url + path, { headers: { authorization: `Bearer ${BROKER_TOKEN}` } });
  const text = await answer.text();
  if (answer.status !== 200) console.error(`${path} was answered with ${answer.status}: ${text}`);
}

/** Does it now and then again, each time once the one before is done. Returns how it ends. */
function every(ms, work) {
  let timer;
  let isOver = false;
  const go = async () => {
    await work().catch(() => {});
    if (!isOver) timer = setTimeout(go, ms);
  };
  void go();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

function print(measured, cases) {
  const of = (name) =>
    measured.filter((each) => each.name === name).toSorted((a, b) => a.round - b.round);
  const base = of('nothing');
  console.log(`Medians of ${options.rounds} round(s), ${AT_ONCE} calls at once.`);
  console.log(''.padEnd(14) + row('calls/s', '÷ nothing', 'CPU µs a call'));
  for (const { name } of cases) {
    const rounds = of(name);
    const ratio = median(rounds.map(({ rps }, i) => rps / base[i].rps));
    console.log(
      name.padEnd(14) +
        row(
          median(rounds.map(({ rps }) => rps)).toFixed(0),
          ratio.toFixed(3),
          median(rounds.map(({ cpu }) => cpu)).toFixed(0),
        ),
    );
  }
}

function row(...cells) {
  return cells.map((text) => text.padStart(15)).join('');
}

await runBenchmark(main, { help: options.help, text: HELP });
