import { signal } from '@preact/signals';
import { readApprovals, readHolds } from '../api/calls';
import { useQuery } from '../api/use-query';

/** How much waits for somebody, as it was last read: beside the views' names. */
export const waiting = signal<{ approvals: number; holds: number }>({ approvals: 0, holds: 0 });

export function nowWaiting(what: 'approvals' | 'holds', count: number): void {
  if (waiting.peek()[what] !== count) waiting.value = { ...waiting.peek(), [what]: count };
}

/** Keeps the counts while a view is shown that does not read what waits. */
export function useWaiting(isRead: boolean): void {
  useQuery(isRead ? undefined : 'waiting', async (signal) => {
    const [{ approvals }, { holds }] = await Promise.all([
      readApprovals({ state: 'pending', limit: 100 }, signal),
      readHolds({ state: 'unknown', limit: 100 }, signal),
    ]);
    nowWaiting('approvals', approvals.length);
    nowWaiting('holds', holds.length);
  });
}
