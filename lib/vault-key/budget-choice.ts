import { readCaps, wireCaps } from '../contract/budget-periods';
import type { BudgetPeriod, WireCaps } from '../contract/budget-periods';
import { APP_BUDGET_SCOPES } from '../contract/scopes';
import type { KeyBudgets } from '../broker-client/broker-client';
import type { AccountContext } from './account-choice';
import { toWholeCents } from './whole-cents';

/** A cap over a period. */
export interface BudgetCap {
  /** USD, 0 to 1,000,000, rounded down to the cent. */
  cap: number;
  /**
   * `day` and `month` of the calendar, `week` from Monday, all in UTC; `24h` is the current UTC hour and
   * the 24 before it.
   *
   * @default 'day'
   */
  period?: BudgetPeriod | undefined;
}

/** What a subject may spend: a number is a cap of the day; several caps are of a period each, and all must pass. */
export type BudgetCaps = number | BudgetCap | readonly (number | BudgetCap)[];

/** Says what the subject of an invocation may spend. Asked before each invocation. */
export type ComputeBudget = (context: AccountContext) => BudgetCaps | Promise<BudgetCaps>;

/** The application's budgets, as keys are issued with them. */
export type KeyBudgetTerms = {
  readonly [Scope in keyof KeyBudgets]?: WireCaps | ComputeBudget;
};

/** What is wrong with caps; `path` is where, below them. */
export interface BudgetCapsFault {
  path: string;
  message: string;
}

/** Reads caps as they are written in the options of the module or given by a function of them. */
export function readBudgetCaps(value: unknown): { caps: WireCaps } | { faults: BudgetCapsFault[] } {
  const read = readCaps(withoutUndefinedPeriods(value), 'cap', toWholeCents);
  return 'faults' in read ? read : { caps: wireCaps(read.caps) };
}

/**
 * The budgets that a key is issued with.
 *
 * @throws What a function throws, and Error where it gives no caps.
 */
export async function budgetsFor(
  terms: KeyBudgetTerms,
  context: AccountContext,
): Promise<KeyBudgets> {
  const budgets: KeyBudgets = {};
  for (const scope of APP_BUDGET_SCOPES) {
    const caps = terms[scope];
    if (caps === undefined) continue;
    budgets[scope] = typeof caps === 'function' ? await computed(scope, caps, context) : caps;
  }
  return budgets;
}

async function computed(
  scope: string,
  compute: ComputeBudget,
  context: AccountContext,
): Promise<WireCaps> {
  const read = readBudgetCaps(await compute(context));
  if ('caps' in read) return read.caps;
  const faults = read.faults.map(({ path, message }) => `budgets.${scope}${path} ${message}`);
  throw new Error(`a function of the option budgets of VaultKeyModule gave: ${faults.join('; ')}`);
}

/** A period that is `undefined` is absent. */
function withoutUndefinedPeriods(value: unknown): unknown {
  if (Array.isArray(value)) return Array.from(value as unknown[], withoutUndefinedPeriods);
  if (typeof value !== 'object' || value === null) return value;
  const { period, ...rest } = value as { period?: unknown };
  return period === undefined ? rest : value;
}
