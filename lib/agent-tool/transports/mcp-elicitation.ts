import { dollarsText } from '../../contract/usd';
import type { ApprovalRequiredException } from '../../exceptions/approval-required.exception';

/** What a person at an MCP client is shown: a link to open, or words with a button. */
type Elicitation =
  | { mode: 'url'; message: string; url: string; elicitationId: string }
  | { mode: 'form'; message: string; requestedSchema: { type: 'object'; properties: object } };

/** How a server asks the person at its client; clients that show nothing have it rejected. */
export interface ElicitingRequest {
  signal?: AbortSignal;
  elicitInput?: (
    params: Elicitation,
    options: { timeout: number; signal?: AbortSignal },
  ) => Promise<unknown>;
}

/** How long a call waits with its refusal for the person to have seen the message. */
const SHOWN_MS = 30_000;

/**
 * Tells the person at an MCP client where a call is approved, while the call is still open: with its
 * answer the way to the client is gone. What they answer here is not looked at: this connection is the
 * agent's, and only a log-in on the page approves.
 */
export async function tellWhereToApprove(
  request: ElicitingRequest | undefined,
  { approvalId, approvalUrl, expiresAt, requested }: ApprovalRequiredException,
): Promise<void> {
  if (request?.elicitInput === undefined) return;
  const until = expiresAt === undefined ? '' : ` until ${expiresAt}`;
  const amount = requested === undefined ? '' : ` of ${dollarsText(requested)}`;
  const message = `The agent asks for a payment${amount} that a person must approve${until} (${approvalId}).`;
  const { signal } = request;
  const options = { timeout: SHOWN_MS, ...(signal === undefined ? {} : { signal }) };
  const shown = async (params: Elicitation): Promise<boolean> => {
    try {
      await request.elicitInput?.(params, options);
      return true;
    } catch {
      return false;
    }
  };
  if (approvalUrl !== undefined) {
    const open = `${message} Open the page to log in and answer; an answer here approves nothing.`;
    const link = {
      mode: 'url',
      message: open,
      url: approvalUrl,
      elicitationId: approvalId,
    } as const;
    if (await shown(link)) return;
  }
  const where = approvalUrl === undefined ? "the broker's page" : approvalUrl;
  await shown({
    mode: 'form',
    message: `${message} Answer it on ${where}; an answer here approves nothing.`,
    requestedSchema: { type: 'object', properties: {} },
  });
}
