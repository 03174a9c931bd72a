import { ruleName, ruleNames } from '../../budgets/budget';
import type { Budget, BudgetRule, BudgetSubject } from '../../budgets/budget';
import type { PendingWrites } from './pending-writes';
import type { SqliteConnection } from './sqlite-driver';
import { BUDGETS } from '../tables/budget-rows';
import { WholeTable } from './whole-table';

/** The operator's rules. */
export class BudgetTable {
  readonly table: WholeTable<Budget>;

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

  /** The budget over a subject: its own, or the nearest default. */
  over(subject: BudgetSubject): Budget | undefined {
    const name = this.nameOver(subject);
    return name === undefined ? undefined : this.table.get(name);
  }

  /** The name of the rule that caps a subject. */
  nameOver(subject: BudgetSubject): string | undefined {
    if (this.isEmpty) return undefined;
    return ruleNames(subject).find((each) => this.table.has(each));
  }

  put(budget: Budget): void {
    this.table.put(budget);
  }

  delete(rule: BudgetRule): void {
    const budget = this.table.get(ruleName(rule));
    if (budget !== undefined) this.table.delete(budget);
  }
}
