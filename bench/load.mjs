import { Pool } from 'undici';
import { charge, percentile } from './charges.mjs';

const ANSWER_LIMIT_MS = 10_000;

/** Sends up to `requests` requests for up to `limitMs`, `atOnce` of them under way at any time. */
async function measure({ url, atOnce, warmUp, requests, limitMs }) {
  const pool = new Pool(url, {
    connections: atOnce,
    headersTimeout: ANSWER_LIMIT_MS,
    bodyTimeout: ANSWER_LIMIT_MS,
  });
  try {
    const before = await send(pool, atOnce, warmUp, limitMs);
    const { answered, ...figures } = await send(pool, atOnce, requests, limitMs);
    return { answered: before.answered + answered, figures };
  } finally {
    await pool.destroy();
  }
}

async function send(pool, atOnce, requests, limitMs) {
  const times = [];
  const begun = performance.now();
  let left = requests;
  const worker = async () => {
    while (left-- > 0 && performance.now() - begun < limitMs) {
      const start = performance.now();
      await charge(pool);
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const seconds = (performance.now() - begun) / 1_000;
  times.sort((a, b) => a - b);
  return {
    answered: times.length,
    rps: times.length / seconds,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
  };
}

process.on('message', (measurement) => {
  measure(measurement).then(
    (result) => process.send(result),
    (error) => process.send({ error: error.message }),
  );
});
console.log('ready');
