import { instantText } from '../../instant';
import type { AcceptedDoubts } from '../store-doubt';
import type { SqliteConnection } from './sqlite-driver';

/** What a store says that has moved to another one, or is about to. */
export interface MovedMark {
  /** Names the move in the store that it has moved to. */
  move: string;
  /** Where it has moved to, without a password. */
  target: string;
  /** When the mark was made, in epoch milliseconds. */
  at: number;
  /** Whether the move was seen to arrive. */
  isDone: boolean;
}

export function readMark(connection: SqliteConnection): MovedMark | undefined {
  const table = connection
    .prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'moved'`)
    .get();
  if (table === undefined) return undefined;
  const row = connection.prepare('SELECT move, target, at, done FROM moved WHERE id = 1').get() as
    { move: string; target: string; at: number; done: number } | undefined;
  if (row === undefined) return undefined;
  return { move: row.move, target: row.target, at: row.at, isDone: row.done === 1 };
}

/** Writes the mark, to the disk. */
export function writeMark(
  connection: SqliteConnection,
  { move, target, at, isDone }: MovedMark,
): void {
  connection.exec(
    `CREATE TABLE IF NOT EXISTS moved (
       id INTEGER PRIMARY KEY CHECK (id = 1),
       move TEXT NOT NULL,
       target TEXT NOT NULL,
       at INTEGER NOT NULL,
       done INTEGER NOT NULL
     ) STRICT`,
  );
  connection
    .prepare('INSERT OR REPLACE INTO moved (id, move, target, at, done) VALUES (1, ?, ?, ?, ?)')
    .run(move, target, at, isDone ? 1 : 0);
}

export function removeMark(connection: SqliteConnection): void {
  connection.exec('DROP TABLE IF EXISTS moved');
}

/**
 * Takes the mark from a store whose operator wants to go on with it.
 *
 * @throws DoubtfulStoreError where it has moved, and nobody accepts that.
 */
export function checkNotMoved(
  connection: SqliteConnection,
  file: string,
  doubts: AcceptedDoubts,
): void {
  const mark = readMark(connection);
  if (mark === undefined) return;
  const { target, at, isDone } = mark;
  doubts.raise(
    'moved',
    isDone
      ? `The store ${file} has moved to ${target}, at ${instantText(at)}: what is spent there does not count here. Start with that store, as the role of the application.`
      : `The store ${file} was about to move to ${target}, at ${instantText(at)}, and the move was not seen to arrive. Run the command again that moves it: it finds out, and ends it.`,
  );
  removeMark(connection);
}
