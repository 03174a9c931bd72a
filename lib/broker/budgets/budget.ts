import { instantText } from '../instant';
import type { Subject } from '../keys/issue-request';
import type { MicroUsd } from '../money/usd';

/** Whose spend a budget counts. A user counts within its tenant, a run within its tenant and user. */
export const BUDGET_SCOPES = ['tenant', 'user', 'run', 'tool', 'vendor'] as const;
export type BudgetScope = (typeof BUDGET_SCOPES)[number];

/** The scopes of an application's own layer: it travels with each key. */
export const APP_BUDGET_SCOPES = ['tenant', 'user', 'run', 'tool'] as const;
export type AppBudgets = { [Scope in (typeof APP_BUDGET_SCOPES)[number]]?: MicroUsd };

/** Stands for every id of a scope that has no budget of its own. */
export const ANY_ID = '*';

/** Who is counted; a part that a key lacks is empty. */
export interface BudgetSubject {
  scope: BudgetScope;
  tenant: string;
  user: string;
  id: string;
}

/** An operator's daily cap. */
export interface Budget extends BudgetSubject {
  capMicros: MicroUsd;
}

/** The subjects that a key's holds are counted under, whether or not a cap stands over them. */
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

/** The name of a budget's rule. */
export function budgetName({ scope, tenant, user, id }: BudgetSubject): string {
  return JSON.stringify([scope, tenant, user, id]);
}

/**
 * The rules that could stand over a subject, the nearest first: its own, then the default of its
 * user, of its tenant, of all.
 */
export function ruleNames(subject: BudgetSubject): string[] {
  const defaults = [
    { ...subject, id: ANY_ID },
    { ...subject, user: '', id: ANY_ID },
    { ...subject, tenant: '', user: '', id: ANY_ID },
  ];
  // The empty id is nobody's own: only a default can stand over it.
  const own = subject.id === '' || subject.id === ANY_ID ? [] : [subject];
  return [...new Set([...own, ...defaults].map(budgetName))];
}

/** The UTC calendar day of an instant, `2026-11-23`. */
export function dayOf(now: number): string {
  return instantText(now).slice(0, 10);
}

/** The midnight (UTC) at which a day ends, ISO 8601. */
export function endOfDay(now: number): string {
  const day = new Date(now);
  day.setUTCHours(24, 0, 0, 0);
  return day.toISOString();
}

/** The name of the balance in which one day of a subject is counted. */
export function dayBalanceName(subject: BudgetSubject, day: string): string {
  return `${budgetName(subject)}@${day}`;
}
