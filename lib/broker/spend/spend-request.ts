import { firstSpendDay } from '../ledger/rules/spend';
import { SPEND_DAYS } from '../ledger/rules/spend-sums';
import { dayOf } from '../budgets/budget';
import { pageFaults } from '../page';
import type { FieldIssue } from '../refusal';

/** One thing that spend can be grouped by. */
export type SpendGroup = 'day' | 'hour' | 'tenant' | 'user' | 'tool' | 'vendor';

/** What spend can be grouped by, in the order in which rows name it. */
export const SPEND_GROUPS: readonly SpendGroup[] = [
  'day',
  'hour',
  'tenant',
  'user',
  'tool',
  'vendor',
];

/** What rows may be in the order of, beside what they are grouped by. */
const SPEND_ORDERS = ['spent'] as const;

type SpendOrder = (typeof SPEND_ORDERS)[number];

/** What `GET /v1/spend` takes. */
export interface SpendQuery {
  /** `day`, `hour`, `tenant`, `user`, `tool`, `vendor`, with commas between them; `day` where it is absent. */
  by?: string;
  /** The first day (UTC), `2026-11-01`; where it is absent, the first of the month of the last. */
  from?: string;
  /** The last day (UTC), whose spend is in it; today where it is absent. */
  to?: string;
  /** Empty: of keys without a tenant. */
  tenant_id?: string;
  /** Empty: of keys without a user. */
  user_id?: string;
  /** Empty: of keys without a tool. */
  tool?: string;
  vendor?: string;
  /** `spent`: the most spent first. Where it is absent, rows are in the order of what they are grouped by. */
  order?: string;
}

/** Of a list, which page. */
export interface SpendPageQuery extends SpendQuery {
  /** 1–1,000, which is what it is where it is absent. */
  limit?: number;
  cursor?: string;
}

/** Which spend, by what. */
export interface SpendReport {
  /** In the order of {@link SPEND_GROUPS}. */
  by: readonly SpendGroup[];
  from: string;
  to: string;
  /** What a row has to have, by its field; `null` is nothing. */
  filter: Readonly<Partial<Record<'tenant' | 'user' | 'tool' | 'vendor', string | null>>>;
  /** Absent: in the order of {@link by}. */
  order?: SpendOrder;
}

export const MAX_SPEND_ROWS = 1_000;

const FILTERS = { tenant_id: 'tenant', user_id: 'user', tool: 'tool', vendor: 'vendor' } as const;
/** What the rows of an hour are not told apart by. */
const NOT_BY_HOUR = ['day', 'tenant', 'user', 'tool'] as const;

/** Reads what `GET /v1/spend` is asked for. */
export function parseSpendQuery(
  query: SpendPageQuery,
  now: number,
): { report: SpendReport } | { faults: FieldIssue[] } {
  const { by: groups = 'day', order, limit } = query;
  const names = groups.split(',');
  const by = SPEND_GROUPS.filter((each) => names.includes(each));
  const faults: FieldIssue[] = [];
  if (by.length !== names.length) {
    const message = `must be some of ${SPEND_GROUPS.join(', ')}, each once, with commas between them`;
    faults.push({ field: 'by', message });
  }
  if (order !== undefined && !isOrder(order)) {
    faults.push({ field: 'order', message: `must be ${SPEND_ORDERS.join(' or ')}` });
  }
  faults.push(...dayFaults(query, now), ...hourFaults(by, query));
  if (limit !== undefined) faults.push(...pageFaults({ limit }));
  if (faults.length > 0) return { faults };
  const { to = dayOf(now) } = query;
  const { from = later(`${to.slice(0, 'YYYY-MM'.length)}-01`, firstSpendDay(now)) } = query;
  if (from > to) return { faults: [{ field: 'from', message: `must not be after ${to}` }] };
  const given = Object.entries(FILTERS).flatMap(([field, name]) => {
    const value = query[field as keyof typeof FILTERS];
    return value === undefined ? [] : [[name, value === '' ? null : value] as const];
  });
  const filter = Object.fromEntries(given);
  return { report: { by, from, to, filter, ...(isOrder(order) ? { order } : {}) } };
}

function dayFaults(query: SpendQuery, now: number): FieldIssue[] {
  return (['from', 'to'] as const).flatMap((field): FieldIssue[] => {
    const value = query[field];
    if (value === undefined) return [];
    if (!isDay(value)) return [{ field, message: 'must be a day (UTC), such as 2026-11-23' }];
    const first = firstSpendDay(now);
    if (value >= first) return [];
    return [
      { field, message: `must not be before ${first}: spend is kept for ${SPEND_DAYS} days` },
    ];
  });
}

function hourFaults(by: readonly SpendGroup[], query: SpendQuery): FieldIssue[] {
  if (!by.includes('hour')) return [];
  const fields: readonly (keyof SpendQuery)[] = ['tenant_id', 'user_id', 'tool'];
  const groups = NOT_BY_HOUR.filter((each) => by.includes(each));
  return [
    ...groups.map((each) => ({
      field: 'by',
      message: `cannot have ${each} beside hour, which goes with vendor alone`,
    })),
    ...fields
      .filter((field) => query[field] !== undefined)
      .map((field) => ({ field, message: 'does not go with hour, which is kept by vendor alone' })),
  ];
}

function isOrder(text: string | undefined): text is SpendOrder {
  return SPEND_ORDERS.some((each) => each === text);
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const at = Date.parse(text);
  return !Number.isNaN(at) && dayOf(at) === text;
}

function later(one: string, other: string): string {
  return one > other ? one : other;
}
