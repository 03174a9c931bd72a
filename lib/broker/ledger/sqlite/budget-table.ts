import { ruleName } from '../../budgets/budget';
import type { Budget, BudgetRule, BudgetSubject } from '../../budgets/budget';
import { BudgetIndex } from '../../budgets/budget-index';
import type { PendingWrites } from './pending-writes';
import type { SqliteConnection } from './sqlite-driver';
import { BUDGETS } from '../tables/budget-rows';
import { WholeTable } from './whole-table';

/** The operator's rules. */
export class BudgetTable {
  readonly table: WholeTable<Budget>;
  /** Of these rows, until one changes. */
  #index: { of: readonly Budget[]; budgets: BudgetIndex } | undefined;

  constructor(connection: SqliteConnection, writes: PendingWrites) {
    this.table = new WholeTable(connection, writes, BUDGETS);
  }

  /** By scope, tenant, user and id. */
  all(): readonly Budget[] {
    return this.table.all;
  }

  /** Whether there is no rule. */
  get isEmpty(): boolean {
    return this.table.size === 0;
  }

  get(rule: BudgetRule): Budget | undefined {
    return this.table.get(ruleName(rule));
  }

  /** The budgets over a subject: of each period and mode its own, or the nearest default. */
  over(subject: BudgetSubject): readonly Budget[] {
    const { all } = this.table;
    if (this.#index?.of !== all) this.#index = { of: all, budgets: new BudgetIndex(all) };
    return this.#index.budgets.over(subject);
  }

  put(budget: Budget): void {
    this.table.put(budget);
  }

  delete(rule: BudgetRule): void {
    const budget = this.table.get(ruleName(rule));
    if (budget !== undefined) this.table.delete(budget);
  }
}
