import { hashOf } from '../app/routes';
import type { ApprovalView, BrakeView, BudgetView, HoldView, WebhookView } from '../api/views';
import { counted, percentText, usedPart, usdText, sumUsd } from '../format/money';
import { perPeriod, scopeWord, subjectText, targetText } from '../words/names';
import { amountOf } from '../approvals/approval-words';

/** Something that waits for a person. */
export interface Need {
  key: string;
  tone: 'bad' | 'warn' | 'plain';
  text: string;
  /** What is done about it, and where. */
  action: string;
  href: string;
}

/** From which part of a cap on somebody should know. */
export const NEAR_CAP = 0.8;
const MOST_BUDGETS = 5;
const MOST_APPROVALS = 5;

export interface Facts {
  approvals: readonly ApprovalView[];
  holds: readonly HoldView[];
  hasMoreHolds: boolean;
  brakes: readonly BrakeView[];
  budgets: readonly BudgetView[];
  webhooks: readonly WebhookView[];
  /** Why the store takes no decisions; absent where it does. */
  storeFault?: string | undefined;
  /** Settlements that wait for the store. */
  keptSettlements?: number | undefined;
}

/** What needs somebody, the gravest first. */
export function needsOf(facts: Facts): Need[] {
  const { approvals, holds, brakes, budgets, storeFault, keptSettlements = 0 } = facts;
  const needs: Need[] = [];
  if (storeFault !== undefined) {
    needs.push({
      key: 'store',
      tone: 'bad',
      text: `The store takes no decisions, so no call passes: ${storeFault}`,
      action: 'Audit',
      href: hashOf('audit'),
    });
  }
  if (keptSettlements > 0) {
    needs.push({
      key: 'kept',
      tone: 'bad',
      text: `${counted(keptSettlements, 'settlement')} could not be written yet; the broker keeps trying.`,
      action: 'Holds',
      href: hashOf('holds'),
    });
  }
  for (const approval of approvals.slice(0, MOST_APPROVALS)) {
    needs.push({
      key: approval.id,
      tone: 'warn',
      text: `${amountOf(approval)} for ${subjectText(approval.subject)} waits for approval: ${approval.method} ${approval.path}`,
      action: 'Decide',
      href: hashOf('approvals', {}, approval.id),
    });
  }
  if (approvals.length > MOST_APPROVALS) {
    needs.push({
      key: 'approvals',
      tone: 'warn',
      text: `${counted(approvals.length - MOST_APPROVALS, 'more call')} ${approvals.length === MOST_APPROVALS + 1 ? 'waits' : 'wait'} for approval.`,
      action: 'Approvals',
      href: hashOf('approvals'),
    });
  }
  if (holds.length > 0) {
    const usd = usdText(sumUsd(holds.map(({ held_usd }) => held_usd)));
    needs.push({
      key: 'holds',
      tone: 'warn',
      text: `${facts.hasMoreHolds ? `More than ${counted(holds.length, 'call')}` : counted(holds.length, 'call')} left and had no answer: ${usd} ${facts.hasMoreHolds ? 'and more ' : ''}keeps counting.`,
      action: 'Holds',
      href: hashOf('holds'),
    });
  }
  for (const brake of brakes) {
    needs.push({
      key: brake.id,
      tone: 'plain',
      text: `A brake stops ${brake.scope === 'all' ? 'everything' : `${scopeWord(brake.scope)} ${brake.target ?? ''}`}: ${brake.reason}`,
      action: 'Brakes',
      href: hashOf('brakes'),
    });
  }
  for (const webhook of facts.webhooks) {
    const text = webhookText(webhook);
    if (text === undefined) continue;
    needs.push({
      key: `webhook ${webhook.name}`,
      tone: 'warn',
      text,
      action: 'Webhooks',
      href: hashOf('webhooks'),
    });
  }
  const near = nearCaps(budgets);
  for (const budget of near.slice(0, MOST_BUDGETS)) {
    const part = partUsed(budget);
    const isShadow = budget.mode === 'shadow';
    const used = sumUsd([budget.spent_usd ?? 0, budget.held_usd ?? 0]);
    needs.push({
      key: `budget ${targetText(budget)} ${budget.source} ${budget.period ?? 'day'}`,
      tone: isShadow ? 'plain' : part >= 1 ? 'bad' : 'warn',
      text: `${percentText(part)} of the budget of ${targetText(budget)} is used: ${usdText(used)} of ${usdText(capNow(budget))} ${perPeriod(budget.period)}${isShadow ? '. In shadow mode it refuses nothing' : ''}.`,
      action: 'Look',
      href: subjectHref(budget),
    });
  }
  if (near.length > MOST_BUDGETS) {
    needs.push({
      key: 'budgets',
      tone: 'warn',
      text: `${counted(near.length - MOST_BUDGETS, 'more budget')} above ${percentText(NEAR_CAP)}.`,
      action: 'Budgets',
      href: hashOf('budgets'),
    });
  }
  const order = { bad: 0, warn: 1, plain: 2 };
  return needs.sort((one, other) => order[one.tone] - order[other.tone]);
}

/** What is wrong with a webhook. */
function webhookText({ name, status, last_failure: why, parked }: WebhookView): string | undefined {
  if (status === 'stopped') {
    return `The receiver of webhook ${name} has answered 410: it is sent nothing until somebody resumes it.`;
  }
  const lost = `${counted(parked.length, 'event')} of webhook ${name} did not arrive and can be replayed`;
  if (status === 'behind') {
    return `Webhook ${name} is tried again: ${why ?? 'an event has failed'}${parked.length === 0 ? '' : `; ${lost}`}.`;
  }
  return parked.length === 0 ? undefined : `${lost}.`;
}

/** Budgets of which much is used, the fullest first; a budget over several subjects tells of none. */
export function nearCaps(budgets: readonly BudgetView[]): BudgetView[] {
  return (
    budgets
      .filter((budget) => budget.spent_usd !== undefined && partUsed(budget) >= NEAR_CAP)
      // A cap of nothing is meant so.
      .filter(({ daily_usd_cap: cap, spent_usd: spent = 0 }) => cap > 0 || spent > 0)
      .sort((one, other) => partUsed(other) - partUsed(one))
  );
}

export function partUsed(budget: BudgetView): number {
  const { spent_usd = 0, held_usd = 0 } = budget;
  return usedPart(spent_usd + held_usd, capNow(budget));
}

/** The cap with what raises add to it now. */
export function capNow({ daily_usd_cap, raised_usd = 0 }: BudgetView): number {
  return sumUsd([daily_usd_cap, raised_usd]);
}

/** The view of the subject that a budget caps. */
export function subjectHref({ scope, id, tenant_id, user_id }: BudgetView): string {
  if (id === '*' || id === '') return hashOf('budgets');
  const field = {
    tenant: 'tenant_id',
    user: 'user_id',
    run: 'run_id',
    tool: 'tool',
    vendor: 'vendor',
  }[scope];
  return hashOf('subject', { tenant_id, user_id, [field]: id });
}
