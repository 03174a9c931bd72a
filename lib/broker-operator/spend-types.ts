import type { SpendGroup } from '../broker/spend/spend-request';

/** Which spend, and by what it is grouped. */
export interface SpendQuery {
  /** `hour` goes alone or with `vendor`. @default ['day'] */
  by?: readonly SpendGroup[] | undefined;
  /** The first day (UTC), `YYYY-MM-DD`. @default the first of the month of the last day */
  from?: string | undefined;
  /** The last day (UTC), whose spend is in it. @default today */
  to?: string | undefined;
  /** `''`: of keys without a tenant. */
  tenantId?: string | undefined;
  /** `''`: of keys without a user. */
  userId?: string | undefined;
  /** `''`: of keys without a tool. */
  tool?: string | undefined;
  vendor?: string | undefined;
  /** `spent`: the most spent first. @default in the order of what rows are grouped by */
  order?: 'spent' | undefined;
}

/** The same, a page of it. */
export interface SpendPageQuery extends SpendQuery {
  /** How many rows at most, 1–1,000. @default 1,000 */
  limit?: number | undefined;
  /** That of the page before; absent for the first one. */
  cursor?: string | undefined;
}

/** Sums of spend. */
export interface SpendTotalsInfo {
  /** What calls have spent, before anything was given back. */
  settledUsd: number;
  /** What captures, cancels and updates have given back of it. */
  givenBackUsd: number;
  /** `settledUsd` less `givenBackUsd`: what counts under a cap. */
  spentUsd: number;
  /** Spend that refunds have taken back; absent where that is nothing. */
  undoneUsd?: number;
  /** What calls under way have reserved. */
  heldUsd: number;
  /** What calls with an unknown outcome have reserved. */
  unknownUsd: number;
  /** What the calls that were refused had asked for. */
  refusedUsd: number;
  /** Calls that were forwarded, and have ended. */
  calls: number;
  refusals: number;
}

/** A row of spend: what it is grouped by, and its sums. */
export interface SpendRowInfo extends SpendTotalsInfo {
  /** UTC, `YYYY-MM-DD`. */
  day?: string;
  /** When the hour began, ISO 8601, UTC. */
  hour?: string;
  /** `null`: of keys without one. */
  tenantId?: string | null;
  userId?: string | null;
  tool?: string | null;
  vendor?: string | null;
}

/** A page of spend; `cursor` asks for the next one. */
export interface SpendPageInfo {
  /** The first and the last day (UTC) whose spend is in it. */
  from: string;
  to: string;
  rows: readonly SpendRowInfo[];
  /** Of all rows, whatever the page. */
  totals: SpendTotalsInfo;
  cursor?: string;
}
