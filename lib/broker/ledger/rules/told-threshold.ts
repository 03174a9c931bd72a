/** The highest threshold of a budget that was told in one of its periods, by the name of the balance. */
export interface ToldThreshold {
  percent: number;
  /** When the period ends, in epoch milliseconds. */
  until: number;
}

/** Whether nothing can be told of that period any more. */
export function isOldThreshold({ until }: ToldThreshold, now: number): boolean {
  return until < now;
}
