import { isRecord } from './contract/is-record';
import type { WireCaps } from './contract/budget-periods';
import { APP_BUDGET_SCOPES } from './contract/scopes';
import type { BudgetsOptions } from './vault-key.options';
import { readBudgetCaps } from './vault-key/budget-choice';
import type { ComputeBudget, KeyBudgetTerms } from './vault-key/budget-choice';
import type { StartUpIssue } from './vault-key/vault-key-start-up.exception';

/** What is wrong with the option `budgets`. A budget that came out as `undefined` was meant to be one. */
export function budgetRules(options: unknown): StartUpIssue[] {
  const budgets = isRecord(options) ? options['budgets'] : undefined;
  if (!isRecord(budgets)) return [];
  const given = APP_BUDGET_SCOPES.filter((scope) => scope in budgets);
  if (given.length === 0) {
    const message = `must hold a cap for at least one of ${APP_BUDGET_SCOPES.join(', ')}`;
    return [{ where: 'budgets', message, example: 'budgets: { user: 500, run: 50 }' }];
  }
  return given.flatMap((scope): StartUpIssue[] => {
    const caps = budgets[scope];
    if (typeof caps === 'function') return [];
    const where = `budgets.${scope}`;
    if (caps === undefined) {
      const message = 'is undefined: give it a number of US dollars, or leave it out';
      return [{ where, message, example: `budgets: { ${scope}: 500 }` }];
    }
    const read = readBudgetCaps(caps);
    if ('caps' in read) return [];
    return read.faults.map(({ path, message }) => ({
      where: `${where}${path}`,
      message,
      example: `budgets: { ${scope}: ${path === '' ? '500' : "{ cap: 3000, period: 'month' }"} }`,
    }));
  });
}

/** What keys are issued with; the caps have been checked. */
export function budgetTerms({ tenant, user, run, tool }: BudgetsOptions): KeyBudgetTerms {
  return Object.fromEntries(
    Object.entries({ tenant, user, run, tool }).flatMap(
      ([scope, caps]): [string, WireCaps | ComputeBudget][] => {
        if (caps === undefined) return [];
        if (typeof caps === 'function') return [[scope, caps]];
        const read = readBudgetCaps(caps);
        return 'caps' in read ? [[scope, read.caps]] : [];
      },
    ),
  );
}
