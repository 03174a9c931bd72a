import { EXPIRES_IN_RULE, parseExpiresIn } from '../../contract/expires-in';
import { labelFault } from '../../contract/label-rule';
import { unknownFields } from '../known-fields';
import { reasonFault } from '../operators/reason';
import type { FieldIssue } from '../refusal';
import { BRAKE_SCOPES } from '../../contract/scopes';
import type { BrakeScope } from '../../contract/scopes';

const MAX_ID = 128;
const KEY_ID = /^[A-Za-z0-9_-]{1,255}$/;
const BRAKE_FIELDS = ['scope', 'id', 'tenant_id', 'reason', 'expires_in'];
/** The scopes that a tenant can narrow. */
const WITHIN_TENANT: ReadonlySet<BrakeScope> = new Set(['user', 'run', 'tool', 'vendor']);

/** What a valid `POST /v1/brakes` asks for. */
export interface BrakeRequest {
  scope: BrakeScope;
  /** Empty for `all`. */
  target: string;
  tenant?: string;
  reason: string;
  /** Absent where it is active until it is lifted. */
  lifeMs?: number;
}

/** Reads the body of `POST /v1/brakes`, without coercing anything. */
export function parseBrakeRequest(
  body: unknown,
  vendors: ReadonlySet<string>,
): { request: BrakeRequest } | { faults: FieldIssue[] } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { faults: [{ field: '', message: 'the body must be a JSON object' }] };
  }
  const {
    scope: given,
    id,
    tenant_id: tenant,
    reason,
    expires_in,
  } = body as Record<string, unknown>;
  const faults = unknownFields(body, BRAKE_FIELDS);
  const fault = (field: string, message: string | undefined): void => {
    if (message !== undefined) faults.push({ field, message });
  };
  const scope = BRAKE_SCOPES.find((each) => each === given);
  if (scope === undefined) fault('scope', `must be one of ${BRAKE_SCOPES.join(', ')}`);
  else {
    fault('id', idFault(scope, id, vendors));
    if (tenant !== undefined) {
      fault(
        'tenant_id',
        WITHIN_TENANT.has(scope)
          ? labelFault(tenant, MAX_ID)
          : `does not go with the scope ${scope}`,
      );
    }
  }
  fault('reason', reasonFault(reason));
  const lifeMs = expires_in === undefined ? undefined : parseExpiresIn(expires_in);
  if (expires_in !== undefined && lifeMs === undefined) fault('expires_in', EXPIRES_IN_RULE);

  if (faults.length > 0 || scope === undefined) return { faults };
  return {
    request: {
      scope,
      target: scope === 'all' ? '' : (id as string),
      ...(tenant === undefined ? {} : { tenant: tenant as string }),
      reason: reason as string,
      ...(lifeMs === undefined ? {} : { lifeMs }),
    },
  };
}

// A brake over what is not there would stop nothing, and look as if it did.
function idFault(scope: BrakeScope, id: unknown, vendors: ReadonlySet<string>): string | undefined {
  if (scope === 'all') return undefined;
  if (scope === 'vendor' && (typeof id !== 'string' || !vendors.has(id))) {
    return `must be one of the configured vendors: ${[...vendors].join(', ')}`;
  }
  if (scope === 'key' && (typeof id !== 'string' || !KEY_ID.test(id))) {
    return 'must be the id of a key';
  }
  return labelFault(id, MAX_ID);
}
