import { statSync } from 'node:fs';
import { StoreInUseError } from '../store-doubt';

/** A store that is open in this process. */
interface OpenHere {
  /** Leaves one whole file, at once. */
  close: () => void;
  /** Asks its owner to close it; false if the owner still needs it. */
  giveWay?: () => Promise<boolean>;
}

const STORES = Symbol.for('nestjs-vault-key:open-stores');

/**
 * The stores that this process has open, for every copy of this package in it. SQLite's locks are
 * the process's: a second connection must not so much as open and close the file.
 */
const stores = ((globalThis as { [STORES]?: Map<string, OpenHere> })[STORES] ??= new Map());

/** @throws StoreInUseError where this process has the store open. */
export function checkNotOpenHere(file: string): void {
  if (stores.has(nameOf(file))) throw new StoreInUseError(file, 'this process');
}

/**
 * Notes that a store is open.
 *
 * @param close Is called where the process ends before the store is closed.
 * @returns Notes that it is closed.
 */
export function noteOpen(file: string, close: () => void): () => void {
  const name = nameOf(file);
  if (stores.size === 0) process.on('exit', closeAll);
  stores.set(name, { close });
  return () => {
    stores.delete(name);
    if (stores.size === 0) process.off('exit', closeAll);
  };
}

/**
 * Says how a later broker of this process gets a store that is open here: its owner is closed.
 *
 * @param owner Held weakly: one that is no longer referenced can be collected, and its store closed.
 * @param givesWay Whether the owner may be closed.
 */
export function offerStore(
  file: string,
  owner: { close(): Promise<void> },
  givesWay: () => boolean,
): void {
  const store = stores.get(nameOf(file));
  if (store === undefined) return;
  const itself = new WeakRef(owner);
  store.giveWay = async () => {
    if (!givesWay()) return false;
    await itself.deref()?.close();
    return true;
  };
}

/** Asks for a store that this process has open; false where it is needed. */
export async function askForStore(file: string): Promise<boolean> {
  return (await stores.get(nameOf(file))?.giveWay?.()) ?? false;
}

/** Has a store closed once its owner, which was never closed, is collected as garbage. */
export function closeWhenForgotten(owner: object, close: () => void): void {
  forgotten.register(owner, close);
}

const forgotten = new FinalizationRegistry<() => void>(closeQuietly);

function closeAll(): void {
  for (const { close } of stores.values()) closeQuietly(close);
}

function closeQuietly(close: () => void): void {
  try {
    close();
  } catch {
    // The `-wal` beside the file has what the disk did not take into it.
  }
}

/** One name for a file, whatever path leads to it. */
function nameOf(file: string): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? '' : `${stat.dev}:${stat.ino}`;
}
