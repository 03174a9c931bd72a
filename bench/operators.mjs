import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ask, cpuMsOf, faultOf, runBenchmark, start, stopAll } from './processes.mjs';
import { median } from './report.mjs';
import { BROKER_TOKEN, startApp, startKeyedBroker, startVendor } from './servers.mjs';

const HELP = `Usage: npm run bench:operators -- [options]

What the people beside the agent cost, with a store on a file. A standalone broker: calls a second while
nobody looks, while a page is open, while /metrics is scraped, and with webhooks. An application with an
embedded broker (Express, ProxiedStripeService): requests a second while nobody looks, while a page is
open, and with OpenTelemetry traces of one in ten. Events without a subscriber are a part of every
measurement.

  --rounds N      how often everything is measured; 5 by default
  --pages N       how many pages are open; 1 by default
  --only NAMES    some of page, metrics, webhooks, app-page, app-traces, with commas between them
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
    only: { type: 'string', default: 'page,metrics,webhooks,app-page,app-traces' },
    data: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', default: false },
  },
});

/** Who looks on while calls are measured: each begins, and returns how it ends. */
const WATCHERS = {
  page: (target) => {
    const ends = Array.from({ length: Number(options.pages) }, () => openPage(target));
    return () => ends.forEach((end) => end());
  },
  metrics: (target) => every(SCRAPE_EVERY_MS, () => get(target, '/metrics')),
  nobody: () => () => {},
};

async function main() {
  const folder = await mkdtemp(join(options.data, 'vault-key-operators-bench-'));
  const receiver = createServer((req, res) => req.resume().on('end', () => res.end()));
  try {
    const { vendor, account } = await startVendor();
    const cases = await startCases(account, folder, receiver);
    for (const target of new Set(cases.map((each) => each.target))) {
      await measure(vendor, target, WARM_UP);
    }
    print(await measureAll(vendor, cases), cases);
  } finally {
    receiver.close();
    await stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Each case with what it is compared to. */
async function startCases(account, folder, receiver) {
  const names = options.only.split(',');
  const known = ['page', 'metrics', 'webhooks', 'app-page', 'app-traces'];
  for (const name of names)
    if (!known.includes(name)) throw new Error(`--only ${name} is not known`);
  const cases = [];
  const add = (name, target, base, watcher = 'nobody') =>
    cases.push({ name, target, base, watch: WATCHERS[watcher] });

  if (names.some((name) => !name.startsWith('app-'))) {
    const load = await start('proxy-load.mjs');
    const broker = async (where, args) => ({
      ...(await startKeyedBroker(account, where, PATH, args)),
      load,
      path: `/stripe${PATH}`,
      token: BROKER_TOKEN,
      api: '',
    });
    const plain = await broker(folder);
    add('broker', plain, 'broker');
    if (names.includes('page')) add('page', plain, 'broker', 'page');
    if (names.includes('metrics')) add('metrics', plain, 'broker', 'metrics');
    if (names.includes('webhooks')) {
      const own = await folderIn(folder, 'webhooks');
      add('webhooks', await broker(own, await webhookArgs(own, receiver)), 'broker');
    }
  }
  if (names.some((name) => name.startsWith('app-'))) {
    const load = await start('load.mjs');
    const operator = newOperator();
    const app = async (where, env = {}) => {
      const { child, url } = await startApp({
        adapter: 'Express',
        variant: 'embedded',
        account,
        folder: where,
        env: { OPERATOR_TOKEN_HASH: operator.hash, ...env },
      });
      return { url, processes: [child], load, token: operator.token, api: '/vault-keys' };
    };
    const plain = await app(folder);
    add('app', plain, 'app');
    if (names.includes('app-page')) add('app-page', plain, 'app', 'page');
    if (names.includes('app-traces')) {
      add(
        'app-traces',
        await app(await folderIn(folder, 'traces'), { TRACED_SHARE: '0.1' }),
        'app',
      );
    }
  }
  return cases;
}

async function folderIn(folder, name) {
  const own = join(folder, name);
  await mkdir(own);
  return own;
}

async function webhookArgs(folder, receiver) {
  await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const config = join(folder, 'config.json');
  const url = `http://127.0.0.1:${receiver.address().port}/`;
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const events = ['call', 'refusal', 'threshold'];
  await writeFile(config, JSON.stringify({ webhooks: { bench: { url, secret, events } } }));
  return ['--config', config];
}

/** Every case once a round, in turns. */
async function measureAll(vendor, cases) {
  const measured = [];
  for (let round = 0; round < Number(options.rounds); round++) {
    console.error(`round ${round + 1} of ${options.rounds}`);
    for (let i = 0; i < cases.length; i++) {
      const { name, target, watch } = cases[(i + round) % cases.length];
      const end = watch(target);
      try {
        const way = { atOnce: AT_ONCE, requests: REQUESTS, limitMs: LIMIT_MS };
        measured.push({ round, name, ...(await measure(vendor, target, way)) });
      } finally {
        end();
      }
    }
  }
  return measured;
}

/** Void, with the whole run, where the vendor did not execute what was answered. */
async function measure(vendor, { load, url, path, headers, processes }, way) {
  const before = cpuMsOf(processes);
  const { answered, figures, error } = await ask(load, { url, path, headers, warmUp: 0, ...way });
  const cpu = ((cpuMsOf(processes) - before) * 1_000) / answered;
  const { executed } = await ask(vendor, 'reset');
  const fault = faultOf({ answered, executed, error });
  if (fault !== undefined) throw new Error(fault);
  return { ...figures, cpu };
}

/** A page: it asks every two seconds, and reads the events. */
function openPage(target) {
  const closed = new AbortController();
  void readEvents(target, closed.signal);
  const stop = every(PAGE_EVERY_MS, async () => {
    for (const path of PAGE_PATHS) await get(target, path);
  });
  return () => {
    closed.abort();
    stop();
  };
}

async function readEvents({ url, api, token }, signal) {
  try {
    const answer = await fetch(`${url}${api}/v1/events`, {
      signal,
      headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    });
    if (answer.status !== 200) throw new Error(`/v1/events was answered with ${answer.status}`);
    for await (const _ of answer.body);
  } catch (error) {
    if (!signal.aborted) console.error(error.message);
  }
}

async function get({ url, api, token }, path) {
  const answer = await fetch(url + api + path, { headers: { authorization: `Bearer ${token}` } });
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
  console.log(`Medians of ${options.rounds} round(s), ${AT_ONCE} calls at once.`);
  console.log(''.padEnd(14) + row('calls/s', '÷ unwatched', 'CPU µs a call', '÷ unwatched'));
  for (const { name, base } of cases) {
    const rounds = of(name);
    const against = (figure) =>
      median(rounds.map((each, i) => each[figure] / of(base)[i][figure])).toFixed(3);
    const rate = median(rounds.map(({ rps }) => rps)).toFixed(0);
    const cpu = median(rounds.map((each) => each.cpu)).toFixed(0);
    console.log(name.padEnd(14) + row(rate, against('rps'), cpu, against('cpu')));
  }
}

/** As the command makes one. */
function newOperator() {
  const text = execFileSync(
    process.execPath,
    [join(import.meta.dirname, '../dist/broker/cli/main.js'), 'operators', 'token'],
    { encoding: 'utf8' },
  );
  return { token: /vault_operator_\w+/.exec(text)[0], hash: /\b[0-9a-f]{64}\b/.exec(text)[0] };
}

function row(...cells) {
  return cells.map((text) => text.padStart(15)).join('');
}

await runBenchmark(main, { help: options.help, text: HELP });
