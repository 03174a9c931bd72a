import type { BudgetMode, BudgetPeriod, PeriodCaps } from '../../contract/budget-periods';
import type { APP_BUDGET_SCOPES, BudgetScope } from '../../contract/scopes';
import { instantText } from '../instant';
import type { Subject } from '../keys/subject';
import type { Limits } from '../limits/limits';
import type { MicroUsd } from '../../contract/usd';

/** The application's own layer of caps, in micro-dollars: it travels with each key. */
export type AppBudgets = { [Scope in (typeof APP_BUDGET_SCOPES)[number]]?: PeriodCaps };

/** The application's own layer, as a key carries it. */
export interface AppLayer {
  budgets: AppBudgets;
  /** Whether these refuse nothing, and what they would refuse is recorded; absent where they refuse. */
  budgetsMode?: 'shadow';
}

/** Means every id of a scope that has no budget of its own. */
export const ANY_ID = '*';

/** Who is counted; a part that a key lacks is empty. */
export interface BudgetSubject {
  scope: BudgetScope;
  tenant: string;
  user: string;
  id: string;
}

/**
 * Whom a rule of an operator's is for: the id within one tenant and user. Without these the id within
 * each tenant and user, each counted alone; where they are empty, the keys without one.
 */
export interface RuleSubject {
  scope: BudgetScope;
  tenant: string | undefined;
  user: string | undefined;
  /** Or {@link ANY_ID}. */
  id: string;
}

/** Which budget of an operator's is meant: a subject has one of each period, and one in shadow mode beside it. */
export interface BudgetRule extends RuleSubject {
  period: BudgetPeriod;
  mode: BudgetMode;
}

/** An operator's cap over a period, and what each call under it must keep to. */
export interface Budget extends BudgetRule {
  capMicros: MicroUsd;
  limits?: Limits;
}

/** Who has set a cap: an operator, or the application, whose budgets travel with its keys. */
export type BudgetSource = 'operator' | 'app';

/** The subjects that a key's holds are counted under, whether or not a cap is set for them. */
export function subjectsOf(subject: Subject, vendor: string): BudgetSubject[] {
  const { tenant_id: tenant = '', user_id: user = '', run_id: run = '', tool = '' } = subject;
  return [
    { scope: 'tenant', tenant: '', user: '', id: tenant },
    { scope: 'user', tenant, user: '', id: user },
    { scope: 'run', tenant, user, id: run },
    { scope: 'tool', tenant: '', user: '', id: tool },
    { scope: 'vendor', tenant: '', user: '', id: vendor },
  ];
}

/** The name of an operator's budget. */
export function ruleName({ period, mode, ...subject }: BudgetRule): string {
  const within = period === 'day' ? '' : `/${period}`;
  return `${ruleSubjectName(subject)}${within}${mode === 'shadow' ? '/shadow' : ''}`;
}

/** The name of whom a rule is for. */
export function ruleSubjectName({ scope, tenant, user, id }: RuleSubject): string {
  return JSON.stringify([scope, tenant, user, id]);
}

/**
 * The names of those whose rules could cap a subject, the nearest first: its own id, then the
 * defaults; among either, what names its tenant and its user before what names none.
 */
export function ruleSubjectNames({ scope, tenant, user, id }: BudgetSubject): string[] {
  const tenants = scope === 'user' || scope === 'run' ? [tenant, undefined] : [undefined];
  const users = scope === 'run' ? [user, undefined] : [undefined];
  // Keys without an id share one budget, and only a default caps it.
  const ids = id === '' || id === ANY_ID ? [ANY_ID] : [id, ANY_ID];
  return ids.flatMap((each) =>
    tenants.flatMap((within) =>
      users.map((of) => ruleSubjectName({ scope, tenant: within, user: of, id: each })),
    ),
  );
}

/** Whether a rule that names an id is for a subject. */
export function isFor(rule: RuleSubject, { scope, tenant, user, id }: BudgetSubject): boolean {
  return (
    rule.scope === scope &&
    rule.id === id &&
    (rule.tenant === undefined || rule.tenant === tenant) &&
    (rule.user === undefined || rule.user === user)
  );
}

/** The tighter of two caps, where there are any. */
export function tighter(
  one: MicroUsd | undefined,
  other: MicroUsd | undefined,
): MicroUsd | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}

/** The application's own caps over a subject, where its key carries any. */
export function appCaps(budgets: AppBudgets, { scope }: BudgetSubject): PeriodCaps | undefined {
  return scope === 'vendor' ? undefined : budgets[scope];
}

/** The UTC calendar day of an instant, `2026-11-23`. */
export function dayOf(now: number): string {
  return instantText(now).slice(0, 10);
}

/** The midnight (UTC) at which the day of an instant began, in milliseconds. */
export function startOfDay(now: number): number {
  return new Date(now).setUTCHours(0, 0, 0, 0);
}

/** The midnight (UTC) at which a day ends, ISO 8601. */
export function endOfDay(now: number): string {
  const day = new Date(now);
  day.setUTCHours(24, 0, 0, 0);
  return day.toISOString();
}

/** The name of the balance in which one day of a subject is counted. */
export function dayBalanceName({ scope, tenant, user, id }: BudgetSubject, day: string): string {
  return `${JSON.stringify([scope, tenant, user, id])}@${day}`;
}
