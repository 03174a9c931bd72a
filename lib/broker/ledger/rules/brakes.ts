import type { AuditRow } from '../../audit/audit-entry';
import { brakeOver, isInForce } from '../../brakes/brake';
import type { Brake, BrakeSubject } from '../../brakes/brake';
import { instantText } from '../../instant';
import type { KeyRecord } from '../../keys/key';
import type { Book } from '../book';
import type { BrakeOrder, LiftedBrake } from '../records';
import { lineOf } from './ancestry';
import { checkRole } from '../../operators/rights';
import type { Actor, Cause } from '../../operators/actor';
import { auditOfRule, changeRow } from './audit-rows';

/** A live key, as brakes look at it. */
type LiveSubject = BrakeSubject & { id: string };

/** The first active brake that stops a key. */
export function brakeOn(book: Book, key: KeyRecord): Brake | undefined {
  const brakes = book.brakes();
  return brakes.length === 0 ? undefined : brakeOver(brakes, brakingOf(book, key), book.now);
}

export function activeBrakes(book: Book): Brake[] {
  return book.brakes().filter((brake) => isInForce(brake, book.now));
}

/** What brakes look at; of the keys above it, those that the store has. */
export function brakingOf(book: Book, key: KeyRecord): BrakeSubject {
  const { id, vendor, subject } = key;
  const keyIds = [id, ...lineOf(book, key).ancestors.map((each) => each.id)];
  return { keyIds, vendor, subject };
}

/** Whether a brake stops a live key. */
export function stops(book: Book, brake: Brake, live: LiveSubject, now: number): boolean {
  const key = brake.scope === 'key' ? book.key(live.id) : undefined;
  return brakeOver([brake], key === undefined ? live : brakingOf(book, key), now) !== undefined;
}

/** Sets a brake, and drops those that have expired. */
export function brake(book: Book, { lifeMs, ...asked }: BrakeOrder, by: Actor): Brake {
  const expired = book.brakes().filter((each) => !isInForce(each, book.now));
  for (const { id } of expired) book.deleteBrake(id);
  const set = {
    ...asked,
    setBy: by.name,
    createdAt: book.now,
    ...(lifeMs === undefined ? {} : { expiresAt: book.now + lifeMs }),
  };
  book.putBrake(set);
  book.log({
    ...changeRow('brake', book.now, { by, reason: set.reason }),
    ...auditOfBrake(set),
    verdict: 'braked',
    new_value: brakeText(set),
  });
  return set;
}

/**
 * Lifts a brake. One that has expired stops nothing, and is not found.
 *
 * @throws BrokerRefusal 403 where the application would lift what an operator has set.
 */
export function lift(book: Book, id: string, cause: Cause): LiftedBrake | undefined {
  const found = book.brakes().find((each) => each.id === id);
  if (found === undefined || !isInForce(found, book.now)) return undefined;
  const { by } = cause;
  if (!(by.isApp && found.setBy === by.name)) checkRole(by, 'operator');
  book.deleteBrake(id);
  book.log({
    ...changeRow('lift', book.now, cause),
    ...auditOfBrake(found),
    verdict: 'lifted',
    old_value: brakeText(found),
  });
  return { brake: found, liftedAt: book.now };
}

/** The columns that name whom a brake stops. */
function auditOfBrake({ scope, target, tenant }: Brake): Partial<AuditRow> {
  if (scope === 'all') return { scope };
  if (scope === 'key') return { scope, key_id: target };
  return { scope, ...auditOfRule({ scope, tenant, user: undefined, id: target }) };
}

/** A brake, in words. */
function brakeText({ id, scope, target, tenant, expiresAt }: Brake): string {
  const whom = scope === 'all' ? 'all' : `${scope} ${target}`;
  const within = tenant === undefined ? '' : ` of tenant ${tenant}`;
  const until = expiresAt === undefined ? '' : ` until ${instantText(expiresAt)}`;
  return `${id}: ${whom}${within}${until}`;
}
