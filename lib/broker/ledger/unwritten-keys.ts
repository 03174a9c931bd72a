import { isLive } from '../keys/key';
import type { KeyRecord } from '../keys/key';
import type { Actor } from '../operators/actor';
import { BatchNotes } from './batch-notes';

/** A key that was given out before it was written. */
export interface UnwrittenKey {
  key: KeyRecord;
  by: Actor;
}

interface Entry extends UnwrittenKey {
  /** Whether a batch that is not written yet has it. */
  isTaken: boolean;
}

/** Keys that work already and are written with the next transaction, or the first that passes. */
export class UnwrittenKeys {
  readonly #byId = new Map<string, Entry>();
  readonly #byTokenHash = new Map<string, Entry>();
  readonly #taken = new BatchNotes<Entry>();

  add(key: KeyRecord, by: Actor): void {
    const entry = { key, by, isTaken: false };
    this.#byId.set(key.id, entry);
    this.#byTokenHash.set(key.tokenHash, entry);
  }

  get(id: string): KeyRecord | undefined {
    return this.#byId.get(id)?.key;
  }

  byTokenHash(hash: string): KeyRecord | undefined {
    return this.#byTokenHash.get(hash)?.key;
  }

  /**
   * What has to be written before a key can be charged: it and every key above it, parents first.
   * They count as written from here on, unless their batch comes to nothing.
   */
  take(id: string | undefined): UnwrittenKey[] {
    const path: Entry[] = [];
    for (let next = id; next !== undefined;) {
      const entry = this.#byId.get(next);
      // A key is never written before those above it.
      if (entry === undefined || entry.isTaken) break;
      path.unshift(entry);
      next = entry.key.parentId;
    }
    for (const entry of path) {
      entry.isTaken = true;
      this.#taken.add(entry);
    }
    return path;
  }

  /** Live keys that no table has yet. */
  live(now: number): KeyRecord[] {
    return [...this.#byId.values()]
      .filter(({ key, isTaken }) => !isTaken && isLive(key, now))
      .map(({ key }) => key);
  }

  sent(): void {
    this.#taken.sent();
  }

  written(): void {
    for (const { key } of this.#taken.written()) {
      this.#byId.delete(key.id);
      this.#byTokenHash.delete(key.tokenHash);
    }
  }

  undone(): void {
    for (const entry of this.#taken.undone()) entry.isTaken = false;
  }

  lost(): void {
    for (const entry of this.#taken.lost()) entry.isTaken = false;
  }
}
