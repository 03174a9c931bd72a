import { labelFault } from '../../contract/label-rule';
import { unknownFields } from '../known-fields';
import { parseLimits } from '../limits/limits-request';
import { MODE_RULE, PERIOD_RULE, isMode, isPeriod } from '../../contract/budget-periods';
import type { BudgetMode, BudgetPeriod } from '../../contract/budget-periods';
import { capFault, capToMicros } from '../../contract/usd';
import type { Actor } from '../operators/actor';
import { reasonFaults } from '../operators/reason';
import type { FieldIssue } from '../refusal';
import { ANY_ID, subjectsOf } from './budget';
import { BUDGET_SCOPES } from '../../contract/scopes';
import type { Budget, BudgetSubject, RuleSubject } from './budget';
import type { BudgetScope } from '../../contract/scopes';

const MAX_ID = 128;
const BUDGET_FIELDS =
  'daily_usd_cap approve_above_usd limits period mode tenant_id user_id reason'.split(' ');
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
export interface SubjectPath {
  scope: string;
  id: string;
  tenant_id?: unknown;
  user_id?: unknown;
}

/** Which budget is meant: that of the day, and the one that refuses before the one that only records. */
export interface BudgetPath extends SubjectPath {
  period?: unknown;
  mode?: unknown;
}

/** Which budget of a subject is meant; without a mode whichever there is. */
export interface BudgetAddress {
  subject: RuleSubject;
  period: BudgetPeriod;
  mode?: BudgetMode;
}

/** Reads which budget is meant, without coercing anything. */
export function parseBudgetPath({
  period = 'day',
  mode,
  ...path
}: BudgetPath): { address: BudgetAddress } | { faults: FieldIssue[] } {
  const parsed = parseRuleSubject(path);
  const faults = 'faults' in parsed ? parsed.faults : [];
  if (!isPeriod(period)) faults.push({ field: 'period', message: PERIOD_RULE });
  if (mode !== undefined && !isMode(mode)) faults.push({ field: 'mode', message: MODE_RULE });
  if (faults.length > 0 || 'faults' in parsed) return { faults };
  const address = { subject: parsed.rule, period: period as BudgetPeriod };
  return { address: mode === undefined ? address : { ...address, mode: mode as BudgetMode } };
}

/** Reads whom a rule is for, without coercing anything. */
export function parseRuleSubject(
  path: SubjectPath,
): { rule: RuleSubject } | { faults: FieldIssue[] } {
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
  const { period = 'day', mode = 'enforce' } = rest;
  const parsed = parseRuleSubject({ scope, id, tenant_id, user_id });
  const isVendorKnown =
    scope !== 'vendor' || id === ANY_ID || vendors.has(id) || 'faults' in parsed;
  const message = capFault(cap);
  const { limits, faults: limitFaults } = parseLimits(rest);
  const faults = [
    ...unknownFields(body, BUDGET_FIELDS),
    ...('faults' in parsed ? parsed.faults : []),
    ...(isVendorKnown ? [] : [{ field: 'id', message: vendorFault(vendors) }]),
    ...(message === undefined ? [] : [{ field: 'daily_usd_cap', message }]),
    ...(isPeriod(period) ? [] : [{ field: 'period', message: PERIOD_RULE }]),
    ...(isMode(mode) ? [] : [{ field: 'mode', message: MODE_RULE }]),
    ...limitFaults,
    ...reasonFaults(reason, by),
  ];
  if (faults.length > 0 || 'faults' in parsed) return { faults };
  return {
    budget: {
      ...parsed.rule,
      period: period as BudgetPeriod,
      mode: mode as BudgetMode,
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

export function vendorFault(vendors: ReadonlySet<string>): string {
  return `must be one of the configured vendors: ${[...vendors].join(', ')}`;
}
