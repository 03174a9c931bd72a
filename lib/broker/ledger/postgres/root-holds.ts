import type { ObjectName } from '../book';
import type { PlacedHold } from '../tables/hold-rows';

/** The holds of an object among some. */
export function holdsOf(
  { vendor, account, id }: ObjectName,
  holds: Iterable<PlacedHold>,
): PlacedHold[] {
  return [...holds].filter(
    (hold) => hold.objectId === id && hold.vendor === vendor && hold.account === account,
  );
}

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
