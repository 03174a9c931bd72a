import type { Budget, BudgetRule } from '../../budgets/budget';
import { usdText } from '../../../contract/usd';
import type { Book } from '../book';
import { auditOfRule, operatorRow, ruleText } from './audit-rows';

export function putBudget(book: Book, budget: Budget, remoteAddress?: string): void {
  const before = book.capOf(budget);
  book.putBudget(budget);
  book.log({
    ...operatorRow('budget', book.now, remoteAddress),
    ...auditOfRule(budget),
    verdict: 'set',
    reason: `${ruleText(budget)}: ${usdText(budget.capMicros)}${before === undefined ? '' : `, ${usdText(before)} before`}`,
    cap_micros: budget.capMicros,
  });
}

/** Returns false where there is no such budget. */
export function deleteBudget(book: Book, rule: BudgetRule, remoteAddress?: string): boolean {
  const removed = book.capOf(rule);
  if (removed === undefined) return false;
  book.deleteBudget(rule);
  book.log({
    ...operatorRow('budget', book.now, remoteAddress),
    ...auditOfRule(rule),
    verdict: 'removed',
    reason: `${ruleText(rule)}: ${usdText(removed)} before`,
    cap_micros: removed,
  });
  return true;
}
