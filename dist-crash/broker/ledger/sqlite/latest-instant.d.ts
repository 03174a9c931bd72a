import type { Clock } from '../../clock';
import type { AcceptedDoubts } from '../store-doubt';
import type { SqliteConnection } from './sqlite-driver';
/** Remembers in the store how late it was, so that no start begins with a clock far behind. */
export declare class LatestInstant {
    #private;
    private readonly connection;
    private readonly clock;
    constructor(connection: SqliteConnection, clock: Clock);
    /** @throws DoubtfulStoreError where the machine's clock is far behind. */
    check(file: string, doubts: AcceptedDoubts): void;
    /**
     * To be done before each COMMIT.
     *
     * @param must Whether this transaction has to write something, however little time has passed.
     */
    beforeCommit(must: boolean): void;
    committed(): void;
}
