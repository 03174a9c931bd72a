import type { AuditVerdict } from './audit/audit-chain';
import { auditEntryView } from './audit/audit-view';
import type { BrakeView } from './brakes/brake-view';
import type { BudgetPath, EffectiveBudgetsQuery } from './budgets/budget-request';
import type { CountedBudgetView, SubjectCapView } from './budgets/budget-view';
import { readBrokerOptions, readReloadOptions } from './broker.options';
import type { BrokerOptions, ReloadOptions, ReloadSettings } from './broker.options';
import { Brakes } from './brakes/brakes';
import { Budgets } from './budgets/budgets';
import type { BudgetPage, RemovedBudgetView } from './budgets/budgets';
import { Keys } from './keys/keys';
import type { IssuedKeyBody, KeyPage, OwnKey, RevokedKeyBody } from './keys/keys';
import type { IsGone } from './keys/request-id';
import { APP_CODE } from './operators/actor';
import type { Actor } from './operators/actor';
import type { AuditPage } from './audit/audit-view';
import type { BrokerHost } from './broker.host';
import { ReloadRows } from './reload-rows';
import { BrokerParts } from './broker-parts';
import type { BrokerMaterial } from './broker-parts';
import { Proxy } from './forwarding/proxy';
import { ConfiguredVendors } from './forwarding/configured-vendor';
import { BrokerMetrics } from './metrics/broker-metrics';
import { meterBroker } from './telemetry/meters';
import type { ProxyAnswer, ProxyCall } from './forwarding/proxy-answer';
import type { CurrentKeyView, KeyView } from './keys/key-view';
import type { Ledger } from './ledger/ledger';
import type {
  AuditFilter,
  KeyFilter,
  LedgerFigures,
  StoreCopy,
  StoreState,
} from './ledger/records';
import { writeCopy } from './ledger/sqlite/store-copy';
import { changeRow } from './ledger/rules/audit-rows';
import { openLedger } from './ledger/open-ledger';
import { offerStore } from './ledger/sqlite/process-stores';
import { AcceptedDoubts } from './ledger/store-doubt';
import { checkPage, DEFAULT_LIMIT } from './page';
import { shuttingDown } from './refusal';

/**
 * The broker itself: issues keys, forwards calls under them, keeps the ledger. No HTTP, no NestJS:
 * `vault-key-broker` serves it over a socket, `VaultKeyModule` calls it in its own process.
 */
export class Broker extends BrokerParts {
  readonly #endMeters: () => void;
  readonly #ledger: Ledger;
  readonly #proxy: Proxy;
  readonly #vendors: ConfiguredVendors;
  readonly #keys: Keys;
  readonly #budgets: Budgets;
  readonly #brakes: Brakes;
  #reloads: ReloadRows | undefined;
  #closed: Promise<void> | undefined;

  /**
   * Opens the store and makes the broker ready. Where another broker has the store it waits, up to
   * 10 s, for one that is stopping.
   *
   * @param host What the process around it has to give.
   * @throws BrokerOptionsError with every fault of the options.
   * @throws StoreInUseError where the store is still another broker's.
   * @throws DoubtfulStoreError where the store may not be the one that was left.
   * @throws Error where it cannot be opened.
   */
  static async open(options: BrokerOptions, host: BrokerHost = {}): Promise<Broker> {
    const { place, timeoutMs, retentionMs, ...reloadable } = readBrokerOptions(options);
    const { accounts, callsPerKey } = reloadable;
    const vendors = new ConfiguredVendors(timeoutMs);
    vendors.replace(accounts, callsPerKey);
    const { log, driver } = host;
    const doubts = new AcceptedDoubts(options.acceptStore);
    const settings = { auditKey: options.auditKey, doubts, log, driver, retentionMs };
    const ledger = await openLedger(place, { ...settings, clock: host.clock }, host.storeWaitMs);
    const metrics = new BrokerMetrics(ledger);
    const proxy = new Proxy(ledger, vendors.byName, callsPerKey, log, metrics.calls);
    const broker = new Broker({ ledger, proxy, vendors, metrics, host });
    if (reloadable.operators !== undefined) broker.operators.replace(reloadable.operators);
    broker.#signal(reloadable);
    broker.#reloads = new ReloadRows(ledger, log, options, reloadable);
    if (host.givesWay !== undefined && 'file' in place) {
      offerStore(place.file, broker, host.givesWay);
    }
    for (const line of vendors.proxyLines()) log?.(line, 'info');
    return broker;
  }

  private constructor(material: BrokerMaterial) {
    super(material);
    const { ledger, proxy, vendors, metrics } = material;
    this.#endMeters = meterBroker(metrics);
    this.#ledger = ledger;
    this.#proxy = proxy;
    this.#vendors = vendors;
    this.#keys = new Keys(ledger, vendors);
    this.#budgets = new Budgets(ledger, vendors.names);
    this.#brakes = new Brakes(ledger, vendors.names);
  }

  /** Whether there is an account of that name. */
  hasVendor(name: string): boolean {
    return this.#vendors.byName.has(name);
  }

  /** The names of the accounts. @internal */
  get vendorNames(): readonly string[] {
    return [...this.#vendors.names];
  }

  /**
   * Takes accounts, limits, operators, thresholds and webhooks in place of those before, and reads the files of
   * their secrets. Holds, connections and calls under way go on. A key for an account that is not there any more
   * serves no call. Operators that are not given stay as they are; an empty list removes them.
   *
   * @param also What else was changed with them, in words without a secret, for the audit log.
   * @throws BrokerOptionsError with every fault; then all is as before.
   */
  reload(options: ReloadOptions, by: Actor = APP_CODE, also: readonly string[] = []): void {
    const settings = readReloadOptions(options);
    this.#vendors.replace(settings.accounts, settings.callsPerKey);
    this.#proxy.maxCallsPerKey = settings.callsPerKey;
    if (settings.operators !== undefined) this.operators.replace(settings.operators);
    this.#signal(settings);
    this.#reloads?.note({ options, settings }, by, also);
  }

  /**
   * Issues a key.
   *
   * @param body What `POST /v1/keys` takes.
   * @param isGone Where nobody waits for the key any more, a repeated request revokes nothing.
   * @throws BrokerRefusal 422 with every bad field, or 503.
   */
  async issue(body: unknown, by: Actor = APP_CODE, isGone?: IsGone): Promise<IssuedKeyBody> {
    this.checkOpen();
    return this.#keys.issue(body, by, isGone);
  }

  /**
   * As {@link issue}, for work in this very process: the key is written down with the first call
   * under it, or within moments. If the process dies before, its token dies with the process.
   *
   * @internal
   */
  async issueForOwnWork(body: unknown): Promise<OwnKey> {
    this.checkOpen();
    return this.#keys.issueForOwnWork(body);
  }

  /**
   * Revokes a key. Once the promise resolves no call is admitted with it.
   *
   * @throws BrokerRefusal 404 where no key ever had the id, or 503.
   */
  revoke(id: string, by: Actor = APP_CODE): Promise<RevokedKeyBody> {
    return this.#keys.revoke(id, by);
  }

  /**
   * Revokes up to 1,000 keys at once.
   *
   * @param body What `POST /v1/keys/revoke` takes.
   */
  revokeAll(
    body: unknown,
    by: Actor = APP_CODE,
  ): Promise<{ revoked: number; unknown: readonly string[] }> {
    return this.#keys.revokeAll(body, by);
  }

  /** As {@link revokeAll}, for keys of {@link issueForOwnWork}. @internal */
  revokeOwn(ids: readonly string[]): Promise<{ unknown: readonly string[] }> {
    return this.#keys.revokeOwn(ids);
  }

  /** @throws BrokerRefusal 404. */
  key(id: string): Promise<KeyView> {
    return this.#keys.key(id);
  }

  /** Keys, newest first; at most `limit` (1–1,000) of them. */
  async keys(filter: KeyFilter = {}, limit = DEFAULT_LIMIT, cursor?: string): Promise<KeyPage> {
    checkPage({ limit, cursor });
    return this.#keys.keys(filter, { limit, cursor });
  }

  /**
   * What a key may know about itself.
   *
   * @param token The key's own; absent where none was sent.
   * @throws BrokerRefusal 401, the same for every way in which a token can be wrong.
   */
  currentKey(token?: string): Promise<CurrentKeyView> {
    return this.#keys.currentKey(token);
  }

  /**
   * Sets an operator's cap over a period of a subject, in place of the one that was set before.
   *
   * @param body What `PUT /v1/budgets/{scope}/{id}` takes.
   * @throws BrokerRefusal 422 with every bad field, or 503.
   */
  putBudget(
    scope: string,
    id: string,
    body: unknown,
    by: Actor = APP_CODE,
  ): Promise<CountedBudgetView> {
    return this.#budgets.put(scope, id, body, by);
  }

  /**
   * An operator's budget, as it was set.
   *
   * @throws BrokerRefusal 404.
   */
  budget(path: BudgetPath): Promise<CountedBudgetView> {
    return this.#budgets.one(path);
  }

  /**
   * Every budget in force: those that operators have set, then the application's over all that
   * had a live key today. The first page has all of the operators'; a later one may be empty.
   */
  async budgets(cursor?: string): Promise<BudgetPage> {
    checkPage({ cursor });
    return this.#budgets.all(cursor);
  }

  /**
   * Every budget over one subject, an operator's and the application's apart, with what is left
   * of each.
   *
   * @param query What `GET /v1/budgets/effective` takes: what is absent is what a key without it has.
   * @throws BrokerRefusal 422 with every bad parameter.
   */
  effectiveBudgets(query: EffectiveBudgetsQuery): Promise<{ caps: readonly SubjectCapView[] }> {
    return this.#budgets.over(query);
  }

  /**
   * Removes an operator's budget.
   *
   * @param body What `DELETE /v1/budgets/{scope}/{id}` takes.
   * @throws BrokerRefusal 404, 422, or 503.
   */
  deleteBudget(path: BudgetPath, body?: unknown, by: Actor = APP_CODE): Promise<RemovedBudgetView> {
    return this.#budgets.remove(path, body, by);
  }

  /**
   * Stops a subject: new keys and calls with live ones. Once the promise resolves no call of
   * the subject is admitted.
   *
   * @param body What `POST /v1/brakes` takes.
   * @returns The brake; its `hit` is null where the keys that it hit are still being counted, and
   * {@link brakes} tells it then.
   * @throws BrokerRefusal 422 with every bad field, or 503.
   */
  brake(body: unknown, by: Actor = APP_CODE): Promise<BrakeView> {
    return this.#brakes.put(body, by);
  }

  /** The active brakes, the oldest first. */
  brakes(): Promise<{ brakes: readonly BrakeView[] }> {
    return this.#brakes.all();
  }

  /**
   * Lifts a brake.
   *
   * @param body What `DELETE /v1/brakes/{id}` takes.
   * @throws BrokerRefusal 404 where no active brake has the id, 403 where the application's token would
   * lift what an operator has set, 422, or 503.
   */
  lift(
    id: string,
    body?: unknown,
    by: Actor = APP_CODE,
  ): Promise<{ id: string; status: 'lifted'; lifted_at: string }> {
    return this.#brakes.lift(id, body, by);
  }

  /** The audit log, newest first, each call one entry; at most `limit` (1–1,000) of them. */
  async audit(
    filter: AuditFilter = {},
    limit = DEFAULT_LIMIT,
    cursor?: string,
  ): Promise<AuditPage> {
    checkPage({ limit, cursor });
    const { entries, next } = await this.#ledger.audit(filter, { limit, cursor });
    return {
      entries: entries.map(auditEntryView),
      ...(next === undefined ? {} : { cursor: next }),
    };
  }

  /**
   * Walks the chain of the audit log.
   *
   * @param head A head kept elsewhere, which the log must still lead to.
   */
  verifyAudit(head?: string): Promise<AuditVerdict> {
    return this.#ledger.verifyAudit(head);
  }

  /** How busy the broker is, in counts. */
  figures(): Promise<LedgerFigures> {
    return this.#ledger.figures();
  }

  /** The store's state; rejects where no decision can be taken. */
  state(): Promise<StoreState> {
    return this.#ledger.state();
  }

  /**
   * Copies the store while it is in use: whole in one new file, as of the moment that the copy begins.
   * The audit key is not in it.
   *
   * @returns How large the copy is.
   * @throws Error where there is a file of that name, or it cannot be written.
   * @throws BrokerRefusal 404 where the store is in memory.
   */
  async backup(file: string): Promise<{ bytes: number }> {
    const copy = await this.copy();
    try {
      await writeCopy(copy, file);
      return { bytes: copy.bytes };
    } finally {
      copy.end();
    }
  }

  /** As {@link backup}, for a caller that reads the copy itself, a MiB within a minute, and ends it. */
  async copy(by: Actor = APP_CODE): Promise<StoreCopy> {
    const copy = await this.#ledger.copy();
    try {
      await this.#ledger.record(changeRow('backup', this.#ledger.now(), { by }));
    } catch (error) {
      copy.end();
      throw error;
    }
    return copy;
  }

  /** Puts a call through the proxy. Never rejects: what is refused is an answer too. */
  forward(call: ProxyCall): Promise<ProxyAnswer> {
    return this.#proxy.forward(call);
  }

  /** Whether it is closed, or about to be. */
  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** Stops admitting, waits for what is under way, closes the store. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  protected override checkOpen(): void {
    if (this.isClosed) throw shuttingDown();
  }

  #signal({ thresholds, webhooks }: Pick<ReloadSettings, 'thresholds' | 'webhooks'>): void {
    this.#ledger.thresholds.percents = thresholds;
    this.webhooks.replace(webhooks);
  }

  async #close(): Promise<void> {
    this.#endMeters();
    // What is on its way to a receiver need not wait for calls.
    await Promise.all([this.webhooks.close(), this.#proxy.close()]);
    await this.events.close();
    await this.#vendors.close();
    await this.#ledger.close();
  }
}
