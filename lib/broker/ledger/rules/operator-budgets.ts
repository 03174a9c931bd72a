import type { Budget, BudgetRule } from '../../budgets/budget';
import { periodText } from '../../budgets/period';
import { usdText } from '../../../contract/usd';
import type { Cause } from '../../operators/actor';
import { limitsText } from '../../limits/limits-view';
import type { Book } from '../book';
import { auditOfRule, changeRow } from './audit-rows';

export function putBudget(book: Book, budget: Budget, cause: Cause): void {
  const before = book.budgetOf(budget);
  book.putBudget(budget);
  book.log({
    ...changeRow('budget', book.now, cause),
    ...auditOfRule(budget),
    verdict: 'set',
    old_value: before === undefined ? null : termsText(before),
    new_value: termsText(budget),
    cap_micros: budget.capMicros,
    period: budget.period,
  });
}

/** Returns false where there is no such budget. */
export function deleteBudget(book: Book, rule: BudgetRule, cause: Cause): boolean {
  const removed = book.budgetOf(rule);
  if (removed === undefined) return false;
  book.deleteBudget(rule);
  book.log({
    ...changeRow('budget', book.now, cause),
    ...auditOfRule(rule),
    verdict: 'removed',
    old_value: termsText(removed),
    cap_micros: removed.capMicros,
    period: removed.period,
  });
  return true;
}

/** A budget's cap and its limits, in words. */
function termsText({ capMicros, period, mode, limits }: Budget): string {
  const limited = limitsText(limits);
  const within = period === 'day' ? '' : ` ${periodText(period)}`;
  const shadow = mode === 'shadow' ? ' in shadow mode' : '';
  return `${usdText(capMicros)}${within}${shadow}${limited === '' ? '' : ` (${limited})`}`;
}
