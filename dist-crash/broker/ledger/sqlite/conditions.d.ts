import type { SqliteValue } from './sqlite-driver';
/** The `WHERE` of a search. Columns are names of ours, never a caller's. */
export declare class Conditions {
    #private;
    readonly values: SqliteValue[];
    equals(column: string, value: string | undefined): void;
    add(condition: string, ...values: SqliteValue[]): void;
    /** Both these and the others. */
    addAll(others: Conditions): void;
    /** At least one of several. */
    addAny(several: readonly Conditions[]): void;
    /** Not one of several. Their conditions must be true or false, never NULL. */
    addNone(several: readonly Conditions[]): void;
    get sql(): string;
}
