import { Pool } from 'undici';
import { atRate, charge, percentile } from './charges.mjs';

const CONNECTIONS = 256;
/** So many at once before the measurement. */
const WARM_UP_CALLERS = 64;
const ANSWER_LIMIT_MS = 10_000;

/** Sends requests at a fixed rate, once the server is warm. */
async function measure({ url, warmUp, rate, seconds }) {
  const pool = new Pool(url, {
    connections: CONNECTIONS,
    headersTimeout: ANSWER_LIMIT_MS,
    bodyTimeout: ANSWER_LIMIT_MS,
  });
  try {
    let left = warmUp;
    const warm = async () => {
      while (left-- > 0) await charge(pool);
    };
    await Promise.all(Array.from({ length: WARM_UP_CALLERS }, warm));
    if (rate === undefined) return { answered: warmUp };
    const times = await atRate(() => charge(pool), rate, rate * seconds);
    return {
      answered: warmUp + times.length,
      figures: { p50: percentile(times, 0.5), p99: percentile(times, 0.99) },
    };
  } finally {
    await pool.destroy();
  }
}

process.on('message', (measurement) => {
  measure(measurement).then(
    (result) => process.send(result),
    (error) => process.send({ error: error.message }),
  );
});
console.log('ready');
