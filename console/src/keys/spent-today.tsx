import { useMemo } from 'preact/hooks';
import { readAudit } from '../api/calls';
import { useQuery } from '../api/use-query';
import type { AuditEntryView, KeyView } from '../api/views';
import { dayOf } from '../format/time';
import { now } from '../format/zone';
import { Usd } from '../parts/money';
import { spentOf } from './spent-of';

const MOST_PAGES = 10;

/** What a key has spent on this UTC day: all that it has spent, unless it is older than the day. */
export function SpentToday({ spender }: { spender: KeyView }) {
  const { id, spent_usd: spent, created_at: created } = spender;
  const day = dayOf(now.value);
  const isOlder = created.slice(0, 10) < day && spent !== 0;
  // The log is looked through again only where something was spent since.
  const question = `${id} ${day} ${spent}`;
  const read = useMemo(() => readOnce(spender, day), [question]);
  const { data } = useQuery(isOlder ? `today ${question}` : undefined, read);
  return <Usd usd={isOlder ? data : spent} />;
}

function readOnce(spender: KeyView, day: string): (signal: AbortSignal) => Promise<number | null> {
  let sum: number | null | undefined;
  return async (signal) => (sum ??= await spentOn(spender, day, signal));
}

/** `null` where there is too much to read, or the log does not tell. */
async function spentOn(
  { id, spent_usd: spent }: KeyView,
  day: string,
  signal: AbortSignal,
): Promise<number | null> {
  const rows: AuditEntryView[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await readAudit({ key_id: id, limit: 1_000, cursor }, signal);
    rows.push(...answer.entries);
    cursor = answer.cursor;
    if (cursor === undefined) return spentOf(rows, day, spent);
  }
  return null;
}
