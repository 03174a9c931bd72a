import type { PlacedHold } from '../tables/hold-rows';

/** Whether another call on an object is open, or has begun after the one with this id. */
export function hasOthers(holds: readonly PlacedHold[], callId: string): boolean {
  const own = holds.find((hold) => hold.callId === callId)?.position ?? Infinity;
  return holds.some(
    (hold) =>
      hold.callId !== callId &&
      (hold.state === 'held' || hold.state === 'unknown' || hold.position > own),
  );
}

/** The settled holds of an object, the newest first. */
export function settledOf(holds: readonly PlacedHold[]): PlacedHold[] {
  return holds
    .filter(({ state }) => state === 'settled')
    .sort((one, other) => other.position - one.position);
}
