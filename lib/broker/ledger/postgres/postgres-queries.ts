import type { AppBudgets, BudgetSubject } from '../../budgets/budget';
import type { Brake } from '../../brakes/brake';
import { LONGEST_LIFE_MS } from '../../../contract/expires-in';
import type { KeyWithBalance } from '../../keys/key';
import type { Book } from '../book';
import type { NoteKind, NoteOf, NoteRange } from '../notes';
import type { Hold, HoldFilter, Page, PageRequest } from '../records';
import type { BudgetedKey, KeyListRequest, LivePosition, LiveSlice, Queries } from '../store';
import { HOLDS } from '../tables/hold-rows';
import { NOTES } from '../tables/note-rows';
import { liveKeyOf, subjectOf } from '../tables/key-rows';
import type { FoundRow } from '../tables/table-form';
import type { PgLink } from './pg-link';
import { SqlConditions } from './sql-conditions';

/** How many keys a list looks at in one statement. */
const SLICE_ROWS = 500;
/** How many keys one page looks at: what is left is the next one's. */
const MAX_ROWS = 10_000;

const LEASES = 'LEFT JOIN vault_key.leases l ON l.id = k.lease_id';

/** Runs a look at the store's rows. */
export type Look = <T>(work: (book: Book) => T) => Promise<T>;

/** The queries of a store in PostgreSQL. */
export class PostgresQueries implements Queries {
  constructor(
    private readonly link: Pick<PgLink, 'query'>,
    private readonly look: Look,
  ) {}

  async keys({ filter, page, now, show }: KeyListRequest): Promise<Page<KeyWithBalance>> {
    const { status, ...equal } = filter;
    const entries: { position: number; entry: KeyWithBalance }[] = [];
    let position = page.cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(page.cursor);
    for (let looked = 0; looked < MAX_ROWS; looked += SLICE_ROWS) {
      const where = new SqlConditions();
      for (const [column, value] of Object.entries(equal)) where.equals(`k.${column}`, value);
      if (status === 'revoked') where.add('k.revoked_at IS NOT NULL');
      if (status === 'active' || status === 'braked') addLive(where, now);
      where.add('k.position < ?', position);
      const rows = await this.link.query(
        `SELECT k.id, k.position FROM vault_key.keys k ${LEASES} ${where.sql}
         ORDER BY k.position DESC LIMIT ${SLICE_ROWS}`,
        where.values,
      );
      const shown = await this.look((book) => rows.map(({ id }) => show(book, id as string)));
      for (const [i, entry] of shown.entries()) {
        if (entry === undefined) continue;
        if (entries.length === page.limit) return pageOf(entries, entries.at(-1)?.position);
        entries.push({ position: Number(rows[i]?.['position']), entry });
      }
      if (rows.length < SLICE_ROWS) return pageOf(entries);
      position = Number(rows.at(-1)?.['position']);
    }
    return pageOf(entries, position);
  }

  async liveKeys(
    _among: Brake | undefined,
    from: LivePosition | undefined,
    now: number,
    limit: number,
  ): Promise<LiveSlice<LivePosition>> {
    const { position = Number.MAX_SAFE_INTEGER } = from ?? {};
    const { keys, next } = await this.#live(new SqlConditions(), position, now, limit);
    return { keys, ...(next === undefined ? {} : { next: { position: next } }) };
  }

  async liveKeysOf(
    scope: 'tenant' | 'user' | 'run' | 'tool',
    id: string,
    from: number | undefined,
    now: number,
    limit: number,
  ): Promise<LiveSlice<number>> {
    const where = new SqlConditions();
    where.add(`k.${columnOf(scope)} = ?`, id);
    return this.#live(where, from ?? Number.MAX_SAFE_INTEGER, now, limit);
  }

  async newestBudgets(subject: BudgetSubject): Promise<AppBudgets | undefined> {
    if (subject.scope === 'vendor') return undefined;
    const where = keysOf(subject);
    const [row] = await this.link.query(
      `SELECT k.budgets FROM vault_key.keys k ${where.sql} ORDER BY k.position DESC LIMIT 1`,
      where.values,
    );
    return row === undefined ? undefined : (JSON.parse(row['budgets'] as string) as AppBudgets);
  }

  async hasNewerBudget(
    subject: BudgetSubject,
    position: number,
    liveAfter: number,
  ): Promise<boolean> {
    if (subject.scope === 'vendor') return false;
    const where = keysOf(subject);
    where.add('k.position >= ?', position);
    where.add('(k.budgets::jsonb) ?? ?', subject.scope);
    addLiveAfter(where, liveAfter);
    const found = await this.link.query(
      `SELECT 1 FROM vault_key.keys k ${LEASES} ${where.sql} LIMIT 1`,
      where.values,
    );
    return found.length > 0;
  }

  async keysWithBudgets(position: number = Number.MAX_SAFE_INTEGER, liveAfter: number) {
    const where = new SqlConditions();
    where.add('k.position < ?', position);
    where.add("k.budgets <> '{}'");
    where.add('k.created_at > ?', liveAfter - LONGEST_LIFE_MS);
    addLiveAfter(where, liveAfter);
    const rows = await this.link.query(
      `SELECT k.position, k.vendor, k.tenant_id, k.user_id, k.run_id, k.tool, k.budgets
       FROM vault_key.keys k ${LEASES} ${where.sql} ORDER BY k.position DESC LIMIT ${SLICE_ROWS}`,
      where.values,
    );
    const keys = rows.map((row): BudgetedKey => ({
      position: Number(row['position']),
      vendor: row['vendor'] as string,
      subject: subjectOf(row as FoundRow),
      budgets: JSON.parse(row['budgets'] as string) as AppBudgets,
    }));
    const next = rows.length < SLICE_ROWS ? undefined : keys.at(-1)?.position;
    return { keys, steps: SLICE_ROWS, ...(next === undefined ? {} : { next }) };
  }

  async subjectsOf(
    scope: 'user' | 'run',
    id: string,
    limit: number,
  ): Promise<readonly BudgetSubject[]> {
    const user = scope === 'run' ? "coalesce(k.user_id, '')" : "''";
    const rows = await this.link.query(
      `SELECT DISTINCT coalesce(k.tenant_id, '') AS tenant, ${user} AS user_id FROM vault_key.keys k
       WHERE k.${columnOf(scope)} = $1 ORDER BY 1, 2 LIMIT $2::int`,
      [id, limit],
    );
    return rows.map((row) => ({
      scope,
      tenant: row['tenant'] as string,
      user: row['user_id'] as string,
      id,
    }));
  }

  async holds(
    { state, vendor, key_id: keyId }: HoldFilter,
    { limit, cursor }: PageRequest,
    stranded: readonly string[],
  ): Promise<Page<Hold>> {
    const where = new SqlConditions();
    if (state === 'unknown') {
      where.add("(h.state = 'unknown' OR h.call_id = ANY (?::text[]))", stranded);
    } else where.equals('h.state', state);
    where.equals('h.vendor', vendor);
    where.equals('h.key_id', keyId);
    if (cursor !== undefined) where.add('h.position < ?', Number(cursor));
    const found = await this.link.query(
      `SELECT to_jsonb(h) AS hold FROM vault_key.holds h ${where.sql}
       ORDER BY h.position DESC LIMIT ${limit + 1}`,
      where.values,
    );
    const shown = found.slice(0, limit).map(({ hold }) => HOLDS.rowOf(hold as FoundRow));
    const next = found.length > limit ? shown.at(-1)?.position : undefined;
    return { entries: shown, ...(next === undefined ? {} : { next: String(next) }) };
  }

  async notes<Kind extends NoteKind>(
    kind: Kind,
    { from, to, limit, newestFirst = false }: NoteRange,
  ): Promise<readonly NoteOf<Kind>[]> {
    const where = new SqlConditions();
    where.add('n.kind = ?', kind);
    if (from !== undefined) where.add('n.name >= ?', from);
    if (to !== undefined) where.add('n.name < ?', to);
    const found = await this.link.query(
      `SELECT to_jsonb(n) AS note FROM vault_key.notes n ${where.sql}
       ORDER BY n.name ${newestFirst ? 'DESC' : 'ASC'} LIMIT ${limit}`,
      where.values,
    );
    return found.map(({ note }) => NOTES.rowOf(note as FoundRow) as NoteOf<Kind>);
  }

  async #live(
    where: SqlConditions,
    position: number,
    now: number,
    limit: number,
  ): Promise<LiveSlice<number>> {
    addLive(where, now);
    where.add('k.position < ?', position);
    const rows = await this.link.query(
      `SELECT k.position, k.id, k.vendor, k.tenant_id, k.user_id, k.run_id, k.tool
       FROM vault_key.keys k ${LEASES} ${where.sql} ORDER BY k.position DESC LIMIT ${limit}`,
      where.values,
    );
    const next = rows.length < limit ? undefined : Number(rows.at(-1)?.['position']);
    return {
      keys: rows.map((row) => liveKeyOf(row as FoundRow)),
      ...(next === undefined ? {} : { next }),
    };
  }
}

function pageOf(
  entries: readonly { entry: KeyWithBalance }[],
  next?: number,
): Page<KeyWithBalance> {
  return {
    entries: entries.map(({ entry }) => entry),
    ...(next === undefined ? {} : { next: String(next) }),
  };
}

function addLive(where: SqlConditions, now: number): void {
  where.add('k.revoked_at IS NULL');
  where.add('k.expires_at > ?', now);
  where.add('(k.lease_id IS NULL OR l.expires_at > ?)', now);
}

/** That a key was live at a later instant. */
function addLiveAfter(where: SqlConditions, instant: number): void {
  where.add('k.expires_at > ?', instant);
  where.add('(k.revoked_at IS NULL OR k.revoked_at > ?)', instant);
  where.add('(k.lease_id IS NULL OR coalesce(l.expires_at, 0) > ?)', instant);
}

function columnOf(scope: 'tenant' | 'user' | 'run' | 'tool'): string {
  return scope === 'tool' ? scope : `${scope}_id`;
}

function keysOf({ scope, tenant, user, id }: BudgetSubject): SqlConditions {
  const where = new SqlConditions();
  if (scope === 'vendor') return where;
  addValue(where, columnOf(scope), id);
  if (scope === 'user' || scope === 'run') addValue(where, 'tenant_id', tenant);
  if (scope === 'run') addValue(where, 'user_id', user);
  return where;
}

/** What is empty in a subject is no value in the table. */
function addValue(where: SqlConditions, column: string, value: string): void {
  if (value === '') where.add(`k.${column} IS NULL`);
  else where.add(`k.${column} = ?`, value);
}
