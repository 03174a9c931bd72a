import type { VendorOptions } from '../broker/accounts/account';
import type { Broker } from '../broker/broker';
import type { ReloadOptions } from '../broker/broker.options';
import type { Actor } from '../broker/operators/actor';
import { checkRole } from '../broker/operators/rights';
import type { LeastRole } from '../broker/operators/rights';
import { BrokerRefusal } from '../broker/refusal';
import type { Brake, BrakeRequest, KeySubject } from '../broker-client/broker-client';
import { answerOf } from '../broker-client/embedded-broker.client';
import type { EmbeddedBrokerClient } from '../broker-client/embedded-broker.client';
import { readManagementRefusal } from '../broker-client/refusal-reader';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import { BrokerOperator } from './broker-operator';
import { camelCase, camelCased } from './field-names';
import {
  SUBJECT,
  KEY_FILTERS,
  HOLD_FILTERS,
  AUDIT_FILTERS,
  checkPage,
  wireTarget,
  wireAddress,
  wireLimits,
  approvalQuery,
  wireReason,
  listQuery,
  spendFields,
  wireFields,
} from './operator-arguments';
import type {
  AuditEntryInfo,
  AuditPageInfo,
  AuditQuery,
  AuditSegmentInfo,
  AuditSegmentPageInfo,
  AuditVerdictInfo,
} from './audit-types';
import type {
  ApprovalInfo,
  ApprovalPageInfo,
  ApprovalQuery,
  BrokerFigures,
  BudgetAddress,
  BudgetInfo,
  BudgetPageInfo,
  BudgetTarget,
  BudgetTerms,
  ChangedBy,
  EffectiveCap,
  HoldInfo,
  HoldPageInfo,
  HoldQuery,
  KeyInfo,
  KeyPageInfo,
  KeyQuery,
  PageQuery,
  RaiseInfo,
  RaiseRequest,
  StoreInfo,
} from './operator-types';
import type { SpendPageInfo, SpendPageQuery, SpendQuery } from './spend-types';

/** The operator of a broker in this process. */
export class EmbeddedBrokerOperator extends BrokerOperator {
  readonly #broker: Broker;
  /** With secrets: nothing shows it. */
  #options: ReloadOptions;

  constructor(private readonly client: EmbeddedBrokerClient) {
    super();
    this.#options = client.options;
    this.#broker = client.broker;
  }

  async keys(query: KeyQuery = {}): Promise<KeyPageInfo> {
    const { filter, limit, cursor } = listQuery(query, KEY_FILTERS);
    return this.#ask('for keys', () => this.#broker.keys(filter, limit, cursor));
  }

  key(id: string): Promise<KeyInfo> {
    return this.#ask('for a key', () => this.#broker.key(id));
  }

  async revokeKeys(ids: readonly string[]): Promise<{ revoked: number; unknown: string[] }> {
    return this.#ask('to revoke keys', () => this.#broker.revokeAll({ ids }));
  }

  async setBudget(
    target: BudgetAddress,
    dailyUsdCap: number,
    limits?: BudgetTerms,
    by: ChangedBy = {},
  ): Promise<BudgetInfo> {
    const { scope, id, ...within } = wireAddress(target);
    const body = {
      ...within,
      daily_usd_cap: dailyUsdCap,
      ...(limits === undefined ? {} : wireLimits(limits)),
      ...wireReason(by),
    };
    return this.#ask('to set a budget', () =>
      this.#broker.putBudget(scope, id, body, this.#actor(by, 'admin')),
    );
  }

  budget(target: BudgetAddress): Promise<BudgetInfo> {
    return this.#ask('for a budget', () => this.#broker.budget(wireAddress(target)));
  }

  async budgets(cursor?: string): Promise<BudgetPageInfo> {
    checkPage({ cursor });
    return this.#ask('for its budgets', () => this.#broker.budgets(cursor));
  }

  async effectiveBudgets(subject: KeySubject & { vendor?: string }): Promise<EffectiveCap[]> {
    const query = wireFields(subject, [...SUBJECT, 'vendor']);
    const ask = () => this.#broker.effectiveBudgets(query);
    return (await this.#ask('for the caps over a subject', ask)).caps;
  }

  async removeBudget(target: BudgetAddress, by: ChangedBy = {}): Promise<void> {
    const path = wireAddress(target);
    const body = wireReason(by);
    await this.#ask('to remove a budget', () =>
      this.#broker.deleteBudget(path, body, this.#actor(by, 'admin')),
    );
  }

  async raise(
    target: BudgetTarget,
    { usd, expiresIn, reason, ...others }: RaiseRequest,
    by: Pick<ChangedBy, 'operator'> = {},
  ): Promise<RaiseInfo> {
    wireFields(others, ['usd', 'expiresIn', 'reason']);
    const { scope, id, ...within } = wireTarget(target);
    const body = { ...within, usd, expires_in: expiresIn, reason };
    return this.#ask('to raise a budget', () =>
      this.#broker.raises.set(scope, id, body, this.#actor(by, 'operator')),
    );
  }

  async endRaise(target: BudgetTarget, raiseId: string, by: ChangedBy = {}): Promise<void> {
    const path = wireTarget(target);
    const body = wireReason(by);
    await this.#ask('to end a raise', () =>
      this.#broker.raises.end(path, raiseId, body, this.#actor(by, 'operator')),
    );
  }

  async brake(request: BrakeRequest, by: Pick<ChangedBy, 'operator'> = {}): Promise<Brake> {
    return this.client.brake(request, this.#checked('to put a brake', by, 'operator'));
  }

  brakes(): Promise<readonly Brake[]> {
    return this.client.brakes();
  }

  async lift(brakeId: string, by: ChangedBy = {}): Promise<void> {
    const actor = this.#checked('to lift a brake', by, 'operator');
    await this.client.lift(brakeId, wireReason(by), actor);
  }

  async approvals(query: ApprovalQuery = {}): Promise<ApprovalPageInfo> {
    const { filter, limit, cursor } = approvalQuery(query);
    return this.#ask('for approvals', () => this.#broker.approvals.list(filter, limit, cursor));
  }

  approval(id: string): Promise<ApprovalInfo> {
    return this.#ask('for an approval', () => this.#broker.approvals.one(id));
  }

  async approve(id: string, by: ChangedBy = {}): Promise<ApprovalInfo> {
    const body = wireReason(by);
    return this.#ask('to approve a call', () =>
      this.#broker.approvals.approve(id, body, this.#actor(by, 'operator')),
    );
  }

  async deny(id: string, by: ChangedBy = {}): Promise<ApprovalInfo> {
    const body = wireReason(by);
    return this.#ask('to deny a call', () =>
      this.#broker.approvals.deny(id, body, this.#actor(by, 'operator')),
    );
  }

  async holds(query: HoldQuery = {}): Promise<HoldPageInfo> {
    const { filter, limit, cursor } = listQuery(query, HOLD_FILTERS);
    return this.#ask('for holds', () => this.#broker.holds.list(filter, limit, cursor));
  }

  async settleHold(id: string, usd: number, by: ChangedBy = {}): Promise<HoldInfo> {
    const body = { usd, ...wireReason(by) };
    return this.#ask('to settle a hold', () =>
      this.#broker.holds.settle(id, body, this.#actor(by, 'operator')),
    );
  }

  async releaseHold(id: string, by: ChangedBy = {}): Promise<HoldInfo> {
    const body = wireReason(by);
    return this.#ask('to release a hold', () =>
      this.#broker.holds.release(id, body, this.#actor(by, 'operator')),
    );
  }

  async audit(query: AuditQuery = {}): Promise<AuditPageInfo> {
    const { filter, limit, cursor } = listQuery(query, AUDIT_FILTERS);
    return this.#ask('for the audit log', () => this.#broker.audit(filter, limit, cursor));
  }

  async *auditEntries(query: Omit<AuditQuery, 'cursor'> = {}): AsyncGenerator<AuditEntryInfo> {
    let page: AuditPageInfo = { entries: [], cursor: undefined };
    do {
      page = await this.audit({ ...query, cursor: page.cursor });
      yield* page.entries;
    } while (page.cursor !== undefined);
  }

  verifyAudit(head?: string): Promise<AuditVerdictInfo> {
    return this.#ask('to check the audit log', () => this.#broker.verifyAudit(head));
  }

  async spend({ limit, cursor, ...query }: SpendPageQuery = {}): Promise<SpendPageInfo> {
    const page = {
      ...spendFields(query),
      ...(limit === undefined ? {} : { limit }),
      ...(cursor === undefined ? {} : { cursor }),
    };
    return this.#ask('for its spend', () => this.#broker.spend.list(page));
  }

  async *spendCsv(query: SpendQuery = {}): AsyncGenerator<string> {
    const pieces = this.#broker.spend.csv(spendFields(query));
    try {
      yield* pieces;
    } catch (error) {
      throw error instanceof BrokerRefusal ? exceptionOf(error, 'for its spend') : error;
    }
  }

  async auditSegments(query: PageQuery = {}): Promise<AuditSegmentPageInfo> {
    const { limit, cursor } = listQuery(query, []);
    const page = { limit, ...(cursor === undefined ? {} : { cursor }) };
    return this.#ask('for the segments of its audit log', () =>
      this.#broker.auditSegments.list(page),
    );
  }

  cutAudit(): Promise<AuditSegmentInfo> {
    return this.#ask('to cut its audit log', () => this.#broker.auditSegments.cut());
  }

  exportAudit(folder: string): Promise<{ files: string[] }> {
    return this.#ask('to export its audit log', () => this.#broker.auditSegments.export(folder));
  }

  async reload(
    vendors: Readonly<Record<string, VendorOptions>> = this.#options.vendors,
  ): Promise<void> {
    const options = { ...this.#options, vendors };
    try {
      this.#broker.reload(options);
    } catch (error) {
      const { name, message } = error as Error;
      // By its name: the broker is loaded only where it is embedded.
      if (name !== 'BrokerOptionsError') throw error;
      throw new CallRefusedException({
        status: 422,
        code: 'invalid_request',
        message: `The embedded broker was asked to take other accounts and refused: ${message}.`,
        param: 'vendors',
      });
    }
    this.#options = options;
  }

  figures(): Promise<BrokerFigures> {
    return this.#ask('for its figures', () => this.#broker.figures());
  }

  store(): Promise<StoreInfo> {
    return this.#ask('for the state of its store', () => this.#broker.state());
  }

  backup(file: string): Promise<{ bytes: number }> {
    return this.#ask('to copy its store', () => this.#broker.backup(file));
  }

  /** @throws BrokerRefusal where the operator that is named may not do it. */
  #actor({ operator }: ChangedBy, least: LeastRole): Actor {
    const by = this.#broker.operators.vouchedFor(operator);
    checkRole(by, least);
    return by;
  }

  /** As {@link #actor}, for what the client is asked. */
  #checked(what: string, by: ChangedBy, least: LeastRole): Actor {
    try {
      return this.#actor(by, least);
    } catch (error) {
      throw error instanceof BrokerRefusal ? exceptionOf(error, what) : error;
    }
  }

  /** @param what What was asked of the broker, as a clause: `to set a budget`. */
  async #ask<View>(what: string, ask: () => Promise<View>) {
    try {
      return camelCased(await ask());
    } catch (error) {
      throw error instanceof BrokerRefusal ? exceptionOf(error, what) : error;
    }
  }
}

/** What {@link BrokerOperator} is where the broker is a server. */
export function absentBrokerOperator(): BrokerOperator {
  const operator = Object.create(BrokerOperator.prototype) as Record<string, unknown>;
  for (const name of Object.getOwnPropertyNames(EmbeddedBrokerOperator.prototype)) {
    if (name === 'constructor') continue;
    operator[name] = () => {
      throw new Error(
        `BrokerOperator.${name}() works only where VaultKeyModule is configured with \`embedded\`. The broker of this application is a server: use its management API, or the command vault-key-broker.`,
      );
    };
  }
  return operator as unknown as BrokerOperator;
}

function exceptionOf(refusal: BrokerRefusal, what: string): Error {
  if (refusal.status >= 500) return readManagementRefusal(answerOf(refusal), what);
  const { fields } = refusal.fields as { fields?: readonly { field: string; message: string }[] };
  return new CallRefusedException({
    status: refusal.status,
    code: refusal.code,
    message:
      fields === undefined
        ? refusal.message
        : `The embedded broker was asked ${what} and refused: ${fields
            .map(({ field, message }) => `${camelCase(field)} ${message}`.trim())
            .join('; ')}.`,
    ...(fields?.length === 1 ? { param: camelCase(fields[0]?.field ?? '') } : {}),
  });
}
