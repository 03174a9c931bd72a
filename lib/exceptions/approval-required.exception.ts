import { HttpStatus } from '@nestjs/common';
import { dollarsText } from '../contract/usd';
import { knownDetails } from './known-details';
import { VaultKeyException } from './vault-key.exception';

/** What is known of an approval that a call needs. */
export interface ApprovalRequiredInit {
  /** `apr_…` */
  approvalId: string;
  /** USD: what the call's object may cost after it; of a refund its whole amount. */
  requested?: number;
  /** Until when a person may answer: ISO 8601, UTC. */
  expiresAt?: string;
  /** Where a person answers, where the broker's page has a public URL. */
  approvalUrl?: string;
}

/**
 * The call costs more than may pass unasked, and was refused until a person approves this very call.
 * Answered as 403 `approval_required`. Once a person has approved, the same call passes, once, within 15
 * minutes: so it is retryable, but only then.
 */
export class ApprovalRequiredException extends VaultKeyException {
  /** What a person approves or denies: `apr_…`. */
  readonly approvalId: string;
  /** USD: what the call's object may cost after it; absent where the agent may not read that. */
  readonly requested?: number;
  /** Until when they may: ISO 8601, UTC. */
  readonly expiresAt?: string;
  /** The page on which they may. The link alone approves nothing: it asks for a log-in. */
  readonly approvalUrl?: string;

  constructor(init: ApprovalRequiredInit) {
    const amount = init.requested === undefined ? '' : `, ${dollarsText(init.requested)}`;
    const until = init.expiresAt === undefined ? '' : ` until ${init.expiresAt}`;
    const where = init.approvalUrl === undefined ? '' : `, at ${init.approvalUrl}`;
    super({
      code: 'approval_required',
      message: `A person must approve this call before it is sent (approval ${init.approvalId}${amount}). Nothing was sent to the vendor. A person can answer${until}${where}; once they have approved, repeat the same call unchanged within 15 minutes. Do not repeat it before, and do not change it.`,
      status: HttpStatus.FORBIDDEN,
      retryable: true,
      details: knownDetails({
        approvalId: init.approvalId,
        requested: init.requested,
        expiresAt: init.expiresAt,
        approvalUrl: init.approvalUrl,
      }),
    });
    this.approvalId = init.approvalId;
    this.requested = init.requested;
    this.expiresAt = init.expiresAt;
    this.approvalUrl = init.approvalUrl;
  }
}
