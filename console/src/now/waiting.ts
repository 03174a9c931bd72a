import { signal } from '@preact/signals';

/** How much waits for somebody, as it was last read: beside the views' names. */
export const waiting = signal<{ approvals: number; holds: number }>({ approvals: 0, holds: 0 });

export function nowWaiting(what: 'approvals' | 'holds', count: number): void {
  if (waiting.peek()[what] !== count) waiting.value = { ...waiting.peek(), [what]: count };
}
