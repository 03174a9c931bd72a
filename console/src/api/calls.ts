import { ask } from './client';
import type { Query } from './client';
import type {
  ApprovalPage,
  ApprovalView,
  AuditPage,
  AuditVerdict,
  BrakeScope,
  BrakeView,
  BudgetPage,
  BudgetTarget,
  BudgetView,
  CapView,
  HoldPage,
  HoldView,
  KeyPage,
  KeyView,
  Period,
  RaiseView,
  ReplayView,
  SpendView,
  SubjectView,
  VendorObjectView,
  WebhookView,
} from './views';

const get = <T>(path: string, query: Query, signal?: AbortSignal): Promise<T> =>
  ask<T>('GET', path, { query, ...(signal === undefined ? {} : { signal }) });
/** What tells a budget from others of the same id; a day is meant where no period is named. */
const within = ({ tenant_id, user_id, period }: BudgetTarget & { period?: Period }): Query => ({
  tenant_id,
  user_id,
  ...(period === undefined || period === 'day' ? {} : { period }),
});
const budgetPath = ({ scope, id }: BudgetTarget): string =>
  `v1/budgets/${scope}/${encodeURIComponent(id)}`;

export const readKeys = (query: Query, signal?: AbortSignal) =>
  get<KeyPage>('v1/keys', query, signal);
export const readKey = (id: string, signal?: AbortSignal) =>
  get<KeyView>(`v1/keys/${encodeURIComponent(id)}`, {}, signal);
export const readAudit = (query: Query, signal?: AbortSignal) =>
  get<AuditPage>('v1/audit', query, signal);
export const verifyAudit = (head: string) => get<AuditVerdict>('v1/audit/verify', { head: head === '' ? undefined : head });
export const readHolds = (query: Query, signal?: AbortSignal) =>
  get<HoldPage>('v1/holds', query, signal);
export const readBrakes = (signal?: AbortSignal) =>
  get<{ brakes: readonly BrakeView[] }>('v1/brakes', {}, signal);
export const readCaps = (query: Query, signal?: AbortSignal) =>
  get<{ caps: readonly CapView[] }>('v1/budgets/effective', query, signal);
export const readSpend = (query: Query, signal?: AbortSignal) =>
  get<SpendView>('v1/spend', query, signal);
export const readApprovals = (query: Query, signal?: AbortSignal) =>
  get<ApprovalPage>('v1/approvals', query, signal);
export const readApproval = (id: string, signal?: AbortSignal) =>
  get<ApprovalView>(`v1/approvals/${encodeURIComponent(id)}`, {}, signal);
export const readWebhooks = (signal?: AbortSignal) =>
  get<{ webhooks: readonly WebhookView[] }>('v1/webhooks', {}, signal);
export const readBudget = (target: BudgetTarget & { period?: Period }, signal?: AbortSignal) =>
  get<BudgetView>(budgetPath(target), within(target), signal);
export const readVendorObject = (holdId: string, signal?: AbortSignal) =>
  get<VendorObjectView>(`v1/holds/${encodeURIComponent(holdId)}/vendor-object`, {}, signal);

/** The budgets of the first pages: the operators' are all on the first. */
export async function readBudgets(signal?: AbortSignal, pages = 4): Promise<BudgetPage> {
  const budgets: BudgetView[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pages; page += 1) {
    const answer = await get<BudgetPage>('v1/budgets', { cursor }, signal);
    budgets.push(...answer.budgets);
    cursor = answer.cursor;
    if (cursor === undefined) break;
  }
  return { budgets, ...(cursor === undefined ? {} : { cursor }) };
}

export const putBrake = (body: {
  scope: BrakeScope;
  id?: string;
  tenant_id?: string;
  reason: string;
  expires_in?: string;
}) => ask<BrakeView>('POST', 'v1/brakes', { body });
export const liftBrake = (id: string, reason: string) =>
  ask<unknown>('DELETE', `v1/brakes/${encodeURIComponent(id)}`, { body: { reason } });
export const putBudget = (target: BudgetTarget, body: Readonly<Record<string, unknown>>) =>
  ask<BudgetView>('PUT', budgetPath(target), { body });
export const removeBudget = (target: BudgetTarget & { period?: Period }, reason: string) =>
  ask<unknown>('DELETE', budgetPath(target), { query: within(target), body: { reason } });
export const putRaise = (target: BudgetTarget, body: Readonly<Record<string, unknown>>) =>
  ask<RaiseView>('POST', `${budgetPath(target)}/raises`, { body });
export const endRaise = ({ id, target, ...raise }: RaiseView, reason: string) =>
  ask<unknown>(
    'DELETE',
    `${budgetPath({ scope: raise.scope, id: target })}/raises/${encodeURIComponent(id)}`,
    { query: { tenant_id: raise.tenant_id, user_id: raise.user_id }, body: { reason } },
  );
export const settleHold = (id: string, usd: number, reason: string) =>
  ask<HoldView>('POST', `v1/holds/${encodeURIComponent(id)}/settle`, { body: { usd, reason } });
export const releaseHold = (id: string, reason: string) =>
  ask<HoldView>('POST', `v1/holds/${encodeURIComponent(id)}/release`, { body: { reason } });
export const resumeWebhook = (name: string) =>
  ask<WebhookView>('POST', `v1/webhooks/${encodeURIComponent(name)}/resume`);
export const replayEvent = (name: string, id: string) =>
  ask<ReplayView>('POST', `v1/webhooks/${encodeURIComponent(name)}/replay`, { body: { id } });
export const decideApproval = (id: string, verdict: 'approve' | 'deny', reason: string) =>
  ask<ApprovalView>('POST', `v1/approvals/${encodeURIComponent(id)}/${verdict}`, {
    body: { reason },
  });

/** How many live keys a filter finds; more than `most` are not counted. */
export async function countLiveKeys(
  query: Query,
  signal?: AbortSignal,
): Promise<{ count: number; more: boolean; keys: readonly KeyView[] }> {
  const page = await readKeys({ ...query, status: 'active', limit: 1_000 }, signal);
  return { count: page.keys.length, more: page.cursor !== undefined, keys: page.keys };
}

/** A subject as the parameters of a list name it. */
export function subjectQuery(subject: SubjectView & { vendor?: string }): Query {
  const { tenant_id, user_id, run_id, tool, vendor } = subject;
  return { tenant_id, user_id, run_id, tool, vendor };
}
