import type { Budget, BudgetSubject } from '../../budgets/budget';
import type { MicroUsd } from '../../money/usd';
import type { SqliteConnection } from './sqlite-driver';
/** The operator's rules. They are looked at by every admission, so their names are kept at hand. */
export declare class BudgetTable {
    #private;
    constructor(connection: SqliteConnection);
    all(): Budget[];
    /** Whether no rule stands over anybody. */
    get isEmpty(): boolean;
    get(subject: BudgetSubject): MicroUsd | undefined;
    /** The cap over a subject: its own, or the nearest default. */
    capOver(subject: BudgetSubject): MicroUsd | undefined;
    put(budget: Budget): void;
    delete(subject: BudgetSubject): void;
    /** What is at hand may have been rolled back. */
    forget(): void;
}
