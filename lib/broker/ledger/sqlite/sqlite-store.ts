import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { userVersion } from './schema';
import { openConnection } from './sqlite-driver';
import type { SqliteConnection } from './sqlite-driver';

const CACHE_KIB = 16_384;
const CHAIN_KEY = /^[0-9a-f]{64}$/;

/** A store that this process has for itself, and what its audit log is chained with. */
export interface OpenStore {
  connection: SqliteConnection;
  chainKey: string;
}

/**
 * Opens a store and locks it for this process.
 *
 * @throws Error where the file cannot be opened, is in use, or has lost its audit key.
 */
export function openStore(file: string, auditKey: string | undefined): OpenStore {
  let connection: SqliteConnection | undefined;
  try {
    // Labels and user ids are nobody else's business on this machine.
    if (file !== ':memory:') closeSync(openSync(file, 'a', 0o600));
    connection = openConnection(file);
    connection.pragma('locking_mode = EXCLUSIVE');
    connection.pragma('journal_mode = WAL');
    connection.pragma('synchronous = FULL');
    connection.pragma(`cache_size = -${CACHE_KIB}`);
    // Takes the lock for good, so that a second process fails here and not at its first write.
    connection.exec('BEGIN IMMEDIATE');
    connection.exec('COMMIT');
    return { connection, chainKey: auditKey ?? chainKeyBeside(file, userVersion(connection)) };
  } catch (error) {
    connection?.close();
    const code = (error as { code?: unknown }).code;
    if (typeof code === 'string' && code.startsWith('SQLITE_BUSY')) {
      throw new Error(
        `The store ${file} is in use by another broker: a SQLite store has one process. To share a store, use one broker for all, or a redis:// store.`,
      );
    }
    if (error instanceof Error && code === undefined) throw error;
    throw new Error(`The store ${file} cannot be opened: ${(error as Error).message}`);
  }
}

/** Closes a store and leaves one file, free for whoever opens it next, in this process too. */
export function closeStore(connection: SqliteConnection): void {
  // The driver's close() keeps connection and lock until its statements are collected as garbage.
  connection.pragma('journal_mode = DELETE');
  connection.pragma('locking_mode = NORMAL');
  connection.prepare('SELECT COUNT(*) FROM sqlite_schema').get();
  connection.close();
}

/** The audit key beside the file; made with the store, and never anew for a log that has rows. */
function chainKeyBeside(file: string, version: number): string {
  if (file === ':memory:') return randomBytes(32).toString('hex');
  const path = `${file}.audit-key`;
  if (existsSync(path)) {
    const key = readFileSync(path, 'utf8').trim();
    if (CHAIN_KEY.test(key)) return key;
    throw new Error(`The audit key ${path} is damaged: it must be 64 hexadecimal digits.`);
  }
  if (version > 1) {
    throw new Error(
      `The audit key ${path} is missing, so the log in ${file} could not be verified: put it back, or give the key as VAULT_KEY_AUDIT_KEY.`,
    );
  }
  const key = randomBytes(32).toString('hex');
  // Whole or not at all: half a key would never open again.
  const draft = `${path}.new`;
  const handle = openSync(draft, 'w', 0o600);
  writeSync(handle, `${key}\n`);
  fsyncSync(handle);
  closeSync(handle);
  renameSync(draft, path);
  // Windows has no handle on a folder, and writes its entries through.
  if (process.platform === 'win32') return key;
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
  return key;
}
