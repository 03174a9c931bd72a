import { clockText, distanceText, fullText, instantText, otherClock } from '../format/time';
import { now, zone } from '../format/zone';

/** An instant, in the reader's time or in UTC; both are its title. */
export function Instant({ at }: { at: string }) {
  return (
    <time dateTime={at} title={`${fullText(at, 'local')}\n${fullText(at, 'UTC')}`}>
      {instantText(at, zone.value, now.value)}
    </time>
  );
}

/** How far away an instant is; when it is, is its title. */
export function Distance({ at }: { at: string }) {
  return (
    <time dateTime={at} title={`${fullText(at, 'local')}\n${fullText(at, 'UTC')}`}>
      {distanceText(at, now.value)}
    </time>
  );
}

/** An instant in full, in both times. */
export function BothTimes({ at }: { at: string }) {
  return (
    <time dateTime={at}>
      {clockText(at, 'local')} <span class="muted">({otherClock(at)})</span>
    </time>
  );
}
