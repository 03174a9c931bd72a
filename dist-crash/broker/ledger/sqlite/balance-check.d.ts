import type { AcceptedDoubts } from '../store-doubt';
import type { SqliteConnection } from './sqlite-driver';
/**
 * Checks each balance against the sum of its holds; where a wrong one is meant, the holds decide. To
 * be done while the tables say all that there is to say.
 *
 * @throws DoubtfulStoreError
 */
export declare function checkBalances(connection: SqliteConnection, file: string, doubts: AcceptedDoubts): void;
