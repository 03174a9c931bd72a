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
