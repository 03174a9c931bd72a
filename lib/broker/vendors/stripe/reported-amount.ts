/** In minor units; far above any payment, and still exact in micro-dollars. */
const MAX_REPORTED = 99_999_999_999;

/** An amount that an answer reports; `undefined` where it is no amount. */
export function reportedAmount(value: unknown): number | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  return value >= 0 && value <= MAX_REPORTED ? value : undefined;
}

/** A field of an outcome, where there is something to say in it. */
export function optional<K extends string>(
  name: K,
  value: number | undefined,
): { [P in K]?: number } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]?: number });
}
