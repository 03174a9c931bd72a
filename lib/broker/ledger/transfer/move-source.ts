import type { AuditChain, AuditHead, AuditVerdict } from '../../audit/audit-chain';
import { Clock } from '../../clock';
import type { HoldState } from '../../../contract/states';
import { checkBalances } from '../sqlite/balance-check';
import { readMark, removeMark, writeMark } from '../sqlite/moved-mark';
import type { MovedMark } from '../sqlite/moved-mark';
import type { SqliteConnection } from '../sqlite/sqlite-driver';
import { SqliteStore } from '../sqlite/sqlite-store';
import { StoreInUseError } from '../store-doubt';
import type { AcceptedDoubts } from '../store-doubt';
import type { ColumnValue, FoundRow } from '../tables/table-form';
import type { MovedTable } from './moved-tables';
import { MODULUS, digestOf } from './table-digest';
import type { TableDigest } from './table-digest';

/** How many rows are in memory at once. */
const PAGE_ROWS = 1_000;

export interface MoveSourceSettings {
  /** The key of the audit log; beside the file where it is not given. */
  auditKey?: string | undefined;
  doubts: AcceptedDoubts;
  /** Takes the lines of the log, without their ends. */
  log: (line: string) => void;
}

/**
 * The store that moves. It is opened as a start opens it, and so no broker has it meanwhile: what was in
 * flight is `unknown`, and every balance is the sum of its holds.
 */
export class MoveSource {
  private constructor(
    private readonly store: SqliteStore,
    private readonly connection: SqliteConnection,
    readonly chain: AuditChain,
  ) {}

  /**
   * @throws Error where a broker has the store, which it names; where there is no store, or it is not what
   *   was left.
   */
  static async open(file: string, settings: MoveSourceSettings): Promise<MoveSource> {
    const clock = new Clock(settings.log);
    const store = openToMove(file, { ...settings, clock, isMoving: true });
    try {
      const { connection, chain } = await store.contents();
      checkBalances(connection, file, settings.doubts, clock.now(), Infinity);
      return new MoveSource(store, connection, chain);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** What it says of a move of its own. */
  get mark(): MovedMark | undefined {
    return readMark(this.connection);
  }

  /** Makes the mark, on the disk: no broker starts on the store any more. */
  setMark(mark: MovedMark): void {
    writeMark(this.connection, mark);
  }

  removeMark(): void {
    removeMark(this.connection);
  }

  /** The latest instant at which it was in use. */
  get latest(): number {
    const row = this.connection.prepare('SELECT latest FROM clock').get() as
      { latest: number } | undefined;
    return row?.latest ?? 0;
  }

  get head(): AuditHead & { seal: string } {
    const { count, mac, seal } = this.connection
      .prepare('SELECT count, mac, seal FROM audit_head WHERE id = 1')
      .get() as AuditHead & { seal: string };
    return { count, mac, seal };
  }

  async verdict(): Promise<AuditVerdict> {
    return (await this.store.auditLog()).verify();
  }

  holdCounts(): Readonly<Record<HoldState, number>> {
    const found = this.connection
      .prepare('SELECT state, COUNT(*) AS count FROM holds GROUP BY state')
      .all() as { state: HoldState; count: number }[];
    const counts = { held: 0, settled: 0, released: 0, unknown: 0 };
    for (const { state, count } of found) counts[state] = count;
    return counts;
  }

  /** How many segments of the log there are that were exported, and that have left. */
  segmentCounts(): { exported: number; left: number } {
    const { exported, gone } = this.connection
      .prepare('SELECT COUNT(exported_at) AS exported, COUNT(left_at) AS gone FROM audit_segments')
      .get() as { exported: number; gone: number };
    return { exported, left: gone };
  }

  /** The rows of a table, some at a time, in their order. */
  *pages(moved: MovedTable): Generator<readonly FoundRow[]> {
    const { read, order } = moved;
    const columns = Object.entries(read).map(([name, sql]) => `${sql} AS ${name}`);
    const by = order.map((name) => read[name]).join(', ');
    const select = `SELECT ${columns.join(', ')} FROM ${this.#tableOf(moved)}`;
    const next = this.connection.prepare(
      `${select} WHERE (${by}) > (${order.map(() => '?').join(', ')}) ORDER BY ${by} LIMIT ${PAGE_ROWS}`,
    );
    const first = this.connection.prepare(`${select} ORDER BY ${by} LIMIT ${PAGE_ROWS}`);
    let rows = first.all() as FoundRow[];
    while (rows.length > 0) {
      yield rows;
      const last = rows.at(-1);
      const values = order.map((name): ColumnValue => last?.[name] ?? null);
      rows = rows.length < PAGE_ROWS ? [] : (next.all(values) as FoundRow[]);
    }
  }

  digest(moved: MovedTable): TableDigest {
    const { read } = moved;
    const sums = Object.entries(read).map(
      ([name, sql]) =>
        `CAST(COALESCE(SUM(CASE typeof(${sql}) WHEN 'integer' THEN ${sql} % ${MODULUS}
           WHEN 'text' THEN length(${sql}) ELSE 0 END), 0) AS TEXT) AS ${name}`,
    );
    const row = this.connection
      .prepare(`SELECT COUNT(*) AS rows, ${sums.join(', ')} FROM ${this.#tableOf(moved)}`)
      .get() as Record<string, unknown>;
    return digestOf(row, Object.keys(read));
  }

  close(): Promise<void> {
    return this.store.close();
  }

  #tableOf({ table, from, order, read }: MovedTable): string {
    if (from === undefined) return table;
    const by = order.map((name) => read[name]).join(', ');
    this.connection.exec(
      `CREATE TEMP TABLE IF NOT EXISTS ${from.table} AS ${from.sql};
       CREATE INDEX IF NOT EXISTS temp.${from.table}_in_order ON ${from.table} (${by});`,
    );
    return `temp.${from.table}`;
  }
}

function openToMove(file: string, settings: ConstructorParameters<typeof SqliteStore>[1]) {
  try {
    return new SqliteStore(file, settings);
  } catch (error) {
    if (!(error instanceof StoreInUseError)) throw error;
    throw new Error(`${error.what}: stop that broker, and then move its store.`, { cause: error });
  }
}
