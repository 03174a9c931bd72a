import { isDeepStrictEqual } from 'node:util';
import { BRAKE_SCOPES } from '../contract/scopes';
import { APPROVAL_STATES } from '../contract/states';
import type { ApprovalState } from '../contract/states';
import type {
  Brake,
  BrakeRequest,
  BrokerState,
  CapStatus,
  IssueKeyRequest,
  KeyState,
} from './broker-client';
import { isRecord } from '../contract/is-record';

/** What an issue has beyond Keybrake's own fields. */
const OWN_ISSUE_FIELDS = [
  'subject',
  'parent_id',
  'budgets',
  'budgets_mode',
  'limits',
  'approve_above_usd',
  'lease_id',
  'request_id',
] as const;

/** What a `vault-key` broker is told of a key beyond Keybrake's own fields. */
export function ownIssueFields(request: IssueKeyRequest): Record<string, unknown> {
  const { subject, limits } = request;
  return {
    subject: {
      tenant_id: subject.tenantId,
      user_id: subject.userId,
      run_id: subject.runId,
      tool: subject.tool,
    },
    parent_id: request.parentId,
    budgets: request.budgets,
    budgets_mode: request.budgetsMode,
    limits:
      limits === undefined
        ? undefined
        : {
            per_call_usd: limits.perCallUsd,
            calls_per_minute: limits.callsPerMinute,
            customers: limits.customers,
            destinations: limits.destinations,
            currencies: limits.currencies,
          },
    approve_above_usd: request.approveAboveUsd,
    lease_id: request.leaseId,
  };
}

/**
 * The fields of a key that its broker was sent and does not say it enforces, as the broker names
 * them: a broker that passes over a cap enforces none.
 */
export function fieldsNotEchoed(
  request: Readonly<Record<string, unknown>>,
  answer: Readonly<Record<string, unknown>>,
): string[] {
  return OWN_ISSUE_FIELDS.flatMap((field) => {
    const [sent, echoed] = [request[field], answer[field]];
    if (!isRecord(sent)) return sent === undefined || echoed === sent ? [] : [field];
    return Object.entries(sent)
      .filter(([name, value]) => {
        return (
          value !== undefined && (!isRecord(echoed) || !isDeepStrictEqual(echoed[name], value))
        );
      })
      .map(([name]) => `${field}.${name}`);
  });
}

/** The body of `POST /v1/brakes`. */
export function brakeBody(request: BrakeRequest): Record<string, unknown> {
  return {
    scope: request.scope,
    id: request.target,
    tenant_id: request.tenantId,
    reason: request.reason,
    expires_in: request.expiresIn,
  };
}

/** A brake as the management API shows it; `undefined` if it is not one. */
export function readBrake(body: unknown): Brake | undefined {
  if (!isRecord(body)) return undefined;
  const { id, target, tenant_id: tenantId, reason, set_by: setBy, hit } = body;
  const scope = BRAKE_SCOPES.find((each) => each === body['scope']);
  const createdAt = instantOf(body['created_at']);
  const expiresAt = instantOf(body['expires_at']);
  if (typeof id !== 'string' || scope === undefined || createdAt === undefined) return undefined;
  return {
    id,
    scope,
    ...(typeof target === 'string' ? { target } : {}),
    ...(typeof tenantId === 'string' ? { tenantId } : {}),
    reason: typeof reason === 'string' ? reason : '',
    ...(typeof setBy === 'string' ? { setBy } : {}),
    createdAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(typeof hit === 'number' ? { hit } : {}),
  };
}

/** A list of brakes; `undefined` if one of them is not a brake. */
export function readBrakes(body: unknown): readonly Brake[] | undefined {
  return readList(isRecord(body) ? body['brakes'] : undefined, readBrake);
}

/** What a key may know about itself; `undefined` where the answer does not tell every cap. */
export function readKeyState(body: unknown): KeyState | undefined {
  if (!isRecord(body)) return undefined;
  const own = readCap({ ...body, scope: 'key', cap_usd: body['daily_usd_cap'] });
  const others = readList(body['budgets'], readCap);
  if (own === undefined || others === undefined) return undefined;
  return { braked: body['status'] === 'braked', caps: [own, ...others] };
}

/** What has become of an approval. */
export function readApprovalState(body: unknown): ApprovalState | undefined {
  return isRecord(body) ? APPROVAL_STATES.find((each) => each === body['state']) : undefined;
}

/** The id of a lease that was begun. */
export function readLeaseId(body: unknown): string | undefined {
  const id = isRecord(body) ? body['id'] : undefined;
  return typeof id === 'string' && /^[A-Za-z0-9_-]{1,255}$/.test(id) ? id : undefined;
}

export function readStoreState(body: unknown): BrokerState | undefined {
  const store = isRecord(body) ? body['store'] : undefined;
  if (!isRecord(store)) return undefined;
  const { kind, durability } = store;
  if (typeof kind !== 'string' || typeof durability !== 'string') return undefined;
  return { kind, durability };
}

function readCap(cap: unknown): CapStatus | undefined {
  if (!isRecord(cap)) return undefined;
  const { scope, period, cap_usd, spent_usd, held_usd, remaining_usd, undone_usd } = cap;
  if (typeof scope !== 'string') return undefined;
  if (typeof cap_usd !== 'number' || typeof remaining_usd !== 'number') return undefined;
  if (typeof spent_usd !== 'number' || typeof held_usd !== 'number') return undefined;
  const resetsAt = instantOf(cap['resets_at'])?.toISOString();
  return {
    scope,
    cap: cap_usd,
    spent: spent_usd,
    held: held_usd,
    ...(typeof undone_usd === 'number' ? { undone: undone_usd } : {}),
    remaining: remaining_usd,
    ...(resetsAt === undefined ? {} : { resetsAt }),
    ...(typeof period === 'string' ? { period } : {}),
  };
}

/** Every one, or nothing: a cap that is passed over would look as if there were none. */
function readList<T>(list: unknown, read: (one: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const all: T[] = [];
  for (const each of list) {
    const one = read(each);
    if (one === undefined) return undefined;
    all.push(one);
  }
  return all;
}

/** An instant of an answer; `undefined` where it cannot be read. */
export function instantOf(value: unknown): Date | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : new Date(time);
}
