import { Pool } from 'undici';
import { atRate, percentile } from './charges.mjs';

const BODY = 'amount=100&currency=usd';
const ANSWER_LIMIT_MS = 10_000;

/** Charges through a proxy: so many at once, or at a fixed rate. */
async function measure({ url, path, headers, atOnce, requests, limitMs, rate, seconds }) {
  const pool = new Pool(url, {
    connections: atOnce ?? 256,
    headersTimeout: ANSWER_LIMIT_MS,
    bodyTimeout: ANSWER_LIMIT_MS,
  });
  try {
    const one = () => charge(pool, path, headers);
    const begun = performance.now();
    if (rate !== undefined) {
      const times = await atRate(one, rate, rate * seconds);
      return {
        answered: times.length,
        figures: { p50: percentile(times, 0.5), p99: percentile(times, 0.99) },
      };
    }
    let left = requests;
    let answered = 0;
    const caller = async () => {
      while (left-- > 0 && performance.now() - begun < limitMs) {
        await one();
        answered++;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, caller));
    return { answered, figures: { rps: (answered * 1_000) / (performance.now() - begun) } };
  } finally {
    await pool.destroy();
  }
}

async function charge(pool, path, headers) {
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: BODY,
  });
  const text = await body.text();
  if (statusCode !== 200 || !text.includes('"id":"pi_')) {
    throw new Error(`a charge was answered with ${statusCode}: ${text.slice(0, 500)}`);
  }
}

process.on('message', (measurement) => {
  measure(measurement).then(
    (result) => process.send(result),
    (error) => process.send({ error: error.message }),
  );
});
console.log('ready');
