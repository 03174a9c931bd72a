/** `local` is the time zone of the reader. */
export type Zone = 'local' | 'UTC';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

function formatter(zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', {
    ...options,
    ...(zone === 'UTC' ? { timeZone: 'UTC' } : {}),
  });
}

/** `14:03:22`; with the day where that is not today's: `27 Nov 14:03`. */
export function instantText(iso: string, zone: Zone, now: number): string {
  const at = new Date(iso);
  const day = formatter(zone, { day: 'numeric', month: 'short' });
  if (day.format(at) === day.format(now) && Math.abs(now - at.getTime()) < DAY_MS) {
    return formatter(zone, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(at);
  }
  return `${day.format(at)} ${formatter(zone, { hour: '2-digit', minute: '2-digit' }).format(at)}`;
}

/** An instant in full: `28 Nov 2026, 14:03:22 UTC`. */
export function fullText(iso: string, zone: Zone): string {
  return `${clockText(iso, zone)} ${zone === 'UTC' ? 'UTC' : zoneName()}`;
}

/** `28 Nov 2026, 14:03:22` */
export function clockText(iso: string, zone: Zone): string {
  return formatter(zone, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).format(new Date(iso));
}

/** The same instant in UTC, beside the reader's time: `13:03:22 UTC`, with its day where that is another. */
export function otherClock(iso: string): string {
  const [day = '', clock = ''] = clockText(iso, 'UTC').split(', ');
  return `${clockText(iso, 'local').startsWith(`${day},`) ? clock : `${day}, ${clock}`} UTC`;
}

/** `14:00`, the full hour that an instant lies in. */
export function hourText(at: number, zone: Zone): string {
  return formatter(zone, { hour: '2-digit', minute: '2-digit' }).format(at);
}

/** How far away an instant is: `in 4 min`, `3 h ago`. */
export function distanceText(iso: string, now: number): string {
  const ms = new Date(iso).getTime() - now;
  const size = Math.abs(ms);
  const text =
    size < 60_000
      ? `${Math.round(size / 1_000)} s`
      : size < HOUR_MS
        ? `${Math.round(size / 60_000)} min`
        : size < 2 * DAY_MS
          ? `${Math.round(size / HOUR_MS)} h`
          : `${Math.round(size / DAY_MS)} days`;
  return ms >= 0 ? `in ${text}` : `${text} ago`;
}

/** The name of the reader's time zone: `Europe/Berlin`. */
export function zoneName(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** A UTC day, `YYYY-MM-DD`. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** `Sat 28 Nov`, of a UTC day. */
export function dayText(day: string): string {
  return formatter('UTC', { weekday: 'short', day: 'numeric', month: 'short' }).format(
    new Date(`${day}T00:00:00Z`),
  );
}

/** Another UTC day, so many days later. */
export function daysLater(day: string, days: number): string {
  return dayOf(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS);
}

/** How many UTC days there are from one to another, both counted. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;
}

/** The full hours of a UTC day, as instants. */
export function hoursOf(day: string): number[] {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  return Array.from({ length: 24 }, (_, hour) => midnight + hour * HOUR_MS);
}
