import { LONGEST_LIFE_MS } from '../../../contract/expires-in';
import { DAY_MS } from '../../budgets/period';
import { isLive } from '../../keys/key';
import type { KeyRecord } from '../../keys/key';
import type { Approval } from '../../approvals/approval';
import type { AgingRows, Book, VendorObject } from '../book';
import type { Note } from '../notes';
import { isPageSessionOver } from '../page-session';
import type { Hold, LeaseRecord } from '../records';
import { isOver as isWindowOver } from './call-window';
import { keyBalanceName, keyIdOf } from './caps';
import { rootOf } from './objects';
import { isForgotten, isOver } from './operation';
import type { NamedOperation } from './operation';
import { isOldSpend } from './spend';
import { isOldThreshold } from './told-threshold';
import { isOldParkedEvent } from './webhooks';

/** Rows of one table that may leave, and where the walk goes on. */
export interface OldRows<Table extends keyof AgingRows> {
  table: Table;
  rows: readonly AgingRows[Table][];
  next?: string;
}

/** How many rows of each table are looked at in one turn: about a millisecond of work. */
const SLICE_ROWS: Readonly<Record<keyof AgingRows, number>> = {
  holds: 32,
  keys: 100,
  operations: 500,
  objects: 500,
  notes: 500,
  leases: 100,
};

/** How long the balances of days stay: a budget counts 31 of them at most. */
const KEPT_BALANCES_MS = 62 * DAY_MS;

/** In this order: a key leaves once its holds have left, an object too. */
export const AGING_TABLES = ['holds', 'keys', 'operations', 'objects', 'notes', 'leases'] as const;

/**
 * The rows of a slice that nothing can refer to any more.
 *
 * @param keptMs How long a row stays after its end, in milliseconds: at least two days, so that no
 *   balance of theirs is one that can still refuse a call.
 */
export function oldRows<Table extends keyof AgingRows>(
  book: Book,
  table: Table,
  from: string | undefined,
  keptMs: number,
): OldRows<Table> {
  const { rows, next } = book.walk(table, from, SLICE_ROWS[table]);
  const until = book.now - keptMs;
  const { isOld, isNew } = RULES[table];
  // Those that follow have begun later.
  const isEnd =
    next === undefined || (isNew !== undefined && rows.some((row) => isNew(row, until)));
  return {
    table,
    rows: rows.filter((row) => isOld(book, row, until)),
    ...(isEnd ? {} : { next }),
  };
}

/** Deletes rows, and what they count in balances. */
export function forget<Table extends keyof AgingRows>(
  book: Book,
  { table, rows }: OldRows<Table>,
): void {
  for (const row of rows) {
    RULES[table].takeBack?.(book, row);
    book.forget(table, row);
  }
}

interface AgingRule<Row> {
  /** Whether a row may leave. */
  isOld: (book: Book, row: Row, until: number) => boolean;
  /** Whether a row began too late for those after it to be old. */
  isNew?: (row: Row, until: number) => boolean;
  takeBack?: (book: Book, row: Row) => void;
}

const RULES: { readonly [Table in keyof AgingRows]: AgingRule<AgingRows[Table]> } = {
  holds: {
    isOld: isOldHold,
    isNew: ({ createdAt }, until) => createdAt >= until,
    takeBack: takeBackHold,
  },
  keys: {
    isOld: isOldKey,
    isNew: ({ createdAt }, until) => createdAt >= until,
    takeBack: (book, { id }) => book.deleteBalance(keyBalanceName(id)),
  },
  operations: { isOld: isOldOperation },
  objects: { isOld: isOldObject },
  notes: { isOld: isOldNote },
  leases: { isOld: isOldLease },
};

function isOldHold(book: Book, hold: Hold, until: number): boolean {
  const { state, endedAt, chargedTo, refundOf } = hold;
  const hasEnded = state === 'settled' || state === 'released';
  if (!hasEnded || endedAt === null || endedAt >= until) return false;
  // What counts in a day stays while a month that it is in, or the one before, is looked at.
  const counts = hold.settledMicros !== 0 || hold.undoneMicros !== 0;
  if (counts && hold.createdAt >= book.now - KEPT_BALANCES_MS) return false;
  // So long as a payment may be undone, each refund of it counts.
  if (refundOf !== null && book.hasHolds({ ...hold, id: refundOf })) return false;
  return chargedTo.every((name) => !isOfLiveKey(book, name));
}

/** No balance of a hold that is old can refuse a call: its day is over, and its keys are dead. */
function takeBackHold(
  book: Book,
  { chargedTo, createdAt, settledMicros, undoneMicros }: Hold,
): void {
  if (settledMicros !== 0 || undoneMicros !== 0) {
    book.charge(chargedTo, { spent: 0 - settledMicros, undone: 0 - undoneMicros }, createdAt);
  }
  for (const name of chargedTo) if (isEmpty(book, name)) book.deleteBalance(name);
}

function isOldKey(book: Book, key: KeyRecord, until: number): boolean {
  const { id, expiresAt, revokedAt = Infinity } = key;
  return Math.min(expiresAt, revokedAt) < until && isEmpty(book, keyBalanceName(id));
}

function isOldOperation(book: Book, { operation }: NamedOperation): boolean {
  if (operation.inFlight > 0 || !isForgotten(operation, book.now)) return false;
  const hold = operation.holdId === undefined ? undefined : book.hold(operation.holdId);
  return isOver(operation, hold, book.now);
}

function isOldObject(book: Book, object: VendorObject, until: number): boolean {
  return object.seenAt < until && !book.hasHolds(rootOf(book, object));
}

function isOldNote(book: Book, { kind, name, value }: Note, until: number): boolean {
  switch (kind) {
    case 'window':
      return isWindowOver(value, book.now);
    case 'page_session':
      return isPageSessionOver(value, book.now);
    case 'approval':
      return isOldApproval(value, until);
    case 'approval_of': {
      const approval = book.note('approval', value);
      return approval === undefined || isOldApproval(approval, until);
    }
    case 'approvals_pending':
      return value.every(({ expiresAt }) => expiresAt <= book.now);
    case 'spend':
    case 'spend_hour':
      return isOldSpend(name, book.now);
    case 'threshold':
      return isOldThreshold(value, book.now);
    case 'parked_event':
      return isOldParkedEvent(value, book.now);
    case 'spend_cursor':
    case 'webhook':
      return false;
  }
}

/** What was answered, or not, so long ago that no call can pass by it. */
function isOldApproval({ expiresAt }: Approval, until: number): boolean {
  return expiresAt < until;
}

/** No key of a lease lives longer than a day after it. */
function isOldLease(book: Book, { expiresAt }: LeaseRecord): boolean {
  return expiresAt < book.now - LONGEST_LIFE_MS;
}

function isOfLiveKey(book: Book, balanceName: string): boolean {
  const id = keyIdOf(balanceName);
  const key = id === undefined ? undefined : book.key(id);
  return key !== undefined && isLive(key, book.now);
}

function isEmpty(book: Book, balanceName: string): boolean {
  const { spent, held, undone } = book.balance(balanceName);
  return spent === 0 && held === 0 && undone === 0;
}
