import { toUsd } from '../../contract/usd';
import { undoneView } from '../keys/undone-view';
import type { SpendEntry } from '../ledger/spend';
import type { SpendGroup } from './spend-request';

/** What is summed in a row: all but when, whose and where. */
export type SpendTotals = Omit<SpendEntry, 'time' | 'tenant' | 'user' | 'tool' | 'vendor'>;

/** Sums of spend as the management API shows them. */
export interface SpendTotalsView {
  /** What calls have spent, before anything was given back. */
  settled_usd: number;
  /** What captures, cancels and updates have given back of it. */
  given_back_usd: number;
  /** `settled_usd` less `given_back_usd`: what counts under a cap, as in a budget's `spent_usd`. */
  spent_usd: number;
  /** Spend that refunds have taken back; absent where that is nothing. */
  undone_usd?: number;
  /** What calls under way have reserved. */
  held_usd: number;
  /** What calls with an unknown outcome have reserved. */
  unknown_usd: number;
  /** What the calls that were refused had asked for. */
  refused_usd: number;
  /** Calls that were forwarded, and have ended. */
  calls: number;
  refusals: number;
}

/** A row of spend: what it is grouped by, and its sums. */
export interface SpendRowView extends SpendTotalsView {
  /** UTC. */
  day?: string;
  /** When the hour began, ISO 8601, UTC. */
  hour?: string;
  /** `null`: of keys without one. */
  tenant_id?: string | null;
  user_id?: string | null;
  tool?: string | null;
  vendor?: string | null;
}

/** A page of spend; `cursor` asks for the next one. */
export interface SpendPage {
  /** The first and the last day (UTC) whose spend is in it. */
  from: string;
  to: string;
  rows: readonly SpendRowView[];
  /** Of all rows, whatever the page. */
  totals: SpendTotalsView;
  /** Absent on the last page. */
  cursor?: string;
}

/** What stands between the parts of a key: before all that a name may hold, so that keys are in the order of their parts. */
export const BETWEEN = '\u0000';

/** What the sums of an entry are grouped under: its parts in their order, and nothing for one that it lacks. */
export function spendKey(entry: SpendEntry, by: readonly SpendGroup[]): string {
  return by
    .map((group) => (group === 'day' || group === 'hour' ? entry.time : (entry[group] ?? '')))
    .join(BETWEEN);
}

/** The parts of a key, in the order of what it is grouped by. */
export function partsOfKey(key: string): string[] {
  return key.split(BETWEEN);
}

/** A key as the cursor of the page after it. */
export function cursorOf(key: string): string {
  return Buffer.from(key).toString('base64url');
}

/** The rule of a cursor's form: what an earlier page gave. */
export function cursorFault(cursor: string): string | undefined {
  return /^[A-Za-z0-9_-]{1,4096}$/.test(cursor)
    ? undefined
    : 'must be the cursor of an earlier page';
}

/** The key of a cursor; `undefined` where it is of no list whose keys have so many parts. */
export function keyOfCursor(cursor: string, parts: number): string | undefined {
  const key = Buffer.from(cursor, 'base64url').toString();
  return cursorOf(key) === cursor && partsOfKey(key).length === parts ? key : undefined;
}

export function spendRowView(
  key: string,
  sums: SpendTotals,
  by: readonly SpendGroup[],
): SpendRowView {
  const parts = partsOfKey(key);
  const groups: Partial<SpendRowView> = {};
  for (const [i, group] of by.entries()) {
    const part = parts[i] ?? '';
    if (group === 'day') groups.day = part;
    else if (group === 'hour') groups.hour = `${part}:00:00.000Z`;
    else groups[FIELDS[group]] = part === '' ? null : part;
  }
  return { ...groups, ...spendTotalsView(sums) };
}

export function spendTotalsView(sums: SpendTotals): SpendTotalsView {
  return {
    settled_usd: toUsd(sums.settled),
    given_back_usd: toUsd(sums.givenBack),
    spent_usd: toUsd(sums.settled - sums.givenBack),
    ...undoneView(sums.undone),
    held_usd: toUsd(sums.held),
    unknown_usd: toUsd(sums.unknown),
    refused_usd: toUsd(sums.refused),
    calls: sums.calls,
    refusals: sums.refusals,
  };
}

/** What the API calls what spend is grouped by. */
export const FIELDS = {
  day: 'day',
  hour: 'hour',
  tenant: 'tenant_id',
  user: 'user_id',
  tool: 'tool',
  vendor: 'vendor',
} as const satisfies Readonly<Record<SpendGroup, keyof SpendRowView>>;
