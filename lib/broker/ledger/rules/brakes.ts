import { brakeOver, isInForce } from '../../brakes/brake';
import type { Brake, BrakeSubject } from '../../brakes/brake';
import type { KeyRecord } from '../../keys/key';
import type { Book } from '../book';
import type { BrakeOrder, LiftedBrake } from '../records';
import { lineOf } from './ancestry';
import { operatorRow } from './audit-rows';

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
export function brake(book: Book, { lifeMs, ...asked }: BrakeOrder, remoteAddress?: string): Brake {
  const expired = book.brakes().filter((each) => !isInForce(each, book.now));
  for (const { id } of expired) book.deleteBrake(id);
  const set = {
    ...asked,
    createdAt: book.now,
    ...(lifeMs === undefined ? {} : { expiresAt: book.now + lifeMs }),
  };
  book.putBrake(set);
  book.log({
    ...operatorRow('brake', book.now, remoteAddress),
    verdict: 'braked',
    reason: `${set.id} ${set.scope} ${set.target}: ${set.reason}`,
  });
  return set;
}

/** Lifts a brake. One that has expired stops nothing, and is not found. */
export function lift(book: Book, id: string, remoteAddress?: string): LiftedBrake | undefined {
  const lifted = book.deleteBrake(id);
  if (lifted === undefined || !isInForce(lifted, book.now)) return undefined;
  book.log({
    ...operatorRow('lift', book.now, remoteAddress),
    verdict: 'lifted',
    reason: `${lifted.id} ${lifted.scope} ${lifted.target}`,
  });
  return { brake: lifted, liftedAt: book.now };
}
