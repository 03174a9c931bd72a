import { setTimeout as wait } from 'node:timers/promises';
import type { AuditChain, AuditHead, AuditVerdict } from '../../audit/audit-chain';
import { shownStore } from '../../broker.options';
import { migrate } from '../postgres/migrator';
import { loadPgDriver } from '../postgres/pg-driver';
import type { PgDriver } from '../postgres/pg-driver';
import { codeOf, connectionLost, isConnectionLost } from '../postgres/pg-errors';
import { PgLink } from '../postgres/pg-link';
import type { PgRow, PgValues } from '../postgres/pg-link';
import { PostgresAuditLog } from '../postgres/postgres-audit-log';
import { BEGIN_WRITING, LOCKS } from '../postgres/schema-names';
import { checkServer } from '../postgres/server-check';
import { startError } from '../postgres/start-errors';
import type { FoundRow } from '../tables/table-form';
import { MOVED_TABLES } from './moved-tables';
import type { MovedTable } from './moved-tables';
import { HOUR_MS, startOfHour } from '../../budgets/period';
import { hourOfLine } from '../postgres/balance-lines';
import { MODULUS, digestOf } from './table-digest';
import type { TableDigest } from './table-digest';

/** How long one statement may take: a sum over a table of many millions of rows. */
const STATEMENT_MS = 3_600_000;
/** How often it is asked whether a move has arrived whose connection was lost, and how long it waits between. */
const DOUBT_ATTEMPTS = 15;
const DOUBT_PAUSE_MS = 2_000;

/**
 * Nothing is seen before the end, and what is left of a command that was killed holds nobody up. No start
 * gets past the migration's lock, and no instance registers or writes.
 */
const BEGIN = `${BEGIN_WRITING}; SET LOCAL statement_timeout = 0;
  SET LOCAL lock_timeout = '10s'; SET LOCAL idle_in_transaction_session_timeout = '60s';
  SELECT pg_advisory_xact_lock(${LOCKS.migration});
  LOCK TABLE vault_key.writers IN SHARE ROW EXCLUSIVE MODE`;

/** What else a store in use has rows of. */
const OTHER_TABLES = ['calls', 'audit_tails'];

/** The store in PostgreSQL that another one moves to, in one transaction. */
export class MoveTarget {
  readonly #link: PgLink;
  /** The connection that has the transaction. */
  #within = 0;
  /** The types of the columns, by table and column. */
  readonly #types = new Map<string, string>();

  private constructor(
    private readonly driver: PgDriver,
    private readonly url: string,
    private readonly chain: AuditChain,
  ) {
    this.#link = new PgLink(driver, url, STATEMENT_MS);
  }

  /**
   * Makes the schema where it is not there.
   *
   * @param warn Takes a line on what the server would lose.
   * @throws Error where the server cannot be reached, cannot keep a ledger, or has a store of another audit key.
   */
  static async open(
    url: string,
    chain: AuditChain,
    warn: (line: string) => void,
    driver: PgDriver = loadPgDriver(),
  ): Promise<MoveTarget> {
    const [link, other] = [new PgLink(driver, url), new PgLink(driver, url)];
    try {
      await checkServer(link, other, warn);
      // What is left of a move that was broken off comes to its end first.
      await link.query(`SELECT pg_advisory_xact_lock(${LOCKS.migration})`);
      await migrate(link, chain);
    } catch (error) {
      throw startError(url, error);
    } finally {
      await Promise.all([link.close(), other.close()]);
    }
    return new MoveTarget(driver, url, chain);
  }

  /** When a move has arrived, in epoch milliseconds; `undefined` where it has not. */
  arrivalOf(move: string): Promise<number | undefined> {
    return arrivalOf(this.#link, move);
  }

  /** @throws Error where it has rows already, or a broker has it. */
  async begin(): Promise<void> {
    this.#within = this.#link.generation;
    await this.#query(BEGIN);
    const counted = [...MOVED_TABLES.map(({ table }) => table), ...OTHER_TABLES];
    const [found = {}] = await this.#query(
      `SELECT ${counted.map((table) => `EXISTS (SELECT 1 FROM vault_key.${table}) AS ${table}`).join(', ')},
        (SELECT count(*)::int FROM vault_key.writers
          WHERE closed_at IS NULL AND expires_at > vault_key.now_ms()) AS instances`,
    );
    const full = counted.filter((table) => found[table] === true);
    if (full.length > 0) {
      throw new Error(
        `The store ${shownStore(this.url)} is not empty: its ${full.length === 1 ? 'table' : 'tables'} ${full.join(', ')} ${full.length === 1 ? 'has' : 'have'} rows. A store moves to a database that has none: name another one.`,
      );
    }
    if (found['instances'] !== 0) {
      throw new Error(
        `A broker is running on the store ${shownStore(this.url)}: stop it, and move the store then.`,
      );
    }
    const columns = await this.#query(
      `SELECT table_name, column_name, data_type FROM information_schema.columns
       WHERE table_schema = 'vault_key'`,
    );
    for (const { table_name: table, column_name: column, data_type: type } of columns) {
      this.#types.set(`${String(table)}.${String(column)}`, String(type));
    }
  }

  /** The server's clock, in epoch milliseconds. */
  async now(): Promise<number> {
    const [row] = await this.#query('SELECT vault_key.now_ms() AS now');
    return Number(row?.['now']);
  }

  async insert({ table, more }: MovedTable, rows: readonly FoundRow[], move: string) {
    const sent = rows.map((row) => (more === undefined ? row : { ...row, ...more(row, move) }));
    const columns = Object.keys(sent[0] ?? {}).join(', ');
    await this.#query(
      `INSERT INTO vault_key.${table} (${columns}) OVERRIDING SYSTEM VALUE
       SELECT ${columns} FROM json_populate_recordset(NULL::vault_key.${table}, $1::json)`,
      [JSON.stringify(sent)],
    );
  }

  /**
   * Writes what goes with the rows: the head of the log, and the name of the move, as a writer that has ended.
   *
   * @param latest The instant from which on time goes on.
   */
  async complete(
    move: string,
    { count, mac, seal }: AuditHead & { seal: string },
    latest: number,
  ): Promise<void> {
    const head = [count, mac, seal];
    await this.#query(
      'UPDATE vault_key.audit_head SET count = $1, mac = $2, seal = $3 WHERE id = 1',
      head,
    );
    await this.#query(
      'INSERT INTO vault_key.audit_writers (count, mac, seal, writer) VALUES ($1, $2, $3, $4)',
      [...head, move],
    );
    // An instance that was paused wakes up to a store that it has not seen.
    await this.#query(
      'UPDATE vault_key.writers SET closed_at = vault_key.now_ms() WHERE closed_at IS NULL',
    );
    await this.#query(
      `INSERT INTO vault_key.writers (count, mac, seal, id, stripe, batch, expires_at, closed_at, reaped_at)
       VALUES ($1, $2, $3, $4, 0, 0, vault_key.now_ms(), vault_key.now_ms(), vault_key.now_ms())`,
      [...head, move],
    );
    await this.#query(
      'UPDATE vault_key.meta SET rules_version = rules_version + 1, hour_began = greatest(hour_began, $1)',
      [startOfHour(latest)],
    );
    for (const table of ['keys', 'holds']) {
      await this.#query(
        `SELECT setval(pg_get_serial_sequence('vault_key.${table}', 'position'), max(position))
         FROM vault_key.${table}`,
      );
    }
  }

  async digest({ table, read }: MovedTable): Promise<TableDigest> {
    const names = Object.keys(read);
    const sums = names.map((name) => {
      const isText = this.#types.get(`${table}.${name}`) === 'text';
      const value = isText ? `length(${name})` : `${name} % ${MODULUS}`;
      return `coalesce(sum(${value}), 0)::text AS ${name}`;
    });
    const [row = {}] = await this.#query(
      `SELECT count(*) AS rows, ${sums.join(', ')} FROM vault_key.${table}`,
    );
    return digestOf(row, names);
  }

  /** A balance that is not the sum of its holds; `undefined` where each is. */
  async wrongBalance(): Promise<string | undefined> {
    const [row] = await this.#query(
      `WITH counted AS (
         SELECT charged.name,
           CASE WHEN charged.name LIKE 'key/%' THEN -1 ELSE h.created_at / ${HOUR_MS} % 24 END AS hour,
           sum(CASE h.state WHEN 'settled' THEN h.settled ELSE 0 END) AS spent,
           sum(CASE WHEN h.state IN ('held', 'unknown') THEN h.held ELSE 0 END) AS held,
           sum(h.undone) AS undone
         FROM vault_key.holds h, jsonb_array_elements_text(h.charged_to::jsonb) AS charged(name)
         GROUP BY 1, 2),
       stored AS (
         SELECT name, ${hourOfLine('stripe')} AS hour, sum(spent) AS spent, sum(held) AS held, sum(undone) AS undone
         FROM vault_key.balances GROUP BY 1, 2)
       SELECT name FROM stored b FULL JOIN counted c USING (name, hour)
       WHERE (coalesce(b.spent, 0), coalesce(b.held, 0), coalesce(b.undone, 0))
         <> (coalesce(c.spent, 0), coalesce(c.held, 0), coalesce(c.undone, 0))
       LIMIT 1`,
    );
    return row?.['name'] as string | undefined;
  }

  /** What a verification of its log comes to. */
  async verdict(): Promise<AuditVerdict> {
    // No instance has added a row that has no place yet.
    const sealed = { seal: () => Promise.resolve() };
    const link = { query: this.#query.bind(this) };
    return new PostgresAuditLog(link, this.chain, sealed).verify();
  }

  /** @returns False where it is not known whether the move has arrived. */
  async commit(move: string): Promise<boolean> {
    try {
      await this.#query('COMMIT');
      return true;
    } catch (error) {
      if (!isConnectionLost(error)) throw error;
      return this.#findOut(move, error);
    }
  }

  /** Has the server plan by what is there now. */
  async analyze(): Promise<void> {
    for (const { table } of MOVED_TABLES) await this.#link.query(`ANALYZE vault_key.${table}`);
  }

  /** Gives up what has not been committed. */
  async close(): Promise<void> {
    this.#link.drop();
    await this.#link.close();
  }

  async #query(text: string, values?: PgValues): Promise<readonly PgRow[]> {
    try {
      return await this.#link.query(text, values, this.#within);
    } catch (error) {
      // The driver gives no code where the connection ends by itself.
      throw codeOf(error) === undefined ? connectionLost() : error;
    }
  }

  async #findOut(move: string, error: unknown): Promise<boolean> {
    for (let left = DOUBT_ATTEMPTS; left > 0; left--) {
      const link = new PgLink(this.driver, this.url);
      try {
        // Once it has the lock, the transaction whose answer was lost has come to its end.
        await link.query(`SELECT pg_advisory_xact_lock(${LOCKS.migration})`);
        if ((await arrivalOf(link, move)) === undefined) throw error;
        return true;
      } catch (failure) {
        if (failure === error) throw failure;
        await wait(DOUBT_PAUSE_MS);
      } finally {
        await link.close();
      }
    }
    return false;
  }
}

async function arrivalOf(link: PgLink, move: string): Promise<number | undefined> {
  const [row] = await link.query('SELECT closed_at FROM vault_key.writers WHERE id = $1', [move]);
  return row === undefined ? undefined : Number(row['closed_at']);
}
