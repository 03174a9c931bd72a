import { EXPIRES_IN_RULE, parseExpiresIn } from '../../contract/expires-in';
import { capFault, capToMicros } from '../../contract/usd';
import { unknownFields } from '../known-fields';
import { reasonFault } from '../operators/reason';
import type { FieldIssue } from '../refusal';
import { ANY_ID } from './budget';
import { parseRuleSubject } from './budget-request';
import type { RaiseOrder } from './raise';

const FIELDS = ['usd', 'expires_in', 'reason', 'tenant_id', 'user_id'];

/** Reads the body of `POST /v1/budgets/{scope}/{id}/raises`, without coercing anything. */
export function parseRaiseRequest(
  scope: string,
  id: string,
  body: unknown,
): { request: Omit<RaiseOrder, 'raiseId'> } | { faults: FieldIssue[] } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { faults: [{ field: '', message: 'the body must be a JSON object' }] };
  }
  const { usd, expires_in, reason, tenant_id, user_id } = body as Record<string, unknown>;
  const faults = unknownFields(body, FIELDS);
  const fault = (field: string, message: string | undefined): void => {
    if (message !== undefined) faults.push({ field, message });
  };
  const parsed = parseRuleSubject({ scope, id, tenant_id, user_id });
  if ('faults' in parsed) faults.push(...parsed.faults);
  if (id === ANY_ID) fault('id', 'must be the id of one subject, not *: no raise is for all');
  fault('usd', capFault(usd) ?? (usd === 0 ? 'must be above 0' : undefined));
  const lifeMs = parseExpiresIn(expires_in);
  if (lifeMs === undefined) fault('expires_in', EXPIRES_IN_RULE);
  fault('reason', reasonFault(reason));
  if (faults.length > 0 || 'faults' in parsed || lifeMs === undefined) return { faults };
  return {
    request: {
      ...parsed.rule,
      micros: capToMicros(usd as number),
      lifeMs,
      reason: reason as string,
    },
  };
}
