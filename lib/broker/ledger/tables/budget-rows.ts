import { BUDGET_PERIODS } from '../../../contract/budget-periods';
import type { BudgetMode, BudgetPeriod } from '../../../contract/budget-periods';
import type { BudgetScope } from '../../../contract/scopes';
import { ruleName } from '../../budgets/budget';
import type { Budget } from '../../budgets/budget';
import { limitsColumn, limitsIn } from './limit-columns';
import { changing, fixed, key } from './table-form';
import type { OrderedForm } from './table-form';

export const BUDGETS: OrderedForm<Budget> = {
  table: 'budgets',
  columns: [
    key('name', (budget) => ruleName(budget)),
    fixed('scope', ({ scope }) => scope),
    fixed('tenant', ({ tenant }) => tenant ?? null),
    fixed('user_id', ({ user }) => user ?? null),
    fixed('target', ({ id }) => id),
    fixed('period', ({ period }) => period),
    fixed('mode', ({ mode }) => mode),
    changing('cap_micros', ({ capMicros }) => capMicros),
    changing('limits', limitsColumn),
  ],
  keyOf: ruleName,
  rowOf: (found) => ({
    scope: found['scope'] as BudgetScope,
    tenant: (found['tenant'] as string | null) ?? undefined,
    user: (found['user_id'] as string | null) ?? undefined,
    id: found['target'] as string,
    period: found['period'] as BudgetPeriod,
    mode: found['mode'] as BudgetMode,
    capMicros: found['cap_micros'] as number,
    ...limitsIn(found),
  }),
  compare: (one, other) =>
    compare(one.scope, other.scope) ||
    compare(one.tenant, other.tenant) ||
    compare(one.user, other.user) ||
    compare(one.id, other.id) ||
    BUDGET_PERIODS.indexOf(one.period) - BUDGET_PERIODS.indexOf(other.period) ||
    compare(one.mode, other.mode),
};

/** What is absent comes first. */
function compare(one: string | undefined, other: string | undefined): number {
  if (one === other) return 0;
  if (one === undefined) return -1;
  return other === undefined || one > other ? 1 : -1;
}
