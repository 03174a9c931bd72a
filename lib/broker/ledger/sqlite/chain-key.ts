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
import { syncFolder } from '../../sync-folder';

const CHAIN_KEY = /^[0-9a-f]{64}$/;

/** What an audit log is chained with. */
export interface ChainKey {
  text: string;
  /** Where it is kept, for messages. */
  origin: string;
  /** Gives a new key its name, once a store is chained with it. */
  keep(): void;
}

const KEPT = (): void => {};

/** A key for what does not outlive the process. */
export function passingChainKey(): ChainKey {
  return { text: randomBytes(32).toString('hex'), origin: 'the audit key', keep: KEPT };
}

/**
 * The audit key beside a store.
 *
 * @param isChained Whether the store has a log that is chained: then no key is made for it.
 * @throws Error where it is missing or damaged.
 */
export function chainKeyBeside(file: string, isChained: boolean): ChainKey {
  const path = `${file}.audit-key`;
  const draft = `${path}.new`;
  const origin = `the audit key ${path}`;
  if (existsSync(path)) {
    const text = readKey(path);
    if (text !== undefined) return { text, origin, keep: KEPT };
    throw new Error(`The audit key ${path} is damaged: it must be 64 hexadecimal digits.`);
  }
  const keep = (): void => {
    renameSync(draft, path);
    syncFolder(path);
  };
  if (isChained) {
    // Its process was stopped between the store's first transaction and the key's name.
    const text = existsSync(draft) ? readKey(draft) : undefined;
    if (text !== undefined) return { text, origin, keep };
    throw new Error(
      `The audit key ${path} is missing, so the log in ${file} could not be verified: put it back, or give the key as VAULT_KEY_AUDIT_KEY.`,
    );
  }
  const text = randomBytes(32).toString('hex');
  const handle = openSync(draft, 'w', 0o600);
  writeSync(handle, `${text}\n`);
  fsyncSync(handle);
  closeSync(handle);
  syncFolder(draft);
  return { text, origin, keep };
}

function readKey(path: string): string | undefined {
  const text = readFileSync(path, 'utf8').trim();
  return CHAIN_KEY.test(text) ? text : undefined;
}
