import { isLive } from '../keys/key';
import type { KeyRecord } from '../keys/key';

/** A key that was given out before it was written. */
export interface UnwrittenKey {
  key: KeyRecord;
  remoteAddress: string | undefined;
}

interface Entry extends UnwrittenKey {
  /** Whether the transaction under way has written it. */
  isWritten: boolean;
}

/** Keys that work already and are written with the next transaction, or the first that passes. */
export class UnwrittenKeys {
  readonly #byId = new Map<string, Entry>();
  readonly #byTokenHash = new Map<string, Entry>();

  add(key: KeyRecord, remoteAddress: string | undefined): void {
    const entry = { key, remoteAddress, isWritten: false };
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
   * They count as written from here on, unless the transaction is rolled back.
   */
  take(id: string | undefined): UnwrittenKey[] {
    const path: Entry[] = [];
    for (let next = id; next !== undefined;) {
      const entry = this.#byId.get(next);
      // A key is never written before those above it.
      if (entry === undefined || entry.isWritten) break;
      path.unshift(entry);
      next = entry.key.parentId;
    }
    for (const entry of path) entry.isWritten = true;
    return path;
  }

  /** Live keys that no table has yet. */
  live(now: number): KeyRecord[] {
    return [...this.#byId.values()]
      .filter(({ key, isWritten }) => !isWritten && isLive(key, now))
      .map(({ key }) => key);
  }

  committed(): void {
    for (const { key, isWritten } of this.#byId.values()) {
      if (!isWritten) continue;
      this.#byId.delete(key.id);
      this.#byTokenHash.delete(key.tokenHash);
    }
  }

  rolledBack(): void {
    for (const entry of this.#byId.values()) entry.isWritten = false;
  }
}
