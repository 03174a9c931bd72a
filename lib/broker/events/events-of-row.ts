import type { AuditEntry } from '../audit/audit-entry';
import { auditSubject, usdOf, wouldRefuseView } from '../audit/audit-view';
import { undoneView } from '../keys/undone-view';
import { eventId } from './event-id';
import type { LoggedEvent } from './event';

/**
 * The events that a row of the audit log tells, in their order. Most rows tell one, some none.
 *
 * @param approvalUrl Where a person answers an approval, where that is known.
 */
export function eventsOf(
  row: AuditEntry,
  approvalUrl: (id: string) => string | undefined,
): LoggedEvent[] {
  return ofRow(row, approvalUrl).map((event, part): LoggedEvent => {
    // The kinds are told apart above: what is left is the same for all of them.
    return { id: eventId({ row: row.seq, part }), ...event, at: row.at } as LoggedEvent;
  });
}

/** An event without its place. */
type Untold<Event> = Event extends LoggedEvent ? Omit<Event, 'id' | 'at'> : never;

function ofRow(
  row: AuditEntry,
  approvalUrl: (id: string) => string | undefined,
): Untold<LoggedEvent>[] {
  switch (row.event) {
    case 'issue':
      return [{ kind: 'issue', ...keyOf(row), cap_usd: usdOf(row.cap_micros) }];
    case 'call':
      return [callOf(row), ...unknownHoldOf(row)];
    case 'settlement':
    case 'give_back':
      return [
        {
          kind: 'settlement',
          ...keyOf(row),
          call_id: row.call_id,
          outcome: row.verdict,
          settled_usd: usdOf(row.settled_micros),
          ...undoneView(row.undone_micros),
          day: row.day,
          actor: row.actor,
          reason: row.reason,
        },
      ];
    case 'refusal':
      return [
        {
          kind: 'refusal',
          ...callNamesOf(row),
          code: row.verdict,
          reason: row.reason,
          requested_usd: usdOf(row.requested_micros),
          count: row.count ?? 1,
        },
      ];
    case 'threshold':
      return [
        {
          kind: 'threshold',
          scope: row.scope,
          subject: auditSubject(row),
          vendor: row.vendor,
          percent: row.percent,
          period: row.period,
          cap_usd: usdOf(row.cap_micros),
          spent_usd: usdOf(row.spent_after_micros),
          held_usd: usdOf(row.held_after_micros),
          remaining_usd: usdOf(row.remaining_after_micros),
          day: row.day,
        },
      ];
    case 'budget':
      return [
        {
          kind: 'budget',
          ...changeOf(row),
          outcome: row.verdict,
          cap_usd: usdOf(row.cap_micros),
          period: row.period,
        },
      ];
    case 'raise':
      return [
        {
          kind: 'raise',
          ...changeOf(row),
          outcome: row.verdict,
          raise_id: raiseIdOf(row),
          usd: usdOf(row.requested_micros),
        },
      ];
    case 'approval':
      return [approvalOf(row, approvalUrl)];
    case 'brake':
    case 'lift':
      return [{ kind: row.event, ...changeOf(row), ...brakeOf(row) }];
    default:
      return [];
  }
}

function keyOf(row: AuditEntry) {
  return {
    key_id: row.key_id,
    label: row.label,
    subject: auditSubject(row),
    vendor: row.vendor,
  };
}

function callNamesOf(row: AuditEntry) {
  return { ...keyOf(row), call_id: row.call_id, method: row.method, path: row.path };
}

function callOf(row: AuditEntry): Untold<LoggedEvent> {
  return {
    kind: 'call',
    ...callNamesOf(row),
    outcome: row.verdict,
    requested_usd: usdOf(row.requested_micros),
    settled_usd: usdOf(row.settled_micros),
    ...undoneView(row.undone_micros),
    amount: row.amount,
    currency: row.currency,
    cap_usd: usdOf(row.cap_micros),
    spent_usd: usdOf(row.spent_after_micros),
    held_usd: usdOf(row.held_after_micros),
    remaining_usd: usdOf(row.remaining_after_micros),
    vendor_status: row.vendor_status,
    latency_ms: row.latency_ms,
    ...(row.would_refuse === null ? {} : { would_refuse: wouldRefuseView(row.would_refuse) }),
  };
}

/** A call that costs nothing leaves nothing to decide. */
function unknownHoldOf(row: AuditEntry): Untold<LoggedEvent>[] {
  if (row.verdict !== 'unknown' || (row.requested_micros ?? 0) === 0) return [];
  return [
    {
      kind: 'unknown_hold',
      ...callNamesOf(row),
      held_usd: usdOf(row.requested_micros),
      vendor_status: row.vendor_status,
    },
  ];
}

function changeOf(row: AuditEntry) {
  return {
    actor: row.actor,
    reason: row.reason,
    subject: auditSubject(row),
    vendor: row.vendor,
    old_value: row.old_value,
    new_value: row.new_value,
  };
}

/** The new value of its row begins with its id. */
function approvalOf(
  row: AuditEntry,
  approvalUrl: (id: string) => string | undefined,
): Untold<LoggedEvent> {
  const [id = null] = /^apr_[\w-]+/.exec(row.new_value ?? '') ?? [];
  const url = id === null ? undefined : approvalUrl(id);
  return {
    kind: 'approval',
    ...callNamesOf(row),
    approval_id: id,
    ...(url === undefined ? {} : { approval_url: url }),
    outcome: row.verdict,
    actor: row.actor,
    requested_usd: usdOf(row.requested_micros),
    amount: row.amount,
    currency: row.currency,
    reason: row.reason,
  };
}

/** The words of a raise name it after what all raises of its subject come to. */
function raiseIdOf({ verdict, new_value, old_value }: AuditEntry): string | null {
  const words = verdict === 'raised' ? new_value : old_value;
  return /\brse_[\w-]+/.exec(words ?? '')?.[0] ?? null;
}

/** The words of a brake begin with its id. */
function brakeOf({ scope, key_id, new_value, old_value }: AuditEntry) {
  const [, id = null] = /^([\w-]+):/.exec(new_value ?? old_value ?? '') ?? [];
  return { brake_id: id, scope, key_id };
}
