import { useMemo } from 'preact/hooks';
import { readAudit } from '../api/calls';
import { useQuery } from '../api/use-query';
import type { KeyView } from '../api/views';
import { sumUsd } from '../format/money';
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
  const read = useMemo(() => readOnce(id, day), [question]);
  const { data } = useQuery(isOlder ? `today ${question}` : undefined, read);
  return <Usd usd={isOlder ? data : spent} />;
}

function readOnce(id: string, day: string): (signal: AbortSignal) => Promise<number | null> {
  let sum: number | null | undefined;
  return async (signal) => (sum ??= await spentOn(id, day, signal));
}

/** What the audit log has of a key and a day comes to; `null` where that is too much to read. */
async function spentOn(id: string, day: string, signal: AbortSignal): Promise<number | null> {
  let sum = 0;
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await readAudit({ key_id: id, limit: 1_000, cursor }, signal);
    sum = sumUsd([sum, spentOf(answer.entries, day)]);
    cursor = answer.cursor;
    if (cursor === undefined) return sum;
  }
  return null;
}
