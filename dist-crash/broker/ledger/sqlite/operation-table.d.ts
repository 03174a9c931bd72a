import type { Operation } from '../operation';
import { Rows } from './rows';
import type { SqliteConnection } from './sqlite-driver';
export interface NamedOperation {
    vendor: string;
    keyHash: string;
    operation: Operation;
}
/** What is known of each `Idempotency-Key`, by vendor and the key's hash. */
export declare class OperationTable {
    private readonly connection;
    readonly rows: Rows<NamedOperation>;
    constructor(connection: SqliteConnection);
    /** What was in flight when its process died is in flight no more. To be done before anything else. */
    forgetFlights(): void;
    /** Those with a call in flight. To be asked once all rows are written. */
    inFlight(): NamedOperation[];
    get(vendor: string, keyHash: string): Operation | undefined;
    put(vendor: string, keyHash: string, operation: Operation): void;
}
