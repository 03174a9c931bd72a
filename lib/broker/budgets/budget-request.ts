import { labelFault } from '../keys/label-rule';
import { unknownFields } from '../known-fields';
import { capFault, capToMicros } from '../money/usd';
import type { FieldFault } from '../refusal';
import { ANY_ID, BUDGET_SCOPES } from './budget';
import type { Budget, BudgetScope, BudgetSubject } from './budget';

const MAX_ID = 128;
/** Within what the ids of a scope are counted; the rest stand alone. */
const WITHIN: Readonly<Record<BudgetScope, readonly ('tenant_id' | 'user_id')[]>> = {
  tenant: [],
  user: ['tenant_id'],
  run: ['tenant_id', 'user_id'],
  tool: [],
  vendor: [],
};

/** Who a budget is over, as its path and its `tenant_id` and `user_id` name it. */
export interface BudgetPath {
  scope: string;
  id: string;
  tenant_id?: unknown;
  user_id?: unknown;
}

/** Reads whom a budget is over, without coercing anything. */
export function parseBudgetSubject(
  path: BudgetPath,
  vendors: ReadonlySet<string>,
): { subject: BudgetSubject } | { faults: FieldFault[] } {
  const { id } = path;
  const scope = BUDGET_SCOPES.find((each) => each === path.scope);
  if (scope === undefined) {
    return { faults: [{ field: 'scope', message: `must be one of ${BUDGET_SCOPES.join(', ')}` }] };
  }
  const faults: FieldFault[] = [];
  const idFault = labelFault(id, MAX_ID);
  if (idFault !== undefined) faults.push({ field: 'id', message: idFault });
  else if (scope === 'vendor' && id !== ANY_ID && !vendors.has(id)) {
    faults.push({
      field: 'id',
      message: `must be one of the configured vendors: ${[...vendors].join(', ')}`,
    });
  }
  const within = { tenant_id: '', user_id: '' };
  for (const field of ['tenant_id', 'user_id'] as const) {
    const value = path[field];
    if (value === undefined) continue;
    const message = WITHIN[scope].includes(field)
      ? labelFault(value, MAX_ID)
      : `does not go with the scope ${scope}`;
    if (message === undefined) within[field] = value as string;
    else faults.push({ field, message });
  }
  if (faults.length > 0) return { faults };
  return { subject: { scope, tenant: within.tenant_id, user: within.user_id, id } };
}

/** Reads the body of `PUT /v1/budgets/{scope}/{id}`. */
export function parseBudgetRequest(
  scope: string,
  id: string,
  body: unknown,
  vendors: ReadonlySet<string>,
): { budget: Budget } | { faults: FieldFault[] } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { faults: [{ field: '', message: 'the body must be a JSON object' }] };
  }
  const { daily_usd_cap: cap, tenant_id, user_id } = body as Record<string, unknown>;
  const parsed = parseBudgetSubject({ scope, id, tenant_id, user_id }, vendors);
  const message = capFault(cap);
  const faults = [
    ...unknownFields(body, ['daily_usd_cap', 'tenant_id', 'user_id']),
    ...('faults' in parsed ? parsed.faults : []),
    ...(message === undefined ? [] : [{ field: 'daily_usd_cap', message }]),
  ];
  if (faults.length > 0 || 'faults' in parsed) return { faults };
  return { budget: { ...parsed.subject, capMicros: capToMicros(cap as number) } };
}
