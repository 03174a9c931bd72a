/** A column of a table; `shrinks` where its texts may be cut to make it fit. */
export interface Column<Row> {
    title: string;
    text: (row: Row) => string;
    shrinks?: boolean;
    right?: boolean;
}
/** Rows below their titles, at most 100 columns wide where cutting the texts that may be cut allows it. */
export declare function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string;
/** What is shown of a text that others have chosen: nothing that a terminal would obey. */
export declare function shown(text: string): string;
/** USD with two decimals, and as many more as it has. */
export declare function usd(amount: number | null | undefined): string;
/** An instant to the second, in UTC. */
export declare function instant(text: string | null | undefined): string;
/** An instant of these days, to the minute, in UTC. */
export declare function minute(text: string): string;
