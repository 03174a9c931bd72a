import { AuditChain } from '../../audit/audit-chain';
import type { Clock } from '../../clock';
import type { AcceptedDoubts } from '../store-doubt';
import { LatestInstant } from './latest-instant';
import type { SqliteConnection } from './sqlite-driver';
import { StoreCopier } from './store-copy';
/** How a store is opened. */
export interface StoreSettings {
    /** What the audit log is chained with; beside the file where it is not given. */
    auditKey?: string | undefined;
    /** The doubts that are meant. */
    doubts: AcceptedDoubts;
    clock: Clock;
}
/** A store that this process has for itself. */
export interface OpenStore {
    readonly connection: SqliteConnection;
    /** What its audit log is chained with. */
    readonly chain: AuditChain;
    readonly latest: LatestInstant;
    /** Absent in memory. */
    readonly copier?: StoreCopier;
    /**
     * Leaves one file, free for the next broker, in this process too. Does nothing a second time.
     *
     * @throws Error where the disk does not take it. Then the `-wal` beside the file has the rest, and
     *   the store stays locked until the process ends.
     */
    readonly close: () => void;
    /** As {@link close}, of a store whose opening has failed: never throws. */
    readonly abandon: () => void;
}
/**
 * Opens a store, locks it for this process, and brings it to the schema of this version.
 *
 * @throws StoreInUseError where a broker has it.
 * @throws DoubtfulStoreError where it may not be the store that was left.
 * @throws Error where it cannot be opened, or is of a newer version.
 */
export declare function openStore(file: string, settings: StoreSettings): OpenStore;
/** As {@link OpenStore.close}, for a connection of any kind. */
export declare function closeStore(connection: SqliteConnection): void;
