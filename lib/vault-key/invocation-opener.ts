import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { BrokerClient } from '../broker-client/broker-client';
import type {
  BrokerDialect,
  IssueKeyRequest,
  IssueResult,
  KeySubject,
} from '../broker-client/broker-client';
import type { Trace } from '../broker/telemetry/trace';
import { DEFAULT_EXPIRES_IN, parseExpiresIn } from '../contract/expires-in';
import type { ApprovalState } from '../contract/states';
import { VaultKeyException } from '../exceptions/vault-key.exception';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { logFields } from '../telemetry/log-fields';
import { beginInvocation, beginIssue, endInvocation } from '../telemetry/invocation-trace';
import type { AgentIdentity } from './agent-identity';
import type { CallNumbering } from './call-numbering';
import { GracefulStop } from './graceful-stop';
import { KEY_TERMS } from './key-terms';
import type { KeyTerms } from './key-terms';
import { subjectId } from './label';
import { RevocationQueue } from './revocation-queue';
import { Invocation } from './invocation';
import { currentInvocation, liveInvocation } from './invocation-context';
import type { InvocationRecord } from './invocation-context';
import { VaultKey } from './vault-key';
import { budgetsFor } from './budget-choice';
import { accountFor } from './account-choice';
import type { AccountContext } from './account-choice';
import { toKeyLimits } from './vault-key-limits';
import { DEFAULT_VENDOR } from './vault-key-policy';
import type { VaultKeyPolicy } from './vault-key-policy';
import { toWholeCents } from './whole-cents';

/** What an invocation, or a key on its own, is asked for with. */
export interface InvocationRequest {
  /** Already checked. */
  policy: VaultKeyPolicy;
  identity: AgentIdentity;
  label: string;
  /** The routed call the invocation is for, and the mark of its handler. */
  execution?: object;
  mark?: object;
  calls?: CallNumbering;
  /** The call, as far as there is one, for the choice of the account. */
  call?: Pick<AccountContext, 'args' | 'execution'>;
}

/** Opens invocations: asks the broker for their keys, and sees to it that each key is revoked. */
@Injectable()
export class InvocationOpener {
  readonly #logger = new Logger('VaultKey');

  constructor(
    private readonly client: BrokerClient,
    private readonly queue: RevocationQueue,
    @Optional() @Inject(KEY_TERMS) private readonly terms: KeyTerms = {},
    @Optional() private readonly stop: GracefulStop = new GracefulStop(),
  ) {}

  /** What the broker can be asked to enforce. */
  get dialect(): BrokerDialect {
    return this.client.dialect;
  }

  /** The account of work that names none; `undefined` where it is chosen for each invocation. */
  get defaultVendor(): string | undefined {
    return this.terms.account === undefined ? DEFAULT_VENDOR : undefined;
  }

  /** Whether the caps of single invocations are all that the application sets, though it could set budgets. */
  get lacksBudgets(): boolean {
    return this.terms.budgets === undefined && this.client.dialect !== 'keybrake';
  }

  /**
   * @throws VaultKeyUnavailableException where the application is stopping and no invocation may
   * begin here.
   */
  admit(): void {
    this.stop.admit(liveInvocation() !== undefined);
  }

  /**
   * Opens an invocation, inside the one around the caller if there is one: the inner key counts
   * against the outer one's cap too, or, where the broker knows no parents, is the outer one.
   *
   * @throws VaultKeyException when no key could be issued.
   */
  async open(request: InvocationRequest): Promise<Invocation> {
    const trace = beginInvocation(request.identity, toWholeCents(request.policy.dailyUsdCap));
    if (trace === undefined) return this.#open(request);
    try {
      return await this.#open(request, trace);
    } catch (error) {
      endInvocation(trace, { error });
      throw error;
    }
  }

  async #open(request: InvocationRequest, trace?: Trace): Promise<Invocation> {
    const { identity, execution, mark, calls } = request;
    const vendor = request.policy.vendor ?? this.defaultVendor ?? (await this.#accountOf(request));
    const outer = invocationAround(execution);
    this.stop.admit(outer !== undefined && !outer.key.ended);
    const parent = this.#parentIn(outer, vendor);
    if (parent !== undefined && this.client.dialect === 'keybrake') {
      return new Invocation({ key: parent, identity, outer, execution, mark, calls, trace });
    }
    this.queue.invocationStarted();
    try {
      const key = await this.#issue(request, { vendor, parent, trace });
      const invocation: Invocation = new Invocation(
        { key, identity, outer, execution, mark, calls, trace },
        () => {
          closed();
          this.revoke(key);
          this.queue.invocationEnded();
        },
      );
      const closed = this.stop.invocationOpened(() => {
        key.end(true);
        invocation.end();
      });
      return invocation;
    } catch (error) {
      this.queue.invocationEnded();
      throw error;
    }
  }

  /**
   * What has become of an approval; `undefined` where the broker knows none of that id.
   *
   * @throws VaultKeyException where the broker does not say.
   */
  approvalState(id: string): Promise<ApprovalState | undefined> {
    return this.client.approvalState(id);
  }

  /** A key outside any invocation; the caller revokes it. */
  async issue(request: InvocationRequest): Promise<VaultKey> {
    const vendor = request.policy.vendor ?? this.defaultVendor ?? (await this.#accountOf(request));
    this.admit();
    const around = this.#parentIn(currentInvocation(), vendor);
    const parent = this.client.dialect === 'keybrake' ? undefined : around;
    const key = await this.#issue(request, { vendor, parent });
    this.stop.keyIssued(key, () => {
      key.end(true);
      this.revoke(key);
    });
    return key;
  }

  /** Ends a key and queues its revocation. Again is harmless. */
  revoke(key: VaultKey): void {
    key.end();
    this.stop.keyRevoked(key);
    this.queue.add(key.id, key.expiresAt, key.trace);
  }

  /** The key around it, whose cap counts what it spends at whatever account. A Keybrake server has keys for one vendor each. */
  #parentIn(innermost: InvocationRecord | undefined, vendor: string): VaultKey | undefined {
    const isForAny = this.client.dialect !== 'keybrake';
    for (let invocation = innermost; invocation !== undefined; invocation = invocation.outer) {
      const { key } = invocation;
      const isForIt = isForAny || key.vendor === vendor;
      if (isForIt && !key.ended && key.broker === this.client) return key;
    }
    return undefined;
  }

  /** @throws VaultKeyUnavailableException where the application's choice gives no account. */
  async #accountOf({ identity, call }: InvocationRequest): Promise<string> {
    const { account: choose = () => DEFAULT_VENDOR } = this.terms;
    try {
      return await accountFor(choose, { args: [], ...call, identity });
    } catch (cause) {
      throw this.#notRun('The account', 'chosen', identity, cause);
    }
  }

  /** @throws VaultKeyUnavailableException where a function of the application gives no budget. */
  async #budgetsFor({ identity, call }: InvocationRequest): Promise<Partial<IssueKeyRequest>> {
    const { budgets: terms, budgetsMode } = this.terms;
    if (terms === undefined) return {};
    try {
      const budgets = await budgetsFor(terms, { args: [], ...call, identity });
      return { budgets, ...(budgetsMode === undefined ? {} : { budgetsMode }) };
    } catch (cause) {
      throw this.#notRun('The budgets', 'computed', identity, cause);
    }
  }

  /** What is thrown where the application could not say what a key is to be issued with. */
  #notRun(what: string, done: string, identity: AgentIdentity, cause: unknown): Error {
    const whose = identity.tool ?? `agent run ${identity.runId}`;
    const message = `${what} of ${whose} could not be ${done}; it was not run.`;
    const why = cause instanceof Error ? cause.stack : String(cause);
    this.#logger.error(message, why, logFields(identity));
    return new VaultKeyUnavailableException({
      message: `${message} The application's log says why.`,
      cause,
    });
  }

  async #issue(
    request: InvocationRequest,
    { vendor, parent, trace }: IssuePlace,
  ): Promise<VaultKey> {
    const { policy, identity, label } = request;
    const budgets = await this.#budgetsFor(request);
    const expiresIn = policy.expiresIn ?? DEFAULT_EXPIRES_IN;
    const result = await this.#askBroker(trace, {
      label,
      vendor,
      dailyUsdCap: toWholeCents(policy.dailyUsdCap),
      allowedEndpoints: policy.allowedEndpoints,
      expiresIn,
      subject: subjectOf(identity),
      ...budgets,
      ...(policy.limits === undefined ? {} : { limits: toKeyLimits(policy.limits) }),
      ...(policy.approveAbove === undefined
        ? {}
        : { approveAboveUsd: toWholeCents(policy.approveAbove) }),
      ...(parent === undefined ? {} : { parentId: parent.id }),
    });
    if (!result.issued) {
      this.#handleUnusable(result, identity, expiresIn);
      throw result.error;
    }
    if (result.earlierKeyMayExist === true) {
      const line = `A request for a vault key was repeated, since its connection broke.${this.#lostKeyText(expiresIn)}`;
      this.#logger.warn(line, logFields(identity, result.key.id));
    }
    const key = new VaultKey({
      id: result.key.id,
      token: result.key.token,
      vendor,
      kind: result.key.kind,
      label,
      userId: identity.userId,
      runId: identity.runId,
      ...(identity.tenantId === undefined ? {} : { tenantId: identity.tenantId }),
      expiresAt: result.key.expiresAt,
      broker: this.client,
      allowedEndpoints: policy.allowedEndpoints,
      trace,
    });
    trace?.set({ 'vault_key.key_id': key.id, 'vault_key.vendor': vendor });
    try {
      // The time to stop may have passed while the broker was asked.
      this.stop.admit(true);
    } catch (error) {
      this.revoke(key);
      throw error;
    }
    return key;
  }

  async #askBroker(around: Trace | undefined, request: IssueKeyRequest): Promise<IssueResult> {
    const trace = beginIssue(request.vendor, around);
    if (trace === undefined) return this.#askSafely(request);
    const result = await this.#askSafely({ ...request, trace });
    if (result.issued) trace.set({ 'vault_key.key_id': result.key.id });
    else trace.failed(result.error.code);
    trace.end();
    return result;
  }

  async #askSafely(request: IssueKeyRequest): Promise<IssueResult> {
    try {
      return await this.#askUnderLease(request);
    } catch (cause) {
      if (cause instanceof VaultKeyException) return { issued: false, error: cause };
      const error = new VaultKeyUnavailableException({
        message: 'No vault key could be issued, so nothing was run. Try again later.',
        cause,
      });
      return { issued: false, error };
    }
  }

  async #askUnderLease(request: IssueKeyRequest): Promise<IssueResult> {
    const { lease } = this.terms;
    if (lease === undefined) return this.client.issue(request);
    const leaseId = await lease.hold();
    const result = await this.client.issue({ ...request, leaseId });
    if (result.issued || result.leaseRefused !== true) return result;
    lease.lapsed(leaseId);
    return this.client.issue({ ...request, leaseId: await lease.hold() });
  }

  #lostKeyText(expiresIn: string): string {
    const end = this.terms.lease === undefined ? '' : "with this application's lease, at most ";
    return ` The broker may have a key whose token was lost; it ends ${end}after ${expiresIn}.`;
  }

  #handleUnusable(
    { error, keyId }: Extract<IssueResult, { issued: false }>,
    { tool, runId }: AgentIdentity,
    expiresIn: string,
  ): void {
    const whose = tool === undefined ? `agent run ${runId}` : `${tool}, agent run ${runId}`;
    let fate = '';
    if (keyId !== undefined) {
      this.queue.add(keyId, new Date(Date.now() + (parseExpiresIn(expiresIn) ?? 0)));
      fate = ` The key ${keyId} that the answer named is being revoked.`;
    } else if (error instanceof VaultKeyUnavailableException && error.keyMayExist) {
      fate = this.#lostKeyText(expiresIn);
    }
    const line = `No vault key for ${whose}: ${error.message}${fate}`;
    this.#logger.warn(line, logFields({ tool, runId }, keyId));
  }
}

/** What a key is issued for and in. */
interface IssuePlace {
  vendor: string;
  parent: VaultKey | undefined;
  trace?: Trace | undefined;
}

/** The invocation around this code. An earlier attempt at the same call is not around its retry. */
function invocationAround(execution: object | undefined): InvocationRecord | undefined {
  let invocation = currentInvocation();
  while (
    invocation !== undefined &&
    execution !== undefined &&
    invocation.execution === execution
  ) {
    invocation = invocation.outer;
  }
  return invocation;
}

function subjectOf(identity: AgentIdentity): KeySubject {
  return {
    userId: subjectId(identity.userId),
    runId: identity.runId,
    ...(identity.tenantId === undefined ? {} : { tenantId: subjectId(identity.tenantId) }),
    ...(identity.tool === undefined ? {} : { tool: subjectId(identity.tool) }),
  };
}
