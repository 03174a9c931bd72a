import { usdText } from '../../../contract/usd';
import type { MicroUsd } from '../../../contract/usd';
import { endOfDay } from '../../budgets/budget';
import type { AppLayer, BudgetSubject, RuleSubject } from '../../budgets/budget';
import { isActive } from '../../budgets/raise';
import type { Raise, RaiseOrder } from '../../budgets/raise';
import type { Actor, Cause } from '../../operators/actor';
import { BrokerRefusal, invalidFields } from '../../refusal';
import type { Book } from '../book';
import { auditOfRule, changeRow } from './audit-rows';
import { isShadow, setCaps } from './budget-caps';
import { activeRaises, raisesOver, sumOf } from './raised';

/** A subject that a raise would be for, and what the application's newest key of it carries. */
export interface RaisedSubject extends AppLayer {
  subject: BudgetSubject;
}

/**
 * Sets a raise, and drops those that have expired.
 *
 * @param subjects Whom it is for, as far as they have had a key.
 * @throws BrokerRefusal 422 where no cap is over the subject, 403 where the raises of operators would
 * come to more than the cap itself.
 */
export function raise(
  book: Book,
  order: RaiseOrder,
  subjects: readonly RaisedSubject[],
  by: Actor,
): Raise {
  for (const each of book.raises()) {
    if (!isActive(each, book.now)) book.deleteRaise(each.raiseId);
  }
  const raised = subjects.filter(({ subject, ...app }) => setCaps(book, subject, app).length > 0);
  if (raised.length === 0) throw noCap(order);
  if (by.role !== 'admin') {
    for (const each of raised) checkShare(book, order, each);
  }
  const { lifeMs, ...asked } = order;
  const set: Raise = {
    ...asked,
    setBy: by.name,
    role: by.role,
    createdAt: book.now,
    expiresAt: Math.min(book.now + lifeMs, Date.parse(endOfDay(book.now))),
  };
  const before = sumOf(activeRaises(book).filter((each) => isSame(each, set)));
  book.putRaise(set);
  logRaise(book, set, { before, after: before + set.micros }, { by, reason: set.reason });
  return set;
}

/** Ends a raise. One that has expired adds nothing, and is not found. */
export function endRaise(
  book: Book,
  rule: RuleSubject,
  raiseId: string,
  cause: Cause,
): Raise | undefined {
  const raises = activeRaises(book);
  const found = raises.find((each) => each.raiseId === raiseId && isSame(each, rule));
  if (found === undefined) return undefined;
  const before = sumOf(raises.filter((each) => isSame(each, rule)));
  book.deleteRaise(raiseId);
  logRaise(book, found, { before, after: before - found.micros }, cause);
  return found;
}

/** The raises of operators come to at most the cap itself, of each cap over the subject that refuses. */
function checkShare(book: Book, order: RaiseOrder, { subject, ...app }: RaisedSubject): void {
  const caps = setCaps(book, subject, app);
  const refusing = caps.filter((cap) => !isShadow(cap));
  const meant = refusing.length === 0 ? caps : refusing;
  const most = Math.min(...meant.map(({ capMicros }) => capMicros));
  const before = sumOf(raisesOver(book, subject).filter(({ role }) => role !== 'admin'));
  if (before + order.micros <= most) return;
  throw new BrokerRefusal(
    'forbidden',
    `The raises of operators come to at most the cap itself, ${usdText(most)} of the ${subject.scope} ${subject.id}, and ${usdText(before)} are raised already. Ask an admin.`,
    { role: 'admin' },
  );
}

function noCap({ scope, id }: RaiseOrder): BrokerRefusal {
  const message = `names a subject without a cap: there is nothing to raise of the ${scope} ${id}`;
  return invalidFields([{ field: 'id', message }]);
}

function isSame(one: RuleSubject, other: RuleSubject): boolean {
  return (
    one.scope === other.scope &&
    one.id === other.id &&
    one.tenant === other.tenant &&
    one.user === other.user
  );
}

function logRaise(
  book: Book,
  { raiseId, micros, expiresAt, ...rule }: Raise,
  { before, after }: { before: MicroUsd; after: MicroUsd },
  cause: Cause,
): void {
  const isRaised = after > before;
  const until = isRaised ? `, ${raiseId} until ${new Date(expiresAt).toISOString()}` : '';
  book.log({
    ...changeRow('raise', book.now, cause),
    ...auditOfRule(rule),
    verdict: isRaised ? 'raised' : 'ended',
    requested_micros: micros,
    old_value: `raised by ${usdText(before)}${isRaised ? '' : `, ${raiseId}`}`,
    new_value: `raised by ${usdText(after)}${until}`,
  });
}
