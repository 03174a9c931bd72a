import { auditRowOf } from '../../audit/audit-entry';
import type { AuditEvent, AuditRow } from '../../audit/audit-entry';
import type { RuleSubject } from '../../budgets/budget';
import { instantText } from '../../instant';
import type { MicroUsd } from '../../../contract/usd';
import type { KeyRecord } from '../../keys/key';
import type { Cause } from '../../operators/actor';
import type { Book } from '../book';
import { keyCap, remainingOf, wouldRefuse } from './caps';
import type { CapState, ChargedCap, Hold } from '../records';

/** What a row says of a cap and of the balance under it. */
export function auditOfCap(cap: CapState): Partial<AuditRow> {
  const { capMicros, balance } = cap;
  return {
    cap_micros: capMicros,
    spent_after_micros: balance.spent,
    held_after_micros: balance.held,
    remaining_after_micros: remainingOf(cap),
  };
}

/** What a row says of a key and of the balance under its own cap. */
export function auditOfKey(book: Book, keyId: string): Partial<AuditRow> {
  const key = book.key(keyId);
  return key === undefined ? {} : auditOfCap(keyCap(book, key, 'key'));
}

/** What the row of a call that was admitted says of the caps that only record, and would have refused it. */
export function auditOfShadow(
  caps: readonly ChargedCap[],
  micros: MicroUsd,
  undoneMicros: MicroUsd,
): Partial<AuditRow> {
  const [first] = wouldRefuse(caps, micros, undoneMicros);
  if (first === undefined) return {};
  const { scope, period, source, capMicros } = first;
  return { would_refuse: JSON.stringify([scope, period, source, capMicros]) };
}

/** A row about a change that an operator or the application has made. */
export function changeRow(event: AuditEvent, now: number, cause: Cause): AuditRow {
  return { at: instantText(now), event, ...auditOfCause(cause) };
}

/** What a row says of who has made a change, and why. */
export function auditOfCause({ by, reason }: Cause): Partial<AuditRow> {
  return {
    actor: by.name,
    reason: reason ?? null,
    remote_address: by.remoteAddress ?? null,
  };
}

/**
 * A row about a hold, under the key that it is charged to. Its `call_id` is that of the call which
 * took the hold: on that call's day the money counts.
 */
export function auditOfHold(
  event: AuditEvent,
  now: number,
  hold: Hold,
  key: KeyRecord | undefined,
): AuditRow {
  const about: AuditRow =
    key === undefined
      ? { at: instantText(now), event, key_id: hold.keyId, vendor: hold.vendor }
      : auditRowOf(event, now, key);
  return { ...about, call_id: hold.callId, idempotency_key_hash: hold.idempotencyKeyHash };
}

/** The columns that name the subject of a budget; an empty one means those without it. */
export function auditOfRule({ scope, tenant, user, id }: RuleSubject): Partial<AuditRow> {
  const named = {
    tenant: 'tenant_id',
    user: 'user_id',
    run: 'run_id',
    tool: 'tool',
    vendor: 'vendor',
  } as const;
  return {
    tenant_id: tenant ?? null,
    user_id: user ?? null,
    [named[scope]]: id,
  };
}
