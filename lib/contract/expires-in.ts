const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000 } as const;
/** No key lives longer, in milliseconds. */
export const LONGEST_LIFE_MS = 24 * UNIT_MS.h;

/** How long a key lives by default. */
export const DEFAULT_EXPIRES_IN = '5m';

/** The rule, for messages. */
export const EXPIRES_IN_RULE =
  'must be digits without a leading zero and one of s, m, h, from 1s to 24h, such as "5m"';

/** `expires_in` in milliseconds; `undefined` where the value breaks {@link EXPIRES_IN_RULE}. */
export function parseExpiresIn(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const match = /^([1-9]\d{0,8})([smh])$/.exec(value);
  if (match === null) return undefined;
  const ms = Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
  return ms <= LONGEST_LIFE_MS ? ms : undefined;
}
