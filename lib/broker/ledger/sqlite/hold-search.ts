import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Hold, HoldFilter, Page, PageRequest } from '../records';
import type { FoundRow } from '../tables/table-form';
import { Conditions } from './conditions';
import { HOLDS } from '../tables/hold-rows';
import type { SqliteConnection } from './sqlite-driver';

/** How many holds are looked at before other work has its turn. */
const SLICE_HOLDS = 2_000;
/** How many holds one request looks at: what is left is the next page's. */
const MAX_HOLDS = 10_000;

/** Searches in the table of holds. To be asked at a checkpoint. */
export class HoldSearch {
  constructor(private readonly connection: SqliteConnection) {}

  /**
   * Newest first. A page may have fewer holds than its limit, or none, where the way to the next is
   * long; those that are open are found at once.
   *
   * @param stranded The ids of holds that are `held` while no call is in flight on them: they are
   * listed with those that are `unknown`, since they can be ended like them.
   */
  async page(
    filter: HoldFilter,
    { limit, cursor }: PageRequest,
    stranded: readonly string[] = [],
  ): Promise<Page<Hold>> {
    const { state } = filter;
    const isOpen = state === 'held' || state === 'unknown';
    const where = conditionsOf(filter, stranded);
    const search = this.connection.prepare(
      `SELECT * FROM holds ${isOpen ? 'INDEXED BY holds_open' : ''}
       ${where.sql} ORDER BY position DESC LIMIT ?`,
    );
    const found: FoundRow[] = [];
    let end = Math.min(this.#lastPosition() + 1, Number(cursor ?? Infinity));
    const last = end - MAX_HOLDS;
    for (;;) {
      const begin = isOpen ? 0 : Math.max(0, end - SLICE_HOLDS);
      const rows = search.all(...where.values, begin, end, limit + 1 - found.length);
      found.push(...(rows as FoundRow[]));
      if (found.length > limit) {
        const shown = found.slice(0, limit);
        return { entries: shown.map(HOLDS.rowOf), next: String(shown.at(-1)?.['position']) };
      }
      end = begin;
      if (end === 0) return { entries: found.map(HOLDS.rowOf) };
      if (end <= last) return { entries: found.map(HOLDS.rowOf), next: String(end) };
      await nextTurn();
    }
  }

  #lastPosition(): number {
    const row = this.connection.prepare('SELECT MAX(position) AS last FROM holds').get();
    return (row as { last: number | null }).last ?? 0;
  }
}

function conditionsOf(filter: HoldFilter, stranded: readonly string[]): Conditions {
  const where = new Conditions();
  const { state } = filter;
  // By these words SQLite knows that the index of open holds has all that is looked for.
  if (state === 'held' || state === 'unknown') where.add("state IN ('held', 'unknown')");
  if (state === 'unknown' && stranded.length > 0) {
    where.add(
      "(state = 'unknown' OR call_id IN (SELECT value FROM json_each(?)))",
      JSON.stringify(stranded),
    );
  } else {
    where.equals('state', state);
  }
  where.equals('vendor', filter.vendor);
  where.equals('key_id', filter.key_id);
  where.add('position >= ? AND position < ?');
  return where;
}
