import { labelFault } from '../../contract/label-rule';
import { fieldsOf, unknownFields } from '../known-fields';
import { invalidFields } from '../refusal';
import type { FieldIssue } from '../refusal';
import type { Actor } from './actor';

/** How long a reason may be, in characters. */
export const MAX_REASON = 200;

/** What is wrong with the reason for a change. An operator has to give one; the application may. */
export function reasonFaults(reason: unknown, by: Actor): FieldIssue[] {
  if (reason === undefined && by.isApp) return [];
  const message =
    reason === undefined
      ? 'must say why: an operator gives a reason'
      : labelFault(reason, MAX_REASON);
  return message === undefined ? [] : [{ field: 'reason', message }];
}

/**
 * Reads the body of a change that takes a reason and nothing else.
 *
 * @throws BrokerRefusal 422 with every bad field.
 */
export function readReason(body: unknown, by: Actor): string | undefined {
  const { reason } = fieldsOf(body) as { reason?: unknown };
  const isObject = body === undefined || fieldsOf(body) === body;
  const faults = isObject
    ? [...unknownFields(fieldsOf(body), ['reason']), ...reasonFaults(reason, by)]
    : [{ field: '', message: 'the body must be a JSON object' }];
  if (faults.length > 0) throw invalidFields(faults);
  return reason as string | undefined;
}
