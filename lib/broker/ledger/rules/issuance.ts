import { auditRowOf } from '../../audit/audit-entry';
import { brakeOver } from '../../brakes/brake';
import { isLive } from '../../keys/key';
import type { KeyRecord } from '../../keys/key';
import type { Actor } from '../../operators/actor';
import { brakedBy, invalidFields } from '../../refusal';
import type { FieldIssue } from '../../refusal';
import type { Book } from '../book';
import type { LeaseRecord, RevokeDecision } from '../records';
import { MAX_PARENTS, ancestorsOf, lineOf } from './ancestry';
import { keyBalanceName } from './caps';

/** What a key depends on. */
export interface KeyLinks {
  parentId?: string | undefined;
  leaseId?: string | undefined;
}

/** @throws BrokerRefusal where its parent or its lease is not live, or a brake stops it. */
export function checkIssue(book: Book, key: KeyRecord): void {
  const { vendor, subject, parentId } = key;
  const faults = linkFaults(book, { parentId, leaseId: key.lease?.id });
  if (faults.length > 0) throw invalidFields(faults);
  const brakes = book.brakes();
  if (brakes.length === 0) return;
  const keyIds = ancestorsOf(book, key).map(({ id }) => id);
  const brake = brakeOver(brakes, { keyIds, vendor, subject }, book.now);
  if (brake !== undefined) throw brakedBy(brake.scope, brake.reason);
}

/** Writes a key that was checked; the keys above it are written before it. */
export function writeIssue(book: Book, key: KeyRecord, by: Actor): void {
  book.addKey(key);
  book.charge([keyBalanceName(key.id)], {});
  book.log(auditRowOf('issue', key.createdAt, key, by));
}

/** What is wrong with what a key would depend on. */
export function linkFaults(book: Book, { parentId, leaseId }: KeyLinks): FieldIssue[] {
  const faults: FieldIssue[] = [];
  if (parentId !== undefined) {
    const message = parentFault(book, parentId);
    if (message !== undefined) faults.push({ field: 'parent_id', message });
  }
  if (leaseId !== undefined) {
    const lease = book.lease(leaseId);
    if (lease === undefined || lease.expiresAt <= book.now) {
      faults.push({ field: 'lease_id', message: 'is not the id of a live lease' });
    }
  }
  return faults;
}

export function revoke(book: Book, ids: readonly string[], by: Actor): RevokeDecision {
  const revokedAt = new Map<string, number>();
  const unknown: string[] = [];
  for (const id of ids) {
    const key = book.key(id);
    if (key === undefined) {
      unknown.push(id);
    } else if (key.revokedAt !== undefined) {
      revokedAt.set(id, key.revokedAt);
    } else {
      book.revokeKey(key, book.now);
      revokedAt.set(id, book.now);
      book.log(auditRowOf('revoke', book.now, key, by));
    }
  }
  return { revokedAt, unknown };
}

/** Begins a lease. */
export function beginLease(book: Book, id: string, ttlMs: number): LeaseRecord {
  const lease = { id, ttlMs, expiresAt: book.now + ttlMs };
  book.putLease(lease);
  return lease;
}

/** Returns `undefined` where the lease is unknown or has lapsed: a lapsed lease stays lapsed. */
export function renewLease(book: Book, id: string): LeaseRecord | undefined {
  const lease = book.lease(id);
  if (lease === undefined || lease.expiresAt <= book.now) return undefined;
  const renewed = { ...lease, expiresAt: book.now + lease.ttlMs };
  book.putLease(renewed);
  return renewed;
}

/** Returns false where there was never such a lease. */
export function endLease(book: Book, id: string): boolean {
  const lease = book.lease(id);
  if (lease === undefined) return false;
  book.putLease({ ...lease, expiresAt: Math.min(lease.expiresAt, book.now) });
  return true;
}

function parentFault(book: Book, parentId: string): string | undefined {
  const parent = book.key(parentId);
  if (parent === undefined || !isLive(parent, book.now)) return 'is not the id of a live key';
  const { ancestors, missingId } = lineOf(book, parent);
  if (missingId !== undefined) return `is below the key ${missingId}, which is not in the store`;
  return ancestors.length + 1 > MAX_PARENTS
    ? `has more than ${MAX_PARENTS} keys above it`
    : undefined;
}
