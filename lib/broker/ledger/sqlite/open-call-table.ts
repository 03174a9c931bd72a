import { readEntry, writeEntry } from '../../audit/audit-entry';
import type { AuditRow } from '../../audit/audit-entry';
import { BatchUndo } from '../batch-undo';
import type { PendingWrites } from './pending-writes';
import type { RedoTable } from './redo-log';
import type { SqliteConnection, SqliteValue } from './sqlite-driver';

const INSERT = 'INSERT INTO calls (id, entry) VALUES (?, ?)';
/** The place of a row in the log is known once it is written there. */
const NO_SEQ = 0;

/**
 * The calls that have not ended, with what their audit rows say so far. They are few, and all in
 * memory; the table has those that were open at the last checkpoint.
 */
export class OpenCallTable implements RedoTable {
  readonly name = 'calls';
  readonly #open = new Map<string, string>();
  readonly #undo = new BatchUndo();
  /** What the batch that is being decided has begun or ended. */
  #changed = new Set<string>();
  /** Whether the table has other calls than those that are open. */
  #isDirty = false;
  /** Whether the batch on its way writes them to the table. */
  #isFlushing = false;

  constructor(
    connection: SqliteConnection,
    private readonly writes: PendingWrites,
  ) {
    for (const { id, entry } of connection.prepare('SELECT id, entry FROM calls').all() as {
      id: string;
      entry: string;
    }[]) {
      this.#open.set(id, entry);
    }
  }

  get isClean(): boolean {
    return !this.#isDirty && !this.#isFlushing;
  }

  /** Those that are open. */
  get all(): { callId: string; row: AuditRow }[] {
    return [...this.#open].map(([callId, entry]) => ({ callId, row: readEntry(entry) }));
  }

  begin(callId: string, row: AuditRow): void {
    this.#set(callId, writeEntry(NO_SEQ, row));
  }

  end(callId: string): void {
    if (this.#open.has(callId)) this.#set(callId, undefined);
  }

  changes(): SqliteValue[][] {
    return [...this.#changed].map((id) => [id, this.#open.get(id) ?? null]);
  }

  replay([id, entry]: readonly SqliteValue[]): void {
    this.#set(id as string, (entry ?? undefined) as string | undefined);
  }

  /** A call sets its own row alone, whatever the table has: there is no row that may be missing. */
  replayed(): void {}

  /** What the table gets may be newer than the checkpoint: the redo log says it once more. */
  beginFlush(): void {}

  flush(): number {
    if (!this.#isDirty) return 0;
    this.writes.add('DELETE FROM calls', []);
    for (const row of this.#open) this.writes.add(INSERT, row);
    this.#isDirty = false;
    this.#isFlushing = true;
    // They are no part of a slice: all of them are written again with the next change of one.
    return 0;
  }

  /** No other statement changes the table. */
  evict(): void {}

  sent(): void {
    this.#undo.sent();
    this.#changed = new Set();
  }

  written(): void {
    this.#undo.written();
    this.#isFlushing = false;
  }

  undone(): void {
    this.#undo.undone();
    this.#changed = new Set();
  }

  lost(): void {
    this.#undo.lost();
    this.#changed = new Set();
    this.#isDirty ||= this.#isFlushing;
    this.#isFlushing = false;
  }

  #set(id: string, entry: string | undefined): void {
    const before = this.#open.get(id);
    this.#undo.add(() => this.#put(id, before));
    this.#put(id, entry);
    this.#changed.add(id);
    this.#isDirty = true;
  }

  #put(id: string, entry: string | undefined): void {
    if (entry === undefined) this.#open.delete(id);
    else this.#open.set(id, entry);
  }
}
