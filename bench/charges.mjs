const BODY = JSON.stringify({ amount: 1250 });

/** An answer that is not the charge makes the whole run void: a refusal is faster than a call. */
export async function charge(pool) {
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: '/charge',
    headers: { 'content-type': 'application/json' },
    body: BODY,
  });
  const text = await body.text();
  if (statusCode !== 201 || !text.startsWith('{"id":"pi_')) {
    throw new Error(`a charge was answered with ${statusCode}: ${text.slice(0, 500)}`);
  }
}

export function percentile(sorted, share) {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/**
 * Sends at a fixed rate, whether or not those before are answered: one that has to wait for its turn
 * counts from the moment at which it was due.
 *
 * @returns How long each took, in milliseconds, the shortest first.
 */
export function atRate(send, rate, requests) {
  return new Promise((resolve, reject) => {
    const times = [];
    const begun = performance.now();
    let sent = 0;
    const one = async (due) => {
      await send();
      times.push(performance.now() - due);
      if (times.length === requests) resolve(times.sort((a, b) => a - b));
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
