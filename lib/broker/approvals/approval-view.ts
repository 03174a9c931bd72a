import type { CapScope } from '../../contract/scopes';
import type { ApprovalState } from '../../contract/states';
import { toUsd } from '../../contract/usd';
import type { Subject } from '../keys/subject';
import { stateOf } from './approval';
import type { Approval, ShownParameter } from './approval';

/** An approval as the management API shows it: what a person needs to know to answer. */
export interface ApprovalView {
  /** `apr_…` */
  id: string;
  /** `expired`: nobody answered within 24 hours, or no call came within 15 minutes of the approval. */
  state: ApprovalState;
  vendor: string;
  /** The connected account. */
  account?: string;
  subject: Subject;
  /** The key of the call that asked, and its label. */
  key_id: string;
  label: string;
  method: string;
  path: string;
  /** The vendor's object that the call is for; `null` where it makes one. */
  object_id: string | null;
  /** What that object may cost once the call is done; of a refund its whole amount. */
  usd: number;
  /** Minor units of `currency`, where the call says them or the broker adds them. */
  amount: number | null;
  currency: string | null;
  customer: string | null;
  /** Where it sends money, as far as its parameters say. */
  destinations: readonly string[];
  /** All that is forwarded; the `value` of a secret is `null`. */
  parameters: readonly ShownParameter[];
  /** What would pass unasked, and over whom that is set. */
  approve_above_usd: number;
  scope: CapScope;
  created_at: string;
  /** Until when it may be answered; once it is, until when the answer counts. */
  expires_at: string;
  /** Absent until a person has answered, like the next two. */
  decided_at?: string;
  decided_by?: string;
  reason?: string;
  /** Absent until a call has used it, like `call_id`. */
  used_at?: string;
  /** The call that has used it, as in the audit log. */
  call_id?: string;
}

/** A page of approvals; `cursor` asks for the next one. */
export interface ApprovalPage {
  approvals: readonly ApprovalView[];
  cursor?: string;
}

/** Where a person answers, on the page at an address that ends with a slash. */
export function approvalUrl(pageUrl: string | undefined, id: string): string | undefined {
  return pageUrl === undefined ? undefined : `${pageUrl}#/approvals/${id}`;
}

export function approvalView(approval: Approval, now: number): ApprovalView {
  const { account, decidedAt, decidedBy, reason, usedAt, usedBy } = approval;
  return {
    id: approval.id,
    state: stateOf(approval, now),
    vendor: approval.vendor,
    ...(account === '' ? {} : { account }),
    subject: approval.subject,
    key_id: approval.keyId,
    label: approval.label,
    method: approval.method,
    path: approval.path,
    object_id: approval.objectId,
    usd: toUsd(approval.micros),
    amount: approval.amount,
    currency: approval.currency,
    customer: approval.customer,
    destinations: approval.destinations,
    parameters: approval.parameters,
    approve_above_usd: toUsd(approval.aboveMicros),
    scope: approval.scope,
    created_at: isoOf(approval.createdAt),
    expires_at: isoOf(approval.expiresAt),
    ...(decidedAt === undefined ? {} : { decided_at: isoOf(decidedAt) }),
    ...(decidedBy === undefined ? {} : { decided_by: decidedBy }),
    ...(reason === undefined ? {} : { reason }),
    ...(usedAt === undefined ? {} : { used_at: isoOf(usedAt) }),
    ...(usedBy === undefined ? {} : { call_id: usedBy }),
  };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
