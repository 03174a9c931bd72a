import { APPROVAL_STATES } from '../../contract/states';
import { auditRowOf } from '../audit/audit-entry';
import { hashToken, isWellFormedToken } from '../keys/token';
import type { Ledger } from '../ledger/ledger';
import type { ApprovalFilter } from '../ledger/approvals';
import type { Actor } from '../operators/actor';
import { readReason } from '../operators/reason';
import { checkRole } from '../operators/rights';
import { DEFAULT_LIMIT, limitFault } from '../page';
import { BrokerRefusal, invalidFields, notFound } from '../refusal';
import type { FieldIssue } from '../refusal';
import { approvalView } from './approval-view';
import type { ApprovalPage, ApprovalView } from './approval-view';

/** What is wrong with the cursor of a list of approvals. */
export function approvalCursorFault(cursor: string): string | undefined {
  return /^apr_[A-Za-z0-9_-]{1,64}$/.test(cursor)
    ? undefined
    : 'must be the cursor of an earlier page';
}

/**
 * A person's consent to calls that cost more than may pass unasked. Such a call is refused, and asked
 * for here; once a person has approved it, the same call passes once, within 15 minutes.
 */
export class Approvals {
  /** @internal */
  constructor(private readonly ledger: Ledger) {}

  /**
   * The newest first; at most `limit` (1–1,000) of them. A page may be short where the way to the next is
   * long.
   *
   * @throws BrokerRefusal 422 where a filter, the limit or the cursor is invalid.
   */
  async list(
    filter: ApprovalFilter = {},
    limit = DEFAULT_LIMIT,
    cursor?: string,
  ): Promise<ApprovalPage> {
    const { state } = filter;
    const faults = {
      state:
        state === undefined || APPROVAL_STATES.includes(state)
          ? undefined
          : `must be one of ${APPROVAL_STATES.join(', ')}`,
      limit: limitFault(String(limit)),
      cursor: cursor === undefined ? undefined : approvalCursorFault(cursor),
    };
    const issues = Object.entries(faults).flatMap(([field, message]): FieldIssue[] =>
      message === undefined ? [] : [{ field, message }],
    );
    if (issues.length > 0) throw invalidFields(issues);
    const page = { limit, ...(cursor === undefined ? {} : { cursor }) };
    const { entries, next } = await this.ledger.approvals.list(filter, page);
    const now = this.ledger.now();
    return {
      approvals: entries.map((each) => approvalView(each, now)),
      ...(next === undefined ? {} : { cursor: next }),
    };
  }

  /** @throws BrokerRefusal 404. */
  async one(id: string): Promise<ApprovalView> {
    const approval = await this.ledger.approvals.one(id);
    if (approval === undefined) throw notFound('There is no approval of that id.');
    return approvalView(approval, this.ledger.now());
  }

  /**
   * Lets the call of an approval pass, once, within 15 minutes. The caps decide again when it comes.
   *
   * @param body What `POST /v1/approvals/{id}/approve` takes: the `reason`, 1–200 characters, which an operator has to give.
   * @throws BrokerRefusal 404, 403 `forbidden` where `by` may not approve, 422 where it was answered or has
   * expired, or 503.
   */
  approve(id: string, body: unknown, by: Actor): Promise<ApprovalView> {
    return this.#decide(id, true, body, by);
  }

  /**
   * Refuses the call of an approval for 15 minutes. What was approved may be denied until a call has used
   * it. Takes and throws what {@link approve} does.
   */
  deny(id: string, body: unknown, by: Actor): Promise<ApprovalView> {
    return this.#decide(id, false, body, by);
  }

  /**
   * Refuses a vault key that would answer an approval, and writes that down: an agent never does. Passes over
   * what is no token of a known key.
   *
   * @throws BrokerRefusal 403 `forbidden`.
   * @internal
   */
  async refuseVaultKey(token: string, path: string, remoteAddress?: string): Promise<void> {
    if (!isWellFormedToken(token)) return;
    const key = await this.ledger.keyByTokenHash(hashToken(token));
    if (key === undefined) return;
    const refusal = new BrokerRefusal(
      'forbidden',
      'A vault key never answers an approval: a person does, with an operator’s token or on the page.',
      { role: 'operator' },
    );
    await this.ledger.recordRefusal({
      ...auditRowOf('refusal', this.ledger.now(), key),
      remote_address: remoteAddress ?? null,
      method: 'POST',
      path,
      verdict: refusal.code,
      reason: refusal.message,
    });
    throw refusal;
  }

  async #decide(id: string, isApproved: boolean, body: unknown, by: Actor): Promise<ApprovalView> {
    checkRole(by, 'operator');
    const decision = { id, isApproved, cause: { by, reason: readReason(body, by) } };
    return approvalView(await this.ledger.approvals.decide(decision), this.ledger.now());
  }
}
