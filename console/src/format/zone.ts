import { signal } from '@preact/signals';
import type { Zone } from './time';

/** In whose time the page tells instants. */
export const zone = signal<Zone>('local');
/** The time now, so that distances in time go on. */
export const now = signal(Date.now());

export function keepTime(): void {
  setInterval(() => (now.value = Date.now()), 1_000);
}
