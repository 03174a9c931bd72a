/** The calls that one limit has let pass in the last minute. */
export interface CallWindow {
  /** How many in each second (since the epoch) that had some, the oldest first. */
  counts: readonly SecondCount[];
}

export type SecondCount = readonly [second: number, calls: number];

const WINDOW_SECONDS = 60;

/**
 * How many calls were let pass within the 60 seconds before an instant. A second counts as a whole, so
 * that no 60 seconds have more calls than are counted here; what passed up to a second earlier may
 * count too.
 */
export function callsIn(window: CallWindow | undefined, now: number): number {
  return currentCounts(window, now).reduce((sum, [, calls]) => sum + calls, 0);
}

/** The window with one call more. */
export function withCall(window: CallWindow | undefined, now: number): CallWindow {
  const counts = currentCounts(window, now);
  const second = secondOf(now);
  const [last = 0, calls = 0] = counts.at(-1) ?? [];
  const isSame = last === second;
  return {
    counts: [...(isSame ? counts.slice(0, -1) : counts), [second, isSame ? calls + 1 : 1]],
  };
}

/**
 * In how many seconds a call passes again, if no other one does: 1 to 61.
 *
 * @param limit How many calls may pass within 60 seconds; the window has as many.
 */
export function secondsUntilRoom(
  window: CallWindow | undefined,
  limit: number,
  now: number,
): number {
  let toLeave = callsIn(window, now) - limit + 1;
  for (const [second, calls] of currentCounts(window, now)) {
    toLeave -= calls;
    if (toLeave > 0) continue;
    return Math.max(1, Math.ceil(second + WINDOW_SECONDS + 1 - now / 1_000));
  }
  return 1;
}

/** Whether none of its calls counts any more. */
export function isOver(window: CallWindow, now: number): boolean {
  return currentCounts(window, now).length === 0;
}

/** Whether it has calls of a later instant: the store's clock was set back. */
export function isAhead({ counts }: CallWindow, now: number): boolean {
  return counts.some(([second]) => second > secondOf(now));
}

/** The window as it is now: what seems to be of a later instant has passed before, and counts from now on. */
export function broughtBack(window: CallWindow, now: number): CallWindow {
  return { counts: currentCounts(window, now) };
}

function currentCounts(window: CallWindow | undefined, now: number): readonly SecondCount[] {
  if (window === undefined) return [];
  const current = secondOf(now);
  const counts = window.counts.filter(([second]) => second >= current - WINDOW_SECONDS);
  const ahead = counts.filter(([second]) => second > current);
  if (ahead.length === 0) return counts;
  const calls = counts
    .filter(([second]) => second >= current)
    .reduce((sum, [, each]) => sum + each, 0);
  return [...counts.filter(([second]) => second < current), [current, calls]];
}

function secondOf(now: number): number {
  return Math.floor(now / 1_000);
}
