import { BUDGET_PERIODS } from '../../../contract/budget-periods';
import type { BudgetMode, BudgetPeriod } from '../../../contract/budget-periods';
import type { MicroUsd } from '../../../contract/usd';
import { appCaps, dayBalanceName, dayOf, startOfDay, subjectsOf } from '../../budgets/budget';
import type { AppLayer, BudgetSource, BudgetSubject } from '../../budgets/budget';
import { DAY_MS, endOfPeriod, hourOf, startOfPeriod } from '../../budgets/period';
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
  if (caps.length === 0) return [];
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
  const raisedMicros = raisedOver(book, subject);
  return {
    scope: subject.scope,
    subject,
    period,
    source,
    ...(isShadow(cap) ? { isShadow: true as const } : {}),
    ...(raisedMicros === 0 ? {} : { raisedMicros }),
    capMicros: capMicros + raisedMicros,
    balance: periodBalance(book, subject, period),
    balanceName: dayBalanceName(subject, dayOf(book.now)),
    resetsAt: new Date(endOfPeriod(period, book.now)).toISOString(),
  };
}

/**
 * What counts in the current period of a subject: the sum of its days, of which each hold has charged
 * its own. The day before is locked with the current one where it counts, since what is decided at the
 * end of one day may be written after the next has begun; older days only ever change by settlements,
 * which nothing has to wait for.
 */
export function periodBalance(book: Book, subject: BudgetSubject, period: BudgetPeriod): Balance {
  const { now } = book;
  const balance = book.balance(dayBalanceName(subject, dayOf(now)));
  if (period === 'day') return balance;
  const yesterday = startOfDay(now) - DAY_MS;
  const nameOf = (day: number): string => dayBalanceName(subject, dayOf(day));
  if (period === '24h') {
    return addedTo(balance, book.balance(nameOf(yesterday), hourOf(now)));
  }
  const start = startOfPeriod(period, now);
  let sum = balance;
  for (let day = yesterday; day >= start; day -= DAY_MS) {
    const name = nameOf(day);
    sum = addedTo(sum, day === yesterday ? book.balance(name) : book.pastBalance(name));
  }
  return sum;
}

/** A cap of 0 refuses in every mode. */
function isShadow({ mode, capMicros }: SetCap): boolean {
  return mode === 'shadow' && capMicros > 0;
}
