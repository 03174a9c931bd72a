import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Brake } from '../../brakes/brake';
import type { KeyWithBalance } from '../../keys/key';
import type { KeyFilter, Page, PageRequest } from '../records';
import type { LivePosition, LiveSlice } from '../store';
import type { FoundRow } from '../tables/table-form';
import { Conditions } from './conditions';
import { liveKeyOf } from '../tables/key-rows';
import type { SqliteConnection, SqliteStatement } from './sqlite-driver';

/** How many keys are stepped over, and how many are read, before other work has its turn. */
const SLICE_KEYS = 2_000;
const SLICE_ROWS = 250;
/** How many keys one request steps over: what is left is the next page's. */
const MAX_STEPS = 20_000;
/** Up to so many keys that are not revoked, it costs less to look at them all than to walk past others. */
const FEW_KEYS = 2_000;

const LEASES = 'LEFT JOIN leases ON leases.id = keys.lease_id';
const LIVE = `keys.revoked_at IS NULL AND keys.expires_at > ?
  AND (keys.lease_id IS NULL OR leases.expires_at > ?)`;
/** The filters that have an index, the one that finds fewest first. */
const INDEXED = ['run_id', 'user_id', 'tenant_id', 'tool'] as const;
type IndexedFilter = (typeof INDEXED)[number];

/** How far a walk over the live keys has come. */
interface Position {
  expiresAt: number;
  rowid: number;
}

/** What a list is asked for. */
export interface KeySearchRequest {
  filter: KeyFilter;
  page: PageRequest;
  now: number;
  brakes: readonly Brake[];
  /** How many keys are neither revoked nor expired. */
  unrevoked: number;
  /** The key as it is now, where the list shows it: the table may be behind. */
  show: (id: string) => KeyWithBalance | undefined;
}

/**
 * Searches in the table of keys: each in slices between which other work is done. To be asked once
 * all rows are written.
 */
export class KeySearch {
  readonly #liveAt: SqliteStatement;
  readonly #liveAfter: SqliteStatement;

  constructor(private readonly connection: SqliteConnection) {
    const columns = 'rowid, expires_at';
    const unrevoked = `SELECT ${columns} FROM keys INDEXED BY keys_unrevoked WHERE revoked_at IS NULL`;
    // Many keys may expire at one instant, so that an instant alone is no position.
    this.#liveAt = connection
      .prepare(`${unrevoked} AND expires_at = ? AND rowid > ? ORDER BY rowid LIMIT ?`)
      .raw();
    this.#liveAfter = connection
      .prepare(`${unrevoked} AND expires_at > ? ORDER BY expires_at, rowid LIMIT ?`)
      .raw();
  }

  /** Newest first. A page may have fewer keys than its limit, and none, where the walk to the next was long. */
  async page({
    filter,
    page: { limit, cursor },
    now,
    brakes,
    unrevoked,
    show,
  }: KeySearchRequest): Promise<Page<KeyWithBalance>> {
    if (findsNone(filter, brakes)) return { entries: [] };
    const indexed = INDEXED.find((name) => filter[name] !== undefined);
    const where = conditionsOf(filter, indexed, brakes, now);
    const alive = filter.status === 'active' || filter.status === 'braked';
    const few = alive && unrevoked <= FEW_KEYS;
    const entries: KeyWithBalance[] = [];
    let last = 0;
    let steps = 0;
    let position = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
    for (;;) {
      const end = few ? 0 : this.#sliceEnd(position, indexed, filter);
      const wanted = Math.min(SLICE_ROWS, limit + 1 - entries.length);
      const rows = this.#rows(where, few, position, end, wanted);
      for (const [id, rowid] of rows) {
        const entry = show(id);
        if (entry === undefined) continue;
        if (entries.length === limit) return { entries, next: String(last) };
        entries.push(entry);
        last = rowid;
      }
      steps += SLICE_KEYS;
      const full = rows.length === wanted;
      position = full ? (rows.at(-1)?.[1] ?? 0) : end;
      if (!full && end === 0) return { entries };
      if (steps >= MAX_STEPS && !few) return { entries, next: String(position) };
      await nextTurn();
    }
  }

  /** A slice of the live keys of a scope; not all that it finds need be meant. */
  live(
    where: Conditions,
    from: LivePosition | undefined,
    now: number,
    limit: number,
  ): LiveSlice<LivePosition> {
    const { expiresAt = now, rowid = Number.MAX_SAFE_INTEGER }: Partial<Position> = from ?? {};
    const found = this.#liveAt.all(expiresAt, rowid, limit) as [number, number][];
    if (found.length < limit) {
      const rest = this.#liveAfter.all(expiresAt, limit - found.length);
      found.push(...(rest as [number, number][]));
    }
    const last = found.at(-1);
    if (last === undefined) return { keys: [] };
    const some = new Conditions();
    some.add(`keys.rowid IN (${found.map(([rowid]) => rowid).join(', ')})`);
    some.add(LIVE, now, now);
    some.addAll(where);
    const rows = this.connection
      .prepare(
        `SELECT keys.id, vendor, tenant_id, user_id, run_id, tool FROM keys ${LEASES} ${some.sql}`,
      )
      .all(...some.values) as FoundRow[];
    return {
      keys: rows.map(liveKeyOf),
      ...(found.length < limit ? {} : { next: { rowid: last[0], expiresAt: last[1] } }),
    };
  }

  /** The first rowid of a slice that ends before `position`; 0 where the slice is the last. */
  #sliceEnd(position: number, indexed: IndexedFilter | undefined, filter: KeyFilter): number {
    const where = new Conditions();
    if (indexed !== undefined) where.equals(indexed, filter[indexed]);
    where.add('rowid < ?', position);
    const row = this.connection
      .prepare(
        `SELECT rowid AS position FROM keys ${where.sql} ORDER BY rowid DESC LIMIT 1 OFFSET ${SLICE_KEYS - 1}`,
      )
      .get(...where.values) as { position: number } | undefined;
    return row?.position ?? 0;
  }

  #rows(
    where: Conditions,
    few: boolean,
    position: number,
    end: number,
    limit: number,
  ): [id: string, rowid: number][] {
    const slice = new Conditions();
    slice.addAll(where);
    slice.add('keys.rowid < ? AND keys.rowid >= ?', position, end);
    const index = few ? 'INDEXED BY keys_unrevoked' : '';
    return this.connection
      .prepare(
        `SELECT keys.id, keys.rowid FROM keys ${index} ${LEASES} ${slice.sql} ORDER BY keys.rowid DESC LIMIT ?`,
      )
      .raw()
      .all(...slice.values, limit) as [string, number][];
  }
}

/** Whether the brakes alone say that no key has the status: SQLite finds no plan for such a search. */
function findsNone({ status }: KeyFilter, brakes: readonly Brake[]): boolean {
  if (status === 'braked') return brakes.length === 0;
  return (
    status === 'active' &&
    brakes.some(({ scope, tenant }) => scope === 'all' && tenant === undefined)
  );
}

/** What a list's keys have in common. Which of the live ones a brake stops only the brake can say. */
function conditionsOf(
  filter: KeyFilter,
  indexed: IndexedFilter | undefined,
  brakes: readonly Brake[],
  now: number,
): Conditions {
  const { status, ...equal } = filter;
  const where = new Conditions();
  for (const [column, value] of Object.entries(equal)) {
    // The slice was cut along one index, and another would have to step over more.
    where.equals(column === indexed ? `keys.${column}` : `+keys.${column}`, value);
  }
  if (status === 'revoked') where.add('keys.revoked_at IS NOT NULL');
  if (status === 'expired') {
    where.add(
      'keys.revoked_at IS NULL AND (keys.expires_at <= ? OR (keys.lease_id IS NOT NULL AND COALESCE(leases.expires_at, 0) <= ?))',
      now,
      now,
    );
  }
  if (status !== 'active' && status !== 'braked') return where;
  where.add(LIVE, now, now);
  if (status === 'braked') where.addAny(brakes.map(scopeOf));
  // A key below a braked one is for the brake itself to tell.
  else where.addNone(brakes.filter(({ scope }) => scope !== 'key').map(scopeOf));
  return where;
}

/** The keys among which are all that a brake stops. */
export function scopeOf({ scope, target, tenant }: Pick<Brake, 'scope' | 'target' | 'tenant'>) {
  const where = new Conditions();
  if (scope === 'key') where.add('(keys.id IS ? OR keys.parent_id IS NOT NULL)', target);
  else if (scope === 'tool' || scope === 'vendor') where.add(`keys.${scope} IS ?`, target);
  else if (scope !== 'all') where.add(`keys.${scope}_id IS ?`, target);
  if (tenant !== undefined) where.add('keys.tenant_id IS ?', tenant);
  return where;
}
