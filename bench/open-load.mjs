import { Pool } from 'undici';
import { charge, percentile } from './charges.mjs';

const CONNECTIONS = 256;
/** So many at once before the measurement. */
const WARM_UP_CALLERS = 64;
const ANSWER_LIMIT_MS = 10_000;

/**
 * Sends requests at a fixed rate, whether or not those before are answered: one that has to wait for
 * its turn counts from the moment at which it was due.
 */
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
    const times = await sendAt(pool, rate, rate * seconds);
    times.sort((a, b) => a - b);
    return {
      answered: warmUp + times.length,
      figures: { p50: percentile(times, 0.5), p99: percentile(times, 0.99) },
    };
  } finally {
    await pool.destroy();
  }
}

function sendAt(pool, rate, requests) {
  return new Promise((resolve, reject) => {
    const times = [];
    const begun = performance.now();
    let sent = 0;
    const one = async (due) => {
      await charge(pool);
      times.push(performance.now() - due);
      if (times.length === requests) resolve(times);
    };
    const timer = setInterval(() => {
      for (;;) {
        const due = begun + (sent * 1_000) / rate;
        if (sent === requests) return clearInterval(timer);
        if (due > performance.now()) return;
        sent += 1;
        one(due).catch(reject);
      }
    }, 1);
  });
}

process.on('message', (measurement) => {
  measure(measurement).then(
    (result) => process.send(result),
    (error) => process.send({ error: error.message }),
  );
});
console.log('ready');
