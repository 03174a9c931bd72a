import type { ExecutionContext } from '@nestjs/common';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import {
  ANONYMOUS,
  idText,
  invalidIdentity,
  isRunId,
  newRunId,
  RUN_ID_RULE,
} from '../vault-key/agent-identity';
import type { PartialAgentIdentity } from '../vault-key/agent-identity';

/**
 * Says on whose behalf a call works. What it leaves out is filled in: the user from `request.user`,
 * the run from `X-Agent-Run-ID`, the tool as `Class.method`.
 */
export type IdentifyAgent = (
  context: ExecutionContext,
) => PartialAgentIdentity | undefined | Promise<PartialAgentIdentity | undefined>;

/** The token of the application's own {@link IdentifyAgent}. */
export const IDENTIFY_AGENT = Symbol.for('nestjs-vault-key:identify-agent');

/** What is asked where the application says nothing. */
export const identifyNobody: IdentifyAgent = () => undefined;

/** What an identity is read from. */
export interface AgentRequest {
  headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Whom the application's guard let in. */
  user?: unknown;
}

/** Where a caller names its agent run; in lower case, as headers are kept. */
export const RUN_ID_HEADER = 'x-agent-run-id';

/**
 * The user a guard put on the request: the first of `id`, `userId` and `sub` that is a string or
 * an integer; `anon` without a user.
 *
 * @throws CallRefusedException `invalid_identity` for a user with none of them.
 */
export function userIdOf(request: AgentRequest): string {
  const { user } = request;
  if (user === undefined || user === null) return ANONYMOUS;
  const fields = user as Record<string, unknown>;
  const id = idText(fields['id']) ?? idText(fields['userId']) ?? idText(fields['sub']);
  if (id !== undefined) return id;
  throw invalidIdentity(
    'request.user has no id, userId or sub that is a string or an integer; tell the user apart with `identify: (context) => ({ userId })`',
  );
}

/**
 * The agent's run, from `X-Agent-Run-ID`; a new one where the header is absent.
 *
 * @throws CallRefusedException `invalid_run_id`, 400.
 */
export function runIdOf(request: AgentRequest): string {
  const runId = request.headers[RUN_ID_HEADER];
  if (runId === undefined) return newRunId();
  if (isRunId(runId)) return runId;
  throw new CallRefusedException({
    status: 400,
    code: 'invalid_run_id',
    message: `The run id, X-Agent-Run-ID, ${RUN_ID_RULE}, given once. Nothing was run.`,
    param: 'X-Agent-Run-ID',
  });
}
