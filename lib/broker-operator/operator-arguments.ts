import { DEFAULT_LIMIT, pageFaults } from '../broker/page';
import { HOLD_STATES, KEY_STATUSES } from '../contract/states';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import type { AuditQuery } from './audit-types';
import { snakeCase } from './field-names';
import type {
  ApprovalQuery,
  BudgetAddress,
  BudgetTarget,
  BudgetTerms,
  ChangedBy,
  HoldQuery,
  KeyQuery,
  PageQuery,
} from './operator-types';
import type { SpendQuery } from './spend-types';

/** What a filter may say, where it is not any text. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  status: KEY_STATUSES,
  state: HOLD_STATES,
};

export const SUBJECT = ['tenantId', 'userId', 'runId', 'tool'] as const;
export const KEY_FILTERS: readonly (keyof KeyQuery)[] = [...SUBJECT, 'status', 'vendor'];
const APPROVAL_FILTERS: readonly (keyof ApprovalQuery)[] = ['vendor', 'tenantId', 'userId'];
export const HOLD_FILTERS: readonly (keyof HoldQuery)[] = ['state', 'vendor', 'keyId'];
const SPEND_FILTERS: readonly (keyof SpendQuery)[] = [
  'by',
  'from',
  'to',
  'tenantId',
  'userId',
  'tool',
  'vendor',
  'order',
];
export const AUDIT_FILTERS: readonly (keyof AuditQuery)[] = [
  ...SUBJECT,
  'actor',
  'keyId',
  'callId',
  'event',
  'vendor',
  'verdict',
  'from',
  'to',
];

const TARGET = ['scope', 'id', 'tenantId', 'userId'];

export function wireTarget(target: BudgetTarget) {
  const { scope, id, ...within } = wireFields(target, TARGET);
  return { scope: String(scope), id: String(id), ...within };
}

export function wireAddress(target: BudgetAddress) {
  const { scope, id, ...within } = wireFields(target, [...TARGET, 'period', 'mode']);
  return { scope: String(scope), id: String(id), ...within };
}

/** What is given without a value must not come to mean that nothing is limited. */
export function wireLimits(terms: BudgetTerms): Record<string, unknown> {
  const given = Object.entries(terms);
  if (given.length === 0) {
    throw CallRefusedException.forArgument('limits', 'is empty: leave it out, or name a limit');
  }
  const limits: Record<string, unknown> = {};
  const wire: Record<string, unknown> = {};
  for (const [name, value] of given as [string, unknown][]) {
    if (value === undefined) {
      throw CallRefusedException.forArgument(`limits.${name}`, 'has no value: leave it out');
    }
    (name === 'approveAboveUsd' ? wire : limits)[snakeCase(name)] = value;
  }
  return { ...wire, ...(Object.keys(limits).length === 0 ? {} : { limits }) };
}

/** Its states are others than those of holds, and the broker knows them. */
export function approvalQuery({ state, limit, cursor, ...query }: ApprovalQuery) {
  const filter = {
    ...wireFields(query, APPROVAL_FILTERS),
    ...(state === undefined ? {} : { state }),
  };
  return { filter, limit, cursor };
}

export function wireReason(by: ChangedBy): { reason: string } | undefined {
  const { reason } = wireFields(by, ['operator', 'reason']);
  return reason === undefined ? undefined : { reason };
}

export function listQuery(query: PageQuery, filters: readonly string[]) {
  const { limit = DEFAULT_LIMIT, cursor, ...filter } = query;
  checkPage({ limit, cursor });
  return { filter: wireFields(filter, filters), limit, cursor };
}

export function checkPage(page: PageQuery): void {
  const [fault] = pageFaults(page);
  if (fault !== undefined) throw CallRefusedException.forArgument(fault.field, fault.message);
}

/** Days stay as they are: they are no instants. */
export function spendFields({ by, from, to, ...filter }: SpendQuery): Record<string, string> {
  if (by !== undefined && !Array.isArray(by)) {
    throw CallRefusedException.forArgument('by', 'must be an array');
  }
  return {
    ...wireFields(filter, SPEND_FILTERS),
    ...(by === undefined ? {} : { by: by.join(',') }),
    ...(from === undefined ? {} : { from: text('from', from) }),
    ...(to === undefined ? {} : { to: text('to', to) }),
  };
}

/** The fields given, by their names on the wire. */
export function wireFields(given: object, names: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!names.includes(name)) {
      throw CallRefusedException.forArgument(name, `is unknown here; use ${names.join(', ')}`);
    }
    fields[snakeCase(name)] =
      name === 'from' || name === 'to' ? instant(name, value) : text(name, value);
  }
  return fields;
}

function text(name: string, value: unknown): string {
  if (typeof value !== 'string') throw CallRefusedException.forArgument(name, 'must be a string');
  const values = VALUES[name];
  if (values !== undefined && !values.includes(value)) {
    throw CallRefusedException.forArgument(name, `must be one of ${values.join(', ')}`);
  }
  return value;
}

function instant(name: string, value: unknown): string {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) {
    throw CallRefusedException.forArgument(name, 'must be a valid Date');
  }
  return value.toISOString();
}
