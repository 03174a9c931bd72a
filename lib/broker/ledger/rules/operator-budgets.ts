import type { Budget, BudgetRule } from '../../budgets/budget';
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
  });
  return true;
}

/** A budget's cap and its limits, in words. */
function termsText({ capMicros, limits }: Budget): string {
  const limited = limitsText(limits);
  return `${usdText(capMicros)}${limited === '' ? '' : ` (${limited})`}`;
}
