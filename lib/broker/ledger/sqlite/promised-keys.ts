import { isLive } from '../../keys/key';
import type { KeyRecord } from '../../keys/key';

/** A key that was given out before it was written. */
export interface PromisedKey {
  key: KeyRecord;
  remoteAddress: string | undefined;
}

interface Promised extends PromisedKey {
  /** Whether the transaction under way has written it. */
  isWritten: boolean;
}

/** Keys that work already and are written with the next transaction, or the first that passes. */
export class PromisedKeys {
  readonly #byId = new Map<string, Promised>();
  readonly #byTokenHash = new Map<string, Promised>();

  add(key: KeyRecord, remoteAddress: string | undefined): void {
    const promised = { key, remoteAddress, isWritten: false };
    this.#byId.set(key.id, promised);
    this.#byTokenHash.set(key.tokenHash, promised);
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
  take(id: string | undefined): PromisedKey[] {
    const path: Promised[] = [];
    for (let next = id; next !== undefined;) {
      const promised = this.#byId.get(next);
      // A key is never written before those above it.
      if (promised === undefined || promised.isWritten) break;
      path.unshift(promised);
      next = promised.key.parentId;
    }
    for (const promised of path) promised.isWritten = true;
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
    for (const promised of this.#byId.values()) promised.isWritten = false;
  }
}
