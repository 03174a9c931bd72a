import { ruleName, ruleNames } from '../../budgets/budget';
import type { Budget, BudgetRule, BudgetSubject } from '../../budgets/budget';
import type { BudgetScope } from '../../../contract/scopes';
import type { MicroUsd } from '../../../contract/usd';
import type { PendingWrites } from './pending-writes';
import type { SqliteConnection } from './sqlite-driver';
import { changing, fixed, key } from './table-form';
import { WholeTable } from './whole-table';
import type { OrderedForm } from './whole-table';

const BUDGETS: OrderedForm<Budget> = {
  table: 'budgets',
  columns: [
    key('name', (budget) => ruleName(budget)),
    fixed('scope', ({ scope }) => scope),
    fixed('tenant', ({ tenant }) => tenant ?? null),
    fixed('user_id', ({ user }) => user ?? null),
    fixed('target', ({ id }) => id),
    changing('cap_micros', ({ capMicros }) => capMicros),
  ],
  keyOf: ruleName,
  rowOf: (found) => ({
    scope: found['scope'] as BudgetScope,
    tenant: (found['tenant'] as string | null) ?? undefined,
    user: (found['user_id'] as string | null) ?? undefined,
    id: found['target'] as string,
    capMicros: found['cap_micros'] as number,
  }),
  compare: (one, other) =>
    compare(one.scope, other.scope) ||
    compare(one.tenant, other.tenant) ||
    compare(one.user, other.user) ||
    compare(one.id, other.id),
};

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

  get(rule: BudgetRule): MicroUsd | undefined {
    return this.table.get(ruleName(rule))?.capMicros;
  }

  /** The cap over a subject: its own, or the nearest default. */
  capOver(subject: BudgetSubject): MicroUsd | undefined {
    const name = this.nameOver(subject);
    return name === undefined ? undefined : this.table.get(name)?.capMicros;
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

/** What is absent comes first. */
function compare(one: string | undefined, other: string | undefined): number {
  if (one === other) return 0;
  if (one === undefined) return -1;
  return other === undefined || one > other ? 1 : -1;
}
