/** When what has failed is tried again. */
export interface RetryTimes {
  /** After the first failure; each further one waits twice as long. */
  firstMs: number;
  mostMs: number;
  /** How long an event is tried. */
  giveUpMs: number;
}

export const RETRY_TIMES: RetryTimes = {
  firstMs: 1_000,
  mostMs: 900_000,
  giveUpMs: 3 * 86_400_000,
};

/** How long to wait after a number of failures: never the same twice, so that many do not come back together. */
export function retryDelay(
  failures: number,
  { firstMs, mostMs }: RetryTimes,
  random: () => number = Math.random,
): number {
  const whole = Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return whole * (0.75 + random() / 2);
}
