import type { Budget, BudgetRule } from '../../budgets/budget';
import { periodText } from '../../budgets/period';
import { usdText } from '../../../contract/usd';
import { limitsText } from '../../limits/limits-view';
import type { Book } from '../book';
import { auditOfRule, operatorRow, ruleText } from './audit-rows';

export function putBudget(book: Book, budget: Budget, remoteAddress?: string): void {
  const before = book.budgetOf(budget);
  book.putBudget(budget);
  book.log({
    ...operatorRow('budget', book.now, remoteAddress),
    ...auditOfRule(budget),
    verdict: 'set',
    reason: `${ruleText(budget)}: ${termsText(budget)}${before === undefined ? '' : `, ${termsText(before)} before`}`,
    cap_micros: budget.capMicros,
  });
}

/** Returns false where there is no such budget. */
export function deleteBudget(book: Book, rule: BudgetRule, remoteAddress?: string): boolean {
  const removed = book.budgetOf(rule);
  if (removed === undefined) return false;
  book.deleteBudget(rule);
  book.log({
    ...operatorRow('budget', book.now, remoteAddress),
    ...auditOfRule(rule),
    verdict: 'removed',
    reason: `${ruleText(rule)}: ${termsText(removed)} before`,
    cap_micros: removed.capMicros,
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
