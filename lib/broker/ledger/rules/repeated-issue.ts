import { isDeepStrictEqual } from 'node:util';
import type { KeyRecord } from '../../keys/key';
import type { Actor } from '../../operators/actor';
import { callerGone, invalidFields } from '../../refusal';
import type { BrokerRefusal } from '../../refusal';
import type { Book } from '../book';
import { checkIssue, revoke, writeIssue } from './issuance';

/** How often a request for a key may be repeated. */
const MAX_REPEATS = 12;

/** A request for a key that may be repeated, at any broker on the store. */
export interface RepeatableIssue {
  /** What the request is known by. */
  requestId: string;
  key: KeyRecord;
  by: Actor;
  /** Whether nobody waits for the key any more. */
  isGone: () => boolean;
}

/**
 * Issues a key in place of the one that the request has led to before, whose token was lost with the
 * answer: that one is revoked in the same step. The keys of a request are named by its id and by how
 * often it was repeated, so that at most one of them is live.
 *
 * @returns The key as it was issued: its id is the request's.
 * @throws BrokerRefusal as {@link checkIssue}, and 422 where the request had other terms before.
 */
export function issueInPlace(book: Book, issue: RepeatableIssue): KeyRecord {
  const { requestId, key, by, isGone } = issue;
  for (let repeats = 0; repeats <= MAX_REPEATS; repeats++) {
    const id = `vk_${repeats}-${requestId}`;
    const earlier = book.key(id);
    if (earlier === undefined) {
      const issued = { ...key, id };
      checkIssue(book, issued);
      writeIssue(book, issued, by);
      return issued;
    }
    if (!isDeepStrictEqual(termsOf(earlier), termsOf(key))) {
      throw refused('was the id of a request for a key with other terms');
    }
    if (earlier.revokedAt !== undefined) continue;
    // One that comes late has been repeated elsewhere: the key there is in use.
    if (isGone()) throw callerGone();
    revoke(book, [id], by);
  }
  throw refused(`may be repeated ${MAX_REPEATS} times`);
}

function refused(message: string): BrokerRefusal {
  return invalidFields([{ field: 'request_id', message }]);
}

/** What a key was asked for with. */
function termsOf(key: KeyRecord): unknown {
  const { label, vendor, capMicros, subject, parentId, lease, createdAt, expiresAt } = key;
  return {
    label,
    vendor,
    capMicros,
    allowedEndpoints: [...key.allowedEndpoints],
    subject: { ...subject },
    budgets: { ...key.budgets },
    limits: key.limits,
    parentId,
    leaseId: lease?.id,
    lifeMs: expiresAt - createdAt,
  };
}
