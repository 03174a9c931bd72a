import { labelFault } from '../../contract/label-rule';
import { unknownFields } from '../known-fields';
import { parseLimits } from '../limits/limits-request';
import { capFault, capToMicros } from '../../contract/usd';
import type { Actor } from '../operators/actor';
import { reasonFaults } from '../operators/reason';
import type { FieldIssue } from '../refusal';
import { ANY_ID, subjectsOf } from './budget';
import { BUDGET_SCOPES } from '../../contract/scopes';
import type { Budget, BudgetRule, BudgetSubject } from './budget';
import type { BudgetScope } from '../../contract/scopes';

const MAX_ID = 128;
/** Within what the ids of a scope are counted; the rest are counted alone. */
const WITHIN: Readonly<Record<BudgetScope, readonly ('tenant_id' | 'user_id')[]>> = {
  tenant: [],
  user: ['tenant_id'],
  run: ['tenant_id', 'user_id'],
  tool: [],
  vendor: [],
};

/**
 * Whom a budget caps, as its path and its `tenant_id` and `user_id` name it. Without these it caps
 * the id within each tenant and user; empty, they mean the keys without one.
 */
export interface BudgetPath {
  scope: string;
  id: string;
  tenant_id?: unknown;
  user_id?: unknown;
}

/** Reads whom a budget caps, without coercing anything. */
export function parseBudgetRule(path: BudgetPath): { rule: BudgetRule } | { faults: FieldIssue[] } {
  const { id } = path;
  const scope = BUDGET_SCOPES.find((each) => each === path.scope);
  if (scope === undefined) {
    return { faults: [{ field: 'scope', message: `must be one of ${BUDGET_SCOPES.join(', ')}` }] };
  }
  const faults: FieldIssue[] = [];
  const idFault = labelFault(id, MAX_ID);
  if (idFault !== undefined) faults.push({ field: 'id', message: idFault });
  const within: { tenant_id?: string; user_id?: string } = {};
  for (const field of ['tenant_id', 'user_id'] as const) {
    const value = path[field];
    if (value === undefined) continue;
    const message = !WITHIN[scope].includes(field)
      ? `does not go with the scope ${scope}`
      : value === ''
        ? undefined
        : labelFault(value, MAX_ID);
    if (message === undefined) within[field] = value as string;
    else faults.push({ field, message });
  }
  if (faults.length > 0) return { faults };
  return { rule: { scope, tenant: within.tenant_id, user: within.user_id, id } };
}

/** Reads the body of `PUT /v1/budgets/{scope}/{id}`. */
export function parseBudgetRequest(
  { scope, id }: Pick<BudgetPath, 'scope' | 'id'>,
  body: unknown,
  vendors: ReadonlySet<string>,
  by: Actor,
): { budget: Budget; reason: string | undefined } | { faults: FieldIssue[] } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { faults: [{ field: '', message: 'the body must be a JSON object' }] };
  }
  const {
    daily_usd_cap: cap,
    tenant_id,
    user_id,
    reason,
    ...rest
  } = body as Record<string, unknown>;
  const parsed = parseBudgetRule({ scope, id, tenant_id, user_id });
  const isVendorKnown =
    scope !== 'vendor' || id === ANY_ID || vendors.has(id) || 'faults' in parsed;
  const message = capFault(cap);
  const { limits, faults: limitFaults } = parseLimits(rest['limits']);
  const faults = [
    ...unknownFields(body, ['daily_usd_cap', 'limits', 'tenant_id', 'user_id', 'reason']),
    ...('faults' in parsed ? parsed.faults : []),
    ...(isVendorKnown ? [] : [{ field: 'id', message: vendorFault(vendors) }]),
    ...(message === undefined ? [] : [{ field: 'daily_usd_cap', message }]),
    ...limitFaults,
    ...reasonFaults(reason, by),
  ];
  if (faults.length > 0 || 'faults' in parsed) return { faults };
  return {
    budget: {
      ...parsed.rule,
      capMicros: capToMicros(cap as number),
      ...(limits === undefined ? {} : { limits }),
    },
    reason: reason as string | undefined,
  };
}

/** Whose caps `GET /v1/budgets/effective` is asked for, as its parameters name it. */
export interface EffectiveBudgetsQuery {
  tenant_id?: string;
  user_id?: string;
  run_id?: string;
  tool?: string;
  vendor?: string;
}

/** Reads whose caps are asked for: what is absent or empty is what a key without it has. */
export function parseEffectiveBudgets(
  { vendor, ...subject }: EffectiveBudgetsQuery,
  vendors: ReadonlySet<string>,
): { subjects: BudgetSubject[] } | { faults: FieldIssue[] } {
  const named = Object.entries(subject).filter(([, value]) => value !== '');
  const faults = named.flatMap(([field, value]): FieldIssue[] => {
    const message = labelFault(value, MAX_ID);
    return message === undefined ? [] : [{ field, message }];
  });
  const asked = vendor === undefined || vendor === '' ? [...vendors] : [vendor];
  if (!asked.every((each) => vendors.has(each))) {
    faults.push({ field: 'vendor', message: vendorFault(vendors) });
  }
  if (faults.length > 0) return { faults };
  const [first = '', ...others] = asked;
  return {
    subjects: [
      ...subjectsOf(Object.fromEntries(named), first),
      ...others.map((id) => ({ scope: 'vendor', tenant: '', user: '', id }) as const),
    ],
  };
}

function vendorFault(vendors: ReadonlySet<string>): string {
  return `must be one of the configured vendors: ${[...vendors].join(', ')}`;
}
