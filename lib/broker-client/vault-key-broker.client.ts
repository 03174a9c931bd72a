import { Trace } from '../broker/telemetry/trace';
import type { BrokerEvent } from '../broker/events/event';
import { readManagementRefusal } from './refusal-reader';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import type { VaultKeyException } from '../exceptions/vault-key.exception';
import { VaultKeyInvalidException } from '../exceptions/vault-key-invalid.exception';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import type { ApprovalState } from '../contract/states';
import type {
  Brake,
  BrakeRequest,
  BrokerDialect,
  BrokerState,
  IssueKeyRequest,
  KeyState,
  RevokeResult,
} from './broker-client';
import { readEvents } from './event-stream';
import type { EventReading } from './event-stream';
import { ID, KeybrakeClient } from './keybrake.client';
import { parseObject } from './management-answer';
import type { ManagementAnswer } from './management-answer';
import type { Managed } from './management-calls';
import {
  brakeBody,
  fieldsNotEchoed,
  ownIssueFields,
  readApprovalState,
  readBrake,
  readBrakes,
  readLeaseId,
  readKeyState,
  readStoreState,
} from './management-wire';
import { causeOf, reasonOf } from './no-answer';
import { newRequestId } from './request-id';

/** One management call that is no issue and no revocation. */
interface ManagementQuestion {
  method: string;
  path: string;
  body?: Record<string, unknown>;
  /** In place of the management token. */
  token?: string;
  /** What is asked, as a clause: `to put a brake`. */
  what: string;
  /**
   * Whether it is asked of another broker where an answer was lost.
   *
   * @default true
   */
  isRepeatable?: boolean;
}

const MAX_BATCH = 1_000;

/** This package's own broker: all of Keybrake's contract, and budgets, brakes, leases, batches. */
export class VaultKeyBrokerClient extends KeybrakeClient {
  override readonly dialect: BrokerDialect = 'vault-key';

  override async revoke(ids: readonly string[]): Promise<RevokeResult> {
    if (ids.length === 1) return super.revoke(ids);
    const ended: string[] = [];
    const failed: { id: string; reason: string }[] = [];
    for (const batch of batches(ids, MAX_BATCH)) {
      const outcome = await this.#revokeBatch(batch);
      if (outcome === 'ended') ended.push(...batch);
      else if (outcome === 'no_such_call') {
        const each = await super.revoke(batch);
        ended.push(...each.ended);
        failed.push(...each.failed);
      } else failed.push(...batch.map((id) => ({ id, reason: outcome.reason })));
    }
    return { ended, failed };
  }

  override async keyState({ token, vendor }: { token: string; vendor: string }): Promise<KeyState> {
    const what = 'what remains under a cap';
    const { answer } = await this.#ask({ method: 'GET', path: '/v1/keys/current', token, what });
    if (answer.status === 401) throw new VaultKeyInvalidException({ vendor });
    return this.#read(answer, what, 200, readKeyState);
  }

  override async brake(request: BrakeRequest): Promise<Brake> {
    const what = 'to put a brake';
    const body = brakeBody(request);
    // Put twice it would have to be lifted twice.
    const isRepeatable = false;
    const path = '/v1/brakes';
    const { answer } = await this.#ask({ method: 'POST', path, body, what, isRepeatable });
    return this.#read(answer, what, 201, readBrake);
  }

  override async lift(brakeId: string): Promise<void> {
    // What no id looks like is not asked for, since it could be another path.
    if (!ID.test(brakeId)) throw CallRefusedException.noSuchBrake(brakeId);
    const what = 'to lift a brake';
    const path = `/v1/brakes/${brakeId}`;
    const { answer, mayHaveBeenDone } = await this.#ask({ method: 'DELETE', path, what });
    if (answer.status === 404 && mayHaveBeenDone) return;
    if (answer.status === 404) throw CallRefusedException.noSuchBrake(brakeId);
    if (answer.status !== 200) throw this.#refused(answer, what);
  }

  override async brakes(): Promise<readonly Brake[]> {
    const what = 'which brakes are active';
    const { answer } = await this.#ask({ method: 'GET', path: '/v1/brakes', what });
    return this.#read(answer, what, 200, readBrakes);
  }

  override async approvalState(id: string): Promise<ApprovalState | undefined> {
    if (!ID.test(id)) return undefined;
    const what = 'what has become of an approval';
    const { answer } = await this.#ask({ method: 'GET', path: `/v1/approvals/${id}`, what });
    return answer.status === 404 ? undefined : this.#read(answer, what, 200, readApprovalState);
  }

  override async state(): Promise<BrokerState> {
    const what = 'whether it is ready';
    const { answer } = await this.#ask({ method: 'GET', path: '/readyz', what });
    return this.#read(answer, what, 200, readStoreState);
  }

  override async beginLease(ttlSeconds: number): Promise<string> {
    const what = 'for a lease';
    const body = { ttl_seconds: ttlSeconds };
    const { answer } = await this.#ask({ method: 'POST', path: '/v1/leases', body, what });
    return this.#read(answer, what, 201, readLeaseId);
  }

  override async renewLease(leaseId: string): Promise<boolean> {
    const what = 'to renew a lease';
    const path = `/v1/leases/${leaseId}/renew`;
    const { answer } = await this.#ask({ method: 'POST', path, body: {}, what });
    if (answer.status === 404 || answer.status === 422) return false;
    if (answer.status !== 200) throw this.#refused(answer, what);
    return true;
  }

  override async endLease(leaseId: string): Promise<void> {
    const what = 'to end a lease';
    const { answer } = await this.#ask({ method: 'DELETE', path: `/v1/leases/${leaseId}`, what });
    if (answer.status !== 200 && answer.status !== 404) throw this.#refused(answer, what);
  }

  override events(reading: EventReading): AsyncIterable<BrokerEvent> {
    return readEvents(this.sources, reading);
  }

  protected override issueBody(request: IssueKeyRequest): Record<string, unknown> {
    return {
      ...super.issueBody(request),
      ...ownIssueFields(request),
      // Asked for again at another broker, the key of an answer that was lost is revoked.
      ...(this.hasOthers ? { request_id: newRequestId() } : {}),
    };
  }

  protected override notEchoed(
    sent: Record<string, unknown>,
    body: Record<string, unknown>,
  ): string[] {
    return fieldsNotEchoed(sent, body);
  }

  async #revokeBatch(
    ids: readonly string[],
  ): Promise<'ended' | 'no_such_call' | { reason: string }> {
    const { flight, answer } = await this.manage({
      method: 'POST',
      path: '/v1/keys/revoke',
      body: JSON.stringify({ ids }),
      isRepeatable: true,
      trace: Trace.current(),
    });
    if (answer === undefined) return { reason: reasonOf(flight) };
    const { status } = answer;
    if (status === 404 || status === 405) return 'no_such_call';
    if (status < 200 || status > 299) return { reason: `the broker answered ${status}` };
    return typeof parseObject(answer.text)?.['revoked'] === 'number'
      ? 'ended'
      : { reason: 'the answer does not say how many keys were revoked' };
  }

  /** @throws VaultKeyUnavailableException where no answer came, or only part of one. */
  async #ask({
    what,
    body,
    isRepeatable = true,
    ...call
  }: ManagementQuestion): Promise<Managed & { answer: ManagementAnswer }> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const managed = await this.manage({ ...call, body: text, isRepeatable });
    const { flight, answer } = managed;
    if (answer?.complete === true) return { ...managed, answer };
    throw new VaultKeyUnavailableException({
      message: `The broker was asked ${what}, and no whole answer came: ${answer === undefined ? reasonOf(flight) : 'it broke off'}. Try again in a moment.`,
      cause: causeOf(flight),
    });
  }

  #read<T>(
    answer: ManagementAnswer,
    what: string,
    due: number,
    read: (body: unknown) => T | undefined,
  ): T {
    if (answer.status !== due) throw this.#refused(answer, what);
    const value = read(parseObject(answer.text));
    if (value !== undefined) return value;
    throw new VaultKeyUnavailableException({
      message: `The broker was asked ${what}, and its answer cannot be read. Check that the broker.url option is the address of this package's own broker.`,
    });
  }

  #refused(answer: ManagementAnswer, what: string): VaultKeyException {
    const body = parseObject(this.withoutToken(answer.text));
    return readManagementRefusal({ ...answer, body }, what);
  }
}

function* batches(ids: readonly string[], size: number): Generator<readonly string[]> {
  for (let start = 0; start < ids.length; start += size) yield ids.slice(start, start + size);
}
