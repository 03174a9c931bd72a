import { randomHex } from '../contract/random';
import { CallRefusedException } from '../exceptions/call-refused.exception';

/** On whose behalf an invocation works. */
export interface AgentIdentity {
  /** The user, or `anon` without a log-in. */
  userId: string;
  /** The agent's run, 1–128 of `[A-Za-z0-9_.:-]`: what groups the calls of one errand. */
  runId: string;
  /** The tenant, where the application has tenants. */
  tenantId?: string;
  /**
   * The vendor's customer that the user is, where `identify` says so: for
   * `limits: { customers: ({ identity }) => [identity.customerId] }`.
   */
  customerId?: string;
  /** The tool: `Class.method` of the handler. */
  tool?: string;
}

/** An identity as an application gives it: what is absent is filled in. */
export interface PartialAgentIdentity {
  userId?: string | number | bigint | undefined;
  /** 1–128 of `[A-Za-z0-9_.:-]`. */
  runId?: string | undefined;
  tenantId?: string | number | bigint | undefined;
  /** The vendor's customer that the user is. Never taken over from another user. */
  customerId?: string | undefined;
  tool?: string | undefined;
}

/** Whom an invocation is for without a log-in. */
export const ANONYMOUS = 'anon';

/** What a run id must look like, in words. */
export const RUN_ID_RULE = 'must be 1 to 128 of the characters A-Z a-z 0-9 _ . : -';

const RUN_ID = /^[A-Za-z0-9_.:-]{1,128}$/;

/** Whether a value can be a run id. */
export function isRunId(value: unknown): value is string {
  return typeof value === 'string' && RUN_ID.test(value);
}

/** A run id that is unique: 8 random bytes in hex. */
export function newRunId(): string {
  return randomHex(8);
}

/**
 * A user's or tenant's id as text; `undefined` where the value is neither a text nor an integer.
 */
export function idText(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  return typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : undefined;
}

/**
 * Reads an identity that the application gave.
 *
 * @param next What to do about one that is invalid, as a sentence.
 * @throws CallRefusedException `invalid_identity`, naming every field that is invalid.
 */
export function readIdentity(given: unknown, next?: string): Partial<AgentIdentity> {
  if (given === undefined || given === null) return {};
  if (typeof given !== 'object') throw invalidIdentity('it must be an object', next);
  const { userId, runId, tenantId, customerId, tool } = given as Record<string, unknown>;
  const faults: string[] = [];
  const user = idText(userId);
  if (userId !== undefined && user === undefined) {
    faults.push('userId must be a string that is not blank, or an integer');
  }
  const tenant = idText(tenantId);
  if (tenantId !== undefined && tenant === undefined) {
    faults.push('tenantId must be a string that is not blank, or an integer');
  }
  if (customerId !== undefined && (typeof customerId !== 'string' || customerId.trim() === '')) {
    faults.push('customerId must be a string that is not blank');
  }
  if (runId !== undefined && !isRunId(runId)) faults.push(`runId ${RUN_ID_RULE}`);
  if (tool !== undefined && (typeof tool !== 'string' || tool.trim() === '')) {
    faults.push('tool must be a string that is not blank');
  }
  if (faults.length > 0) throw invalidIdentity(faults.join('; '), next);
  return {
    ...(user === undefined ? {} : { userId: user }),
    ...(runId === undefined ? {} : { runId: runId as string }),
    ...(tenant === undefined ? {} : { tenantId: tenant }),
    ...(customerId === undefined ? {} : { customerId: customerId as string }),
    ...(tool === undefined ? {} : { tool: tool as string }),
  };
}

/** An identity with what was given in the place of what it has. Another user is another customer. */
export function withGiven(
  own: AgentIdentity,
  { customerId, ...given }: Partial<AgentIdentity>,
): AgentIdentity {
  const { customerId: before, ...rest } = own;
  const isOther = given.userId !== undefined && given.userId !== own.userId;
  const customer = customerId ?? (isOther ? undefined : before);
  return { ...rest, ...given, ...(customer === undefined ? {} : { customerId: customer }) };
}

/** An identity that cannot be worked with: the application's fault, so no 4xx. */
export function invalidIdentity(
  what: string,
  next = 'See the option `identify` of VaultKeyModule.',
): CallRefusedException {
  return new CallRefusedException({
    status: 500,
    code: 'invalid_identity',
    message: `It is not known on whose behalf this call works, so it was not run: ${what}. ${next}`,
  });
}
