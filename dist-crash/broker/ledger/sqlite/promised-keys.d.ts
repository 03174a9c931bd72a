import type { KeyRecord } from '../../keys/key';
/** A key that was given out before it was written. */
export interface PromisedKey {
    key: KeyRecord;
    remoteAddress: string | undefined;
}
/** Keys that work already and are written with the next transaction, or the first that passes. */
export declare class PromisedKeys {
    #private;
    add(key: KeyRecord, remoteAddress: string | undefined): void;
    get(id: string): KeyRecord | undefined;
    byTokenHash(hash: string): KeyRecord | undefined;
    /**
     * What has to be written before a key can be charged: it and every key above it, parents first.
     * They count as written from here on, unless the transaction is rolled back.
     */
    take(id: string | undefined): PromisedKey[];
    /** Live keys that no table has yet. */
    live(now: number): KeyRecord[];
    committed(): void;
    rolledBack(): void;
}
