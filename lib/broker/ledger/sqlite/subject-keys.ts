import type { AppLayer, BudgetSubject } from '../../budgets/budget';
import type { BudgetScope } from '../../../contract/scopes';
import { LONGEST_LIFE_MS } from '../../../contract/expires-in';
import type { BudgetedKey, LiveSlice } from '../store';
import { Conditions } from './conditions';
import type { FoundRow } from '../tables/table-form';
import { appLayerOf, liveKeyOf, subjectOf } from '../tables/key-rows';
import type { SqliteConnection } from './sqlite-driver';

/** How many keys are stepped over to find some that carry budgets: about a millisecond. */
const SLICE_KEYS = 2_000;
const SLICE_ROWS = 250;

const LEASES = 'LEFT JOIN leases ON leases.id = keys.lease_id';
/** That a key was live at a later instant than the one that is bound, three times. */
const LIVE_AFTER = `keys.expires_at > ? AND (keys.revoked_at IS NULL OR keys.revoked_at > ?)
  AND (keys.lease_id IS NULL OR COALESCE(leases.expires_at, 0) > ?)`;

const INDEX: Readonly<Record<Exclude<BudgetScope, 'vendor'>, string>> = {
  tenant: 'keys_by_tenant',
  user: 'keys_of_user',
  run: 'keys_of_run',
  tool: 'keys_by_tool',
};

/** The keys of the subjects that budgets cap. To be asked once all rows are written. */
export class SubjectKeys {
  constructor(private readonly connection: SqliteConnection) {}

  /** What the newest key of a subject carries; `undefined` where the subject has no key. */
  newestBudgets(subject: BudgetSubject): AppLayer | undefined {
    if (subject.scope === 'vendor') return undefined;
    const where = keysOf(subject);
    const row = this.connection
      .prepare(
        `SELECT budgets, budgets_mode FROM keys INDEXED BY ${INDEX[subject.scope]} ${where.sql}
         ORDER BY rowid DESC LIMIT 1`,
      )
      .get(...where.values) as FoundRow | undefined;
    return row === undefined ? undefined : appLayerOf(row);
  }

  /** Whether a key at or above a position that was live after an instant carries a budget of a subject's. */
  hasNewerBudget(subject: BudgetSubject, position: number, liveAfter: number): boolean {
    if (subject.scope === 'vendor') return false;
    const where = keysOf(subject);
    where.add('keys.rowid >= ?', position);
    where.add('keys.budgets ->> ? IS NOT NULL', `$.${subject.scope}`);
    where.add(LIVE_AFTER, liveAfter, liveAfter, liveAfter);
    const found = this.connection
      .prepare(
        `SELECT 1 FROM keys INDEXED BY ${INDEX[subject.scope]} ${LEASES} ${where.sql} LIMIT 1`,
      )
      .get(...where.values);
    return found !== undefined;
  }

  /** A slice of the keys below a position that carry budgets and were live after an instant, newest first. */
  withBudgets(
    position: number = Number.MAX_SAFE_INTEGER,
    liveAfter: number,
  ): { keys: readonly BudgetedKey[]; steps: number; next?: number } {
    const end = this.connection
      .prepare(
        `SELECT rowid AS position, created_at AS issued FROM keys WHERE rowid < ?
         ORDER BY rowid DESC LIMIT 1 OFFSET ${SLICE_KEYS - 1}`,
      )
      .get(position) as { position: number; issued: number } | undefined;
    const rows = this.connection
      .prepare(
        `SELECT keys.rowid AS position, vendor, tenant_id, user_id, run_id, tool, budgets, budgets_mode
         FROM keys ${LEASES}
         WHERE keys.rowid < ? AND keys.rowid >= ? AND budgets <> '{}' AND ${LIVE_AFTER}
         ORDER BY keys.rowid DESC LIMIT ${SLICE_ROWS}`,
      )
      .all(position, end?.position ?? 0, liveAfter, liveAfter, liveAfter) as FoundRow[];
    const keys = rows.map((found) => ({
      position: found['position'] as number,
      vendor: found['vendor'] as string,
      subject: subjectOf(found),
      ...appLayerOf(found),
    }));
    const last = keys.length === SLICE_ROWS ? keys.at(-1)?.position : undefined;
    // No key lives longer: those before it were dead by then.
    const isLast = end === undefined || end.issued <= liveAfter - LONGEST_LIFE_MS;
    const next = last ?? (isLast ? undefined : end.position);
    return { keys, steps: SLICE_KEYS, ...(next === undefined ? {} : { next }) };
  }

  /** A slice of the live keys of an id, in any tenant, below a position. */
  liveOf(
    scope: 'tenant' | 'user' | 'run' | 'tool',
    id: string,
    position: number = Number.MAX_SAFE_INTEGER,
    now: number,
    limit: number,
  ): LiveSlice<number> {
    const rows = this.connection
      .prepare(
        `SELECT keys.rowid AS position, created_at, keys.id, vendor, tenant_id, user_id, run_id, tool,
           revoked_at IS NULL AND ${LIVE_AFTER} AS live
         FROM keys INDEXED BY keys_by_${scope} ${LEASES}
         WHERE ${columnOf(scope)} = ? AND keys.rowid < ? ORDER BY keys.rowid DESC LIMIT ?`,
      )
      .all(now, now, now, id, position, limit) as FoundRow[];
    const keys = rows.filter(({ live }) => live === 1).map(liveKeyOf);
    const last = rows.at(-1);
    // No key lives longer: those before it are dead.
    const isLast =
      last === undefined ||
      rows.length < limit ||
      (last['created_at'] as number) <= now - LONGEST_LIFE_MS;
    return { keys, ...(isLast ? {} : { next: last['position'] as number }) };
  }

  /** The subjects of an id that have had a key, up to a limit. */
  subjectsOf(scope: 'user' | 'run', id: string, limit: number): BudgetSubject[] {
    const found: BudgetSubject[] = [];
    const where = new Conditions();
    where.add(`${columnOf(scope)} = ?`, id);
    for (const tenant of this.#distinct(scope, where, 'tenant_id')) {
      const within = new Conditions();
      within.addAll(where);
      addValue(within, 'tenant_id', tenant);
      const users = scope === 'user' ? [''] : this.#distinct(scope, within, 'user_id');
      for (const user of users) {
        found.push({ scope, tenant, user, id });
        if (found.length === limit) return found;
      }
    }
    return found;
  }

  /** The values of the next column of an index, each found by one seek. */
  *#distinct(scope: 'user' | 'run', where: Conditions, column: string): Generator<string> {
    const first = new Conditions();
    first.addAll(where);
    first.add(`${column} IS NULL`);
    const from = `FROM keys INDEXED BY ${INDEX[scope]}`;
    const hasNone = this.connection
      .prepare(`SELECT 1 ${from} ${first.sql} LIMIT 1`)
      .get(...first.values);
    if (hasNone !== undefined) yield '';
    const next = new Conditions();
    next.addAll(where);
    next.add(`${column} > ?`);
    const statement = this.connection.prepare(
      `SELECT ${column} AS value ${from} ${next.sql} ORDER BY ${column} LIMIT 1`,
    );
    for (let value = ''; ;) {
      const row = statement.get(...next.values, value) as { value: string } | undefined;
      if (row === undefined) return;
      yield row.value;
      value = row.value;
    }
  }
}

function columnOf(scope: BudgetScope): string {
  return scope === 'tool' || scope === 'vendor' ? scope : `${scope}_id`;
}

function keysOf({ scope, tenant, user, id }: BudgetSubject): Conditions {
  const where = new Conditions();
  addValue(where, columnOf(scope), id);
  if (scope === 'user' || scope === 'run') addValue(where, 'tenant_id', tenant);
  if (scope === 'run') addValue(where, 'user_id', user);
  return where;
}

/** What is empty in a subject is no value in the table. */
function addValue(where: Conditions, column: string, value: string): void {
  if (value === '') where.add(`keys.${column} IS NULL`);
  else where.add(`keys.${column} = ?`, value);
}
