import { createHash } from 'node:crypto';
import type { MicroUsd } from '../../../contract/usd';
import type { AuditEntry } from '../../audit/audit-entry';

/** How long a row stays: so many days (UTC) before today, and today. */
export const SPEND_DAYS = 400;

/** Who has spent, and where; `null` for what the key did not have. */
export interface SpendSubject {
  tenant: string | null;
  user: string | null;
  tool: string | null;
  vendor: string | null;
}

/** What some rows of the audit log come to. */
export interface SpendSums {
  /** What calls have spent, before anything was given back. */
  settled: MicroUsd;
  /** What captures, cancels and updates have given back of it. */
  givenBack: MicroUsd;
  /** Spend that refunds have taken back. */
  undone: MicroUsd;
  /** What the calls that were refused had asked for. */
  refused: MicroUsd;
  /** Calls that were forwarded, and have ended. */
  calls: number;
  refusals: number;
}

/** The spend of one subject on one day (UTC). */
export type DaySpend = SpendSubject & SpendSums;

/** The spend at one vendor in one hour (UTC). */
export type HourSpend = Pick<SpendSubject, 'vendor'> & SpendSums;

export const NO_SPEND: SpendSums = {
  settled: 0,
  givenBack: 0,
  undone: 0,
  refused: 0,
  calls: 0,
  refusals: 0,
};

/** Adds to sums in place, so that a hundred thousand additions leave no garbage. */
export function addSums(sums: SpendSums, more: SpendSums): void {
  sums.settled += more.settled;
  sums.givenBack += more.givenBack;
  sums.undone += more.undone;
  sums.refused += more.refused;
  sums.calls += more.calls;
  sums.refusals += more.refusals;
}

/** Sums to which others are added. */
export function withSums<Sums extends SpendSums>(sums: Sums, more: SpendSums): Sums {
  const all = { ...sums };
  addSums(all, more);
  return all;
}

/** What rows of the audit log, one after the other, add to the spend of days and hours. */
export class SpendTurn {
  /** By their names. */
  readonly days = new Map<string, DaySpend>();
  readonly hours = new Map<string, HourSpend>();
  /** The name of each day's row, by what it is for: to draw one takes longer than to add. */
  readonly #names = new Map<string, string>();
  /** The number of the last row that it has, or has passed over. */
  last: number;

  /** @param after The number of the row that the first one follows. */
  constructor(readonly after: number) {
    this.last = after;
  }

  /** How many rows of spend it changes. */
  get size(): number {
    return this.days.size + this.hours.size;
  }

  add(entry: AuditEntry): void {
    const more = sumsOf(entry);
    if (more === undefined) return;
    const { tenant_id: tenant, user_id: user, tool, vendor } = entry;
    const subject = { tenant, user, tool, vendor };
    const day = dayOfEntry(entry);
    const name = this.#nameOf(day, subject);
    this.days.set(name, withSums(this.days.get(name) ?? { ...subject, ...NO_SPEND }, more));
    const hour = `${hourOfEntry(entry, day)}/${vendor ?? ''}`;
    this.hours.set(hour, withSums(this.hours.get(hour) ?? { vendor, ...NO_SPEND }, more));
  }

  #nameOf(day: string, subject: SpendSubject): string {
    const { tenant, user, tool, vendor } = subject;
    const key = JSON.stringify([day, tenant, user, tool, vendor]);
    const name = this.#names.get(key) ?? daySpendName(day, subject);
    this.#names.set(key, name);
    return name;
  }
}

/** What one row adds; `undefined` where that is nothing. */
function sumsOf(entry: AuditEntry): SpendSums | undefined {
  const { event, settled_micros, undone_micros, requested_micros, count } = entry;
  const settled = settled_micros ?? 0;
  const undone = undone_micros ?? 0;
  switch (event) {
    case 'call':
      return { ...NO_SPEND, settled, undone, calls: 1 };
    case 'settlement':
      return settled === 0 && undone === 0 ? undefined : { ...NO_SPEND, settled, undone };
    case 'give_back':
      return { ...NO_SPEND, givenBack: 0 - settled };
    case 'refusal':
      return { ...NO_SPEND, refused: requested_micros ?? 0, refusals: count ?? 1 };
    default:
      return undefined;
  }
}

function dayOfEntry({ day, at }: AuditEntry): string {
  return day ?? at.slice(0, 'YYYY-MM-DD'.length);
}

/** What comes after the end of its day counts in the last hour of it: so a day's hours add up to the day. */
function hourOfEntry({ at }: AuditEntry, day: string): string {
  return at.startsWith(day) ? at.slice(0, 'YYYY-MM-DDTHH'.length) : `${day}T23`;
}

/**
 * The name of a row: its day, and digests of what it is for, since that may be long. Those of one
 * tenant, and among them those of one user, stand together.
 */
export function daySpendName(day: string, subject: SpendSubject): string {
  const { tenant, user, tool, vendor } = subject;
  return `${daySpendPrefix(day, subject)}${digest([tenant, user, tool, vendor], 32)}`;
}

/** How the names of a day begin: of a tenant and a user where these are given. */
export function daySpendPrefix(
  day: string,
  { tenant, user }: Partial<Pick<SpendSubject, 'tenant' | 'user'>>,
): string {
  if (tenant === undefined) return `${day}/`;
  const ofTenant = `${day}/${digest([tenant], 8)}`;
  return user === undefined ? ofTenant : `${ofTenant}${digest([tenant, user], 8)}`;
}

function digest(texts: readonly (string | null)[], length: number): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, length);
}
