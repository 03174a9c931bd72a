/** A sum for a message: `$500`, `$12.50`, `-$3`; no trailing zeros beyond cents. */
export function usdText(usd: number): string {
  const sum = Math.abs(usd);
  const exact = Number(sum.toFixed(6));
  const text = Number.isInteger(exact)
    ? String(exact)
    : exact.toFixed(Math.max(2, (String(exact).split('.')[1] ?? '').length));
  return `${usd < 0 ? '-' : ''}$${text}`;
}
