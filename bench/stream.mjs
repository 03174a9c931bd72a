import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { request } from 'undici';
import { startAlternatives } from './gateways.mjs';
import { runBenchmark, start, stopAll } from './processes.mjs';
import { median } from './report.mjs';
import { STRIPE_SECRET_KEY, startKeyedBroker } from './servers.mjs';

const HELP = `Usage: npm run bench:stream -- [options]

An answer of 256 MB through the standalone broker, beside what only forwards: megabytes a second, and
how much memory the broker takes for it.

  --rounds N      how often everything is measured; 5 by default
  --data FOLDER   where the files go; the system's temporary folder by default
  --help          this text
`;

const MEGABYTE = 1_000_000;
const BYTES = 256 * MEGABYTE;
const PATH = '/v1/files/file_1/contents';
const SAMPLE_MS = 20;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    data: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', default: false },
  },
});

async function main() {
  const folder = await mkdtemp(join(options.data, 'vault-key-stream-'));
  try {
    const { url } = await start('file-vendor.mjs', { env: { BYTES: String(BYTES) } });
    const account = { STRIPE_SECRET_KEY, STRIPE_BASE_URL: url };
    const broker = await startKeyedBroker(account, folder, PATH);
    const proxies = [broker, ...(await startAlternatives(url, folder, undefined))];
    for (const proxy of proxies) await measure(proxy);
    const rounds = [];
    for (let round = 0; round < Number(options.rounds); round++) {
      console.error(`round ${round + 1} of ${options.rounds}`);
      for (const proxy of proxies) rounds.push({ name: proxy.name, ...(await measure(proxy)) });
    }
    print(proxies, rounds);
  } finally {
    await stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure({ url, prefix = '', headers, processes }) {
  const [{ pid }] = processes;
  const before = memoryOf(pid);
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, memoryOf(pid))), SAMPLE_MS);
  const begun = performance.now();
  try {
    const { statusCode, body } = await request(url + prefix + PATH, { headers });
    let received = 0;
    for await (const chunk of body) received += chunk.length;
    if (statusCode !== 200 || received !== BYTES) {
      throw new Error(`${url} answered ${statusCode} with ${received} bytes`);
    }
  } finally {
    clearInterval(timer);
  }
  const seconds = (performance.now() - begun) / 1_000;
  return { speed: BYTES / MEGABYTE / seconds, growth: most - before };
}

/** Megabytes that a process has in memory. */
function memoryOf(pid) {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1_000;
}

function print(proxies, rounds) {
  const of = (name) => rounds.filter((each) => each.name === name);
  const own = of(proxies[0].name);
  console.log(`${BYTES / MEGABYTE} MB, medians of ${options.rounds} round(s).`);
  for (const { name } of proxies) {
    const figures = of(name);
    const ratio = median(figures.map(({ speed }, i) => own[i].speed / speed));
    const speed = median(figures.map((each) => each.speed));
    const growth = median(figures.map((each) => each.growth));
    console.log(
      `${name.padEnd(20)} ${speed.toFixed(0)} MB/s, broker ÷ it ${ratio.toFixed(2)}, ${growth.toFixed(1)} MB more in memory`,
    );
  }
}

await runBenchmark(main, { help: options.help, text: HELP });
