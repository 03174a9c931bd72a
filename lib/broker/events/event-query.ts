import { fieldsOf, unknownFields } from '../known-fields';
import { invalidFields } from '../refusal';
import type { FieldIssue } from '../refusal';
import { EVENT_KINDS } from './event';
import type { BrokerEvent, EventKind } from './event';
import { placeOfEvent } from './event-id';

/** Which events are asked for: all that match each field given. */
export interface EventQuery {
  /** @default all kinds */
  kinds?: readonly EventKind[];
  /** Begins after the event with this id. @default with what comes from now on */
  after?: string;
  tenant_id?: string;
  user_id?: string;
  run_id?: string;
  tool?: string;
  vendor?: string;
  key_id?: string;
}

const SUBJECT_FIELDS = ['tenant_id', 'user_id', 'run_id', 'tool'] as const;
const FIELDS = ['kinds', 'after', ...SUBJECT_FIELDS, 'vendor', 'key_id'];

/** @throws BrokerRefusal 422 with everything wrong with a query. */
export function checkEventQuery(query: EventQuery): void {
  const given = fieldsOf(query) as Readonly<Record<string, unknown>>;
  const faults: FieldIssue[] = unknownFields(given, FIELDS);
  const { kinds, after, ...texts } = given;
  if (kinds !== undefined && !isKinds(kinds)) {
    faults.push({ field: 'kinds', message: `must be some of ${EVENT_KINDS.join(', ')}` });
  }
  if (after !== undefined && (typeof after !== 'string' || placeOfEvent(after) === undefined)) {
    faults.push({ field: 'after', message: 'must be the id of an event' });
  }
  for (const [field, value] of Object.entries(texts)) {
    if (typeof value !== 'string') faults.push({ field, message: 'must be a string' });
  }
  if (faults.length > 0) throw invalidFields(faults);
}

/** Whether a query asks for an event. */
export function isMeant(event: BrokerEvent, query: EventQuery): boolean {
  if (query.kinds !== undefined && !query.kinds.includes(event.kind)) return false;
  const subject = 'subject' in event ? event.subject : {};
  if (SUBJECT_FIELDS.some((field) => isOther(query[field], subject[field]))) return false;
  if (isOther(query.vendor, 'vendor' in event ? event.vendor : null)) return false;
  return !isOther(query.key_id, 'key_id' in event ? event.key_id : null);
}

function isOther(wanted: string | undefined, value: string | null | undefined): boolean {
  return wanted !== undefined && wanted !== value;
}

function isKinds(kinds: unknown): boolean {
  const known: readonly unknown[] = EVENT_KINDS;
  return Array.isArray(kinds) && kinds.length > 0 && kinds.every((kind) => known.includes(kind));
}
