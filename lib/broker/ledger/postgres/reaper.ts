import { readEntry } from '../../audit/audit-entry';
import { abandon, cutOff, loseFlights } from '../rules/lost-calls';
import type { PgLink } from './pg-link';
import type { PostgresBook } from './postgres-book';
import type { StoreWriter } from './store-writer';

/** How many rows of an instance that is gone are ended in one batch. */
const BATCH_ROWS = 256;

/** A writer whose time has passed, as this instance has seen it. */
interface Suspect {
  expiresAt: number;
  /** By the monotonic clock. */
  since: number;
}

/**
 * Ends what instances have left that are gone: the outcomes of their calls are unknown. An instance is
 * declared dead by one that has itself seen its time pass, and nothing of it, for a while.
 */
export class Reaper {
  readonly #suspects = new Map<string, Suspect>();

  constructor(
    private readonly link: PgLink,
    private readonly writer: StoreWriter,
    private readonly proof: string,
    private readonly run: <T>(work: (book: PostgresBook) => T) => Promise<T>,
    /** Has this instance, which was declared dead, go on as another. */
    private readonly rejoin: () => Promise<void>,
  ) {}

  /** Says that this instance lives, and looks after the others. */
  async beat(): Promise<void> {
    try {
      if (!(await this.writer.beat())) await this.rejoin();
      await this.sweep();
    } catch (error) {
      // A store that was away has seen no sign of anyone.
      this.#suspects.clear();
      throw error;
    }
  }

  async sweep(): Promise<void> {
    const lapsed = await this.link.query(
      `SELECT id, expires_at, closed_at FROM vault_key.writers
       WHERE reaped_at IS NULL AND (closed_at IS NOT NULL OR expires_at < vault_key.now_ms())`,
    );
    const ids = new Set(lapsed.map(({ id }) => id as string));
    for (const id of this.#suspects.keys()) if (!ids.has(id)) this.#suspects.delete(id);
    for (const row of lapsed) {
      const id = row['id'] as string;
      const expiresAt = Number(row['expires_at']);
      const isClosed = row['closed_at'] !== null;
      if (!isClosed && !this.#isDead(id, expiresAt)) continue;
      // The fence first: from here on it writes nothing. One that has beaten again meanwhile lives.
      if (isClosed || (await this.#fence(id, expiresAt))) await this.#reap(id);
      this.#suspects.delete(id);
    }
  }

  #isDead(id: string, expiresAt: number): boolean {
    const known = this.#suspects.get(id);
    if (known?.expiresAt === expiresAt) {
      return performance.now() - known.since >= this.writer.ttlMs / 2;
    }
    this.#suspects.set(id, { expiresAt, since: performance.now() });
    return false;
  }

  async #fence(id: string, expiresAt: number): Promise<boolean> {
    const [row] = await this.link.query(
      'SELECT vault_key.fence_1($1, $2, $3::pg_catalog.int8) AS done',
      [this.proof, id, expiresAt],
    );
    return row?.['done'] === true;
  }

  /** Each step may be repeated: one that reaps may die at it, and another goes on from there. */
  async #reap(gone: string): Promise<void> {
    while (await this.#endFlights(gone));
    while (await this.#cutOff(gone));
    for (let last: string | undefined = ''; last !== undefined;) {
      last = await this.#abandon(gone, last);
    }
    await this.link.query('SELECT vault_key.reaped_1($1, $2)', [this.proof, gone]);
  }

  async #endFlights(gone: string): Promise<boolean> {
    const found = await this.link.query(
      `SELECT vendor, idempotency_key_hash AS hash FROM vault_key.operations
       WHERE flights <> '{}' AND jsonb_exists(flights, $1) LIMIT ${BATCH_ROWS}`,
      [gone],
    );
    await this.run((book) => {
      for (const { vendor, hash } of found) {
        endFlightsOf(book, vendor as string, hash as string, gone);
      }
    });
    return found.length === BATCH_ROWS;
  }

  /** What the audit log says of calls that were cut off. */
  async #cutOff(gone: string): Promise<boolean> {
    const found = await this.link.query(
      `SELECT id FROM vault_key.calls WHERE writer = $1 LIMIT ${BATCH_ROWS}`,
      [gone],
    );
    await this.run((book) => {
      for (const { id } of found) {
        // Another one that reaps may have come before.
        const entry = book.openCall(id as string);
        if (entry !== undefined) cutOff(book, id as string, readEntry(entry));
      }
    });
    return found.length === BATCH_ROWS;
  }

  /** Returns where it goes on; `undefined` where there are no more. */
  async #abandon(gone: string, after: string): Promise<string | undefined> {
    const found = await this.link.query(
      `SELECT call_id FROM vault_key.holds WHERE writer = $1 AND state = 'held' AND call_id > $2
       ORDER BY call_id LIMIT ${BATCH_ROWS}`,
      [gone, after],
    );
    const ids = found.map(({ call_id: callId }) => callId as string);
    await this.run((book) => ids.forEach((id) => abandon(book, id)));
    return ids.length === BATCH_ROWS ? ids.at(-1) : undefined;
  }
}

function endFlightsOf(book: PostgresBook, vendor: string, keyHash: string, gone: string): void {
  const count = book.flightsOf(vendor, keyHash, gone);
  if (count === 0) return;
  book.adoptFlights(vendor, keyHash, gone);
  const operation = book.operation(vendor, keyHash);
  if (operation !== undefined) loseFlights(book, { vendor, keyHash, operation }, count);
}
