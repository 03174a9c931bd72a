import type { SqliteConnection, SqliteValue } from './sqlite-driver';
/** How the rows of a table are named, read and written. */
export interface RowForm<Row> {
    table: string;
    /** The columns, those of the primary key first; a row is written by them, in this order. */
    columns: readonly string[];
    /** How many of the columns are the primary key. */
    keyColumns: number;
    /** The columns that may change once a row is there. */
    changing: readonly string[];
    keyOf(row: Row): string;
    valuesOf(row: Row): SqliteValue[];
    rowOf(values: readonly SqliteValue[]): Row;
}
/**
 * The rows of one table, those that are decided but not yet in it among them. Those are kept at
 * hand, and the {@link Journal} makes them durable; a row that changes three times is written once.
 * A row is a value: to change it is to put another in its place.
 */
export declare class Rows<Row> {
    #private;
    private readonly form;
    constructor(connection: SqliteConnection, form: RowForm<Row>);
    get table(): string;
    /** Whether the table has every row as it stands. */
    get allWritten(): boolean;
    /**
     * @param key What `keyOf` gives for the row.
     * @param columns The values of its primary key.
     */
    get(key: string, columns: readonly SqliteValue[]): Row | undefined;
    /** The row, where no search in the table can be sure to find it as it stands. */
    atHand(key: string): Row | undefined;
    /** Keeps at hand what a search has found in the table. */
    remember(found: Record<string, SqliteValue>): Row;
    put(row: Row): void;
    /** What this transaction has changed, as the rows stand now. */
    changes(): SqliteValue[][];
    /** Takes back what {@link changes} gave. */
    replay(values: readonly SqliteValue[]): void;
    /** Has the table say all that there is to say, so that it can be searched. */
    write(): void;
    /** Reads anew what it has read: the table was changed behind its back. */
    forgetRead(): void;
    committed(): void;
    rolledBack(): void;
}
