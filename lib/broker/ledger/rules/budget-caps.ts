import { BUDGET_PERIODS } from '../../../contract/budget-periods';
import type { BudgetMode, BudgetPeriod } from '../../../contract/budget-periods';
import type { MicroUsd } from '../../../contract/usd';
import {
  appCaps,
  dayBalanceName,
  dayOf,
  startOfDay,
  subjectsOf,
  ruleSubjectName,
} from '../../budgets/budget';
import type { AppLayer, BudgetSource, BudgetSubject } from '../../budgets/budget';
import { DAY_MS, endText, hourOf, nameOfPeriod, startOfPeriod } from '../../budgets/period';
import { addedTo } from '../../keys/key';
import type { Balance, KeyRecord } from '../../keys/key';
import type { Book } from '../book';
import type { BudgetCap } from '../records';
import { raisedOver } from './raised';

/** A cap as it was set over a subject. */
export interface SetCap {
  period: BudgetPeriod;
  mode: BudgetMode;
  source: BudgetSource;
  capMicros: MicroUsd;
}

/** Every budget over a key: over each of its subjects the tightest of each period and mode. */
export function budgetsOver(book: Book, key: KeyRecord): BudgetCap[] {
  if (!book.hasBudgets && Object.keys(key.budgets).length === 0) return [];
  return subjectsOf(key.subject, key.vendor).flatMap((subject) =>
    metCaps(book, subject, setCaps(book, subject, key)),
  );
}

/** The caps that operators and the application have set over a subject, an operator's first. */
export function setCaps(book: Book, subject: BudgetSubject, app: AppLayer): SetCap[] {
  const operators = book.hasBudgets ? book.budgetsOver(subject) : [];
  const own = appCaps(app.budgets, subject);
  const caps = operators.map(({ period, mode, capMicros }): SetCap => {
    return { period, mode, source: 'operator', capMicros };
  });
  if (own === undefined) return caps;
  const mode: BudgetMode = app.budgetsMode ?? 'enforce';
  for (const period of BUDGET_PERIODS) {
    const capMicros = own[period];
    if (capMicros !== undefined) caps.push({ period, mode, source: 'app', capMicros });
  }
  return caps;
}

/** The caps that a call of a subject meets: of each period and mode the tightest, with what is raised. */
export function metCaps(book: Book, subject: BudgetSubject, caps: readonly SetCap[]): BudgetCap[] {
  const [only] = caps;
  if (only === undefined) return [];
  if (caps.length === 1) return [budgetCap(book, subject, only)];
  const tightest = new Map<string, SetCap>();
  for (const cap of caps) {
    const name = `${cap.period}/${isShadow(cap) ? 'shadow' : 'enforce'}`;
    const other = tightest.get(name);
    if (other === undefined || cap.capMicros < other.capMicros) tightest.set(name, cap);
  }
  return [...tightest.values()].map((cap) => budgetCap(book, subject, cap));
}

/** A cap over a subject as a call meets it by itself: with what is raised, and what counts against it. */
export function budgetCap(book: Book, subject: BudgetSubject, cap: SetCap): BudgetCap {
  const { period, source, capMicros } = cap;
  const raisedMicros = raisedOver(book, subject, isShadow(cap) ? Infinity : capMicros);
  const balanceName = dayBalanceName(subject, dayOf(book.now));
  return {
    scope: subject.scope,
    subject,
    period,
    source,
    ...(isShadow(cap) ? { isShadow: true as const } : {}),
    ...(raisedMicros === 0 ? {} : { raisedMicros }),
    capMicros: capMicros + raisedMicros,
    balance: periodBalance(book, subject, period, balanceName),
    balanceName,
    resetsAt: endText(period, book.now),
  };
}

/**
 * What counts in the current period of a subject: the sum of its days, of which each hold has charged
 * its own. A decision waits for others of the same day. No day comes back, so that those that are over
 * only ever change by settlements, for which nothing has to wait.
 */
function periodBalance(
  book: Book,
  subject: BudgetSubject,
  period: BudgetPeriod,
  today: string,
): Balance {
  if (period === 'day') return book.balance(today);
  const { now } = book;
  const midnight = startOfDay(now);
  const past = (day: number, fromHour?: number): Balance =>
    book.pastBalance(dayBalanceName(subject, dayOf(day)), fromHour);
  let sum = book.balance(today);
  if (period === '24h') return addedTo(sum, past(midnight - DAY_MS, hourOf(now)));
  const start = startOfPeriod(period, now);
  for (let day = midnight - DAY_MS; day >= start; day -= DAY_MS) sum = addedTo(sum, past(day));
  return sum;
}

/** What one period of a budget is told apart by, for what is said once a period. */
export function periodKeyOf({ subject, period, isShadow }: BudgetCap, now: number): string {
  const mode = isShadow === true ? '/shadow' : '';
  return `${ruleSubjectName(subject)}/${period}${mode}@${nameOfPeriod(period, now)}`;
}

/** Whether a cap refuses nothing. One of 0 refuses in every mode. */
export function isShadow({ mode, capMicros }: SetCap): boolean {
  return mode === 'shadow' && capMicros > 0;
}
