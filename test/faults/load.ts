import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import type { Answer, Call } from '../support/broker-process';
import type { ExecutedMoney } from '../support/executed-money';
import type { SeededRandom } from '../support/seeded-random';
import { isAcknowledged, isAsked, keyHashOf, lineOf } from './acknowledged';
import type { Acknowledged, Brake, BudgetWord, GivenKey, Operation } from './acknowledged';

/** A way to a broker: over a socket, or within this process. */
export interface WayIn {
  /** Whether a key that was issued is in the store. */
  readonly writesKeysFirst: boolean;
  issue(fields: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** The management API. */
  api(method: string, path: string, body?: unknown): Promise<Answer>;
  /** A call through the proxy. Rejects where its answer is cut short. */
  call(token: string, method: string, target: string, call?: Call): Promise<Answer>;
}

interface Payment {
  id: string;
  isManual: boolean;
  cents: number;
  key: GivenKey;
  operation: Operation;
}

const CLIENTS = 12;
const USERS = ['u1', 'u2', 'u3', 'u4', 'u5', 'u6'] as const;
const ENDPOINTS = [
  '/v1/payment_intents',
  '/v1/payment_intents/*',
  '/v1/payment_intents/*/*',
  '/v1/refunds',
];
const MAX_NESTED = 4;

/** What users may spend a day by an operator's word that stands from the beginning. */
export const OPERATORS_CAPS: Readonly<Record<string, number>> = { u1: 150, u2: 600 };
/** What users may spend a day by a cap that travels with each of their keys. */
export const APPS_CAPS: Readonly<Record<string, number>> = { u2: 800, u3: 250 };

/** Statuses by which a vendor tells for certain what became of a call. */
const CERTAIN: ReadonlySet<number> = new Set([200, 400, 402, 404]);

/** What a call is refused with while the store cannot be written. */
const UNAVAILABLE: ReadonlySet<string> = new Set(['store_unavailable', 'audit_unavailable']);

/** Closed-loop clients of one broker, which note down what it acknowledges. */
export class Load {
  readonly #payments: Payment[] = [];
  readonly #unanswered: Operation[] = [];
  #left: number;
  #drawn = 0;

  constructor(
    private readonly way: WayIn,
    private readonly acknowledged: Acknowledged,
    private readonly vendor: StripeVendor,
    private readonly money: ExecutedMoney,
    private readonly random: SeededRandom,
    operations: number,
  ) {
    this.#left = operations;
  }

  /** What must stand before anything is spent. */
  async prepare(): Promise<void> {
    const { acknowledged } = this;
    for (const [user, capUsd] of Object.entries(OPERATORS_CAPS)) {
      const word: BudgetWord = { user, capUsd, askedAt: acknowledged.tick() };
      acknowledged.budgets.push(word);
      const answer = await this.way.api('PUT', `/v1/budgets/user/${user}`, {
        daily_usd_cap: capUsd,
      });
      if (answer.status !== 200) throw new Error(`a budget was answered ${answer.text}`);
      word.acknowledgedAt = acknowledged.tick();
    }
  }

  async run(): Promise<void> {
    this.#disturb();
    await Promise.all(Array.from({ length: CLIENTS }, () => this.#client()));
  }

  /** The vendor does wrong now and then. */
  #disturb(): void {
    const { vendor, random } = this;
    const now = (probability: number) => () => random.chance(probability);
    const many = { times: Infinity };
    vendor.next(now(0.01), { reset: 'after' }, many);
    vendor.next(now(0.01), { reset: 'before' }, many);
    vendor.next(now(0.01), { status: 502, at: 'after' }, many);
    vendor.next(now(0.005), { status: 500, at: 'after' }, many);
    vendor.next(now(0.01), { truncate: true }, many);
    vendor.next(now(0.03), { decline: 'insufficient_funds' }, many);
    vendor.next(now(0.01), { status: 429 }, many);
    vendor.next(now(0.1), { delayMs: random.int(1, 15) }, many);
    // To a same-key retry Stripe says this of the key, and nothing of the payment.
    vendor.next(
      ({ idempotencyKey, sequence }) =>
        idempotencyKey !== undefined &&
        random.chance(0.2) &&
        vendor.book.entries.some(
          (call) => call.idempotencyKey === idempotencyKey && call.sequence < sequence,
        ),
      {
        status: 400,
        body: { error: { type: 'idempotency_error', message: 'Keys can only be used once.' } },
      },
      many,
    );
  }

  async #client(): Promise<void> {
    while (this.#left > 0) {
      this.#left -= 1;
      this.acknowledged.operationsAsked += 1;
      await this.#step();
    }
  }

  #step(): Promise<unknown> {
    const { random } = this;
    if (this.#usable().length < 5) {
      return this.#standing().length > 2 ? this.#lift() : this.#issue();
    }
    const dice = random.next();
    if (dice < 0.09) return this.#issue();
    if (dice < 0.11) return this.#revoke();
    if (dice < 0.12) return this.#brake();
    if (dice < 0.14) return this.#lift();
    if (dice < 0.15) return this.#budget();
    if (dice < 0.17) return this.#lease();
    if (dice < 0.19) return this.#endUnknown();
    if (dice < 0.2) return this.#head();
    if (dice < 0.22) return this.#read();
    if (dice < 0.33) return this.#retry();
    if (dice < 0.44) return this.#capture();
    if (dice < 0.5) return this.#cancel();
    if (dice < 0.57) return this.#refund();
    return this.#pay();
  }

  /** The keys on which calls must pass, so long as caps and store do. */
  #usable(): GivenKey[] {
    return this.acknowledged.keys
      .slice(-16)
      .filter(
        (key) =>
          !isAsked(key.revocation) &&
          (key.lease === undefined || !isAsked(key.lease.end)) &&
          this.#brakesOver(key).length === 0,
      );
  }

  #standing(): Brake[] {
    return this.acknowledged.brakes.filter(({ lift }) => !isAsked(lift));
  }

  #brakesOver(key: GivenKey): Brake[] {
    const ids = new Set(lineOf(key).map(({ id }) => id));
    return this.#standing().filter(({ scope, target }) =>
      scope === 'user' ? target === key.user : ids.has(target),
    );
  }

  async #issue(): Promise<void> {
    const { random, acknowledged } = this;
    const above = random.chance(0.5) ? random.pick(this.#usable()) : undefined;
    const parent = above !== undefined && lineOf(above).length < MAX_NESTED ? above : undefined;
    const lease = random.chance(0.3)
      ? random.pick(acknowledged.leases.filter(({ end }) => !isAsked(end)))
      : undefined;
    const user = parent?.user ?? random.pick(USERS) ?? 'u1';
    const capUsd = random.pick([3, 10, 40, 200, 1_000]) ?? 10;
    const budget = APPS_CAPS[user];
    const answer = await this.way.issue({
      label: `faults-${user}`,
      vendor: 'stripe',
      daily_usd_cap: capUsd,
      allowed_endpoints: ENDPOINTS,
      expires_in: '24h',
      subject: { user_id: user },
      ...(parent === undefined ? {} : { parent_id: parent.id }),
      ...(lease === undefined ? {} : { lease_id: lease.id }),
      ...(budget === undefined ? {} : { budgets: { user: budget } }),
    });
    if (answer.status === 503 || answer.body?.code === 'braked') return;
    if (answer.status !== 201) {
      // What it hangs on may have ended meanwhile.
      const ended =
        (parent !== undefined && !this.#usable().includes(parent)) ||
        (lease !== undefined && isAsked(lease.end));
      if (!ended) this.#violation(`an issue under ${parent?.id} and ${lease?.id}`, answer);
      return;
    }
    const { id, token } = answer.body as { id: string; token: string };
    acknowledged.keys.push({
      id,
      token,
      user,
      capUsd,
      parent,
      lease,
      writtenAt: this.way.writesKeysFirst ? acknowledged.tick() : undefined,
      revocation: {},
    });
  }

  async #revoke(): Promise<void> {
    const key = this.random.pick(this.#usable());
    if (key === undefined) return;
    key.revocation.askedAt = this.acknowledged.tick();
    const answer = await this.way.api('DELETE', `/v1/keys/${key.id}`);
    if (answer.status === 200) key.revocation.acknowledgedAt = this.acknowledged.tick();
    else if (answer.status === 503) key.revocation.askedAt = undefined;
    else this.#violation(`the revocation of ${key.id}`, answer);
  }

  async #brake(): Promise<void> {
    const key = this.random.pick(this.#usable());
    if (key === undefined || this.#standing().length > 2) return this.#pay();
    const scope = this.random.chance(0.3) ? 'user' : 'key';
    const target = scope === 'user' ? key.user : key.id;
    const answer = await this.way.api('POST', '/v1/brakes', {
      scope,
      id: target,
      reason: 'a test',
    });
    if (answer.status === 503) return;
    if (answer.status !== 201) return this.#violation(`a brake over ${scope} ${target}`, answer);
    const { id } = answer.body as { id: string };
    const acknowledgedAt = this.acknowledged.tick();
    this.acknowledged.brakes.push({ id, scope, target, acknowledgedAt, lift: {} });
  }

  async #lift(): Promise<void> {
    const brake = this.random.pick(this.#standing());
    if (brake === undefined) return this.#pay();
    brake.lift.askedAt = this.acknowledged.tick();
    const answer = await this.way.api('DELETE', `/v1/brakes/${brake.id}`);
    if (answer.status === 200) brake.lift.acknowledgedAt = this.acknowledged.tick();
    else if (answer.status === 503) brake.lift.askedAt = undefined;
    else this.#violation(`the lift of ${brake.id}`, answer);
  }

  /** Puts and removes the budgets of users who have no other cap; one word at a time each. */
  async #budget(): Promise<void> {
    const { acknowledged, random } = this;
    const user = random.pick(['u5', 'u6'] as const) ?? 'u5';
    const words = acknowledged.budgets.filter((word) => word.user === user);
    if (words.some((word) => !isAcknowledged(word))) return;
    const capUsd = words.at(-1)?.capUsd === undefined ? random.int(100, 300) : undefined;
    const word: BudgetWord = { user, capUsd, askedAt: acknowledged.tick() };
    acknowledged.budgets.push(word);
    const path = `/v1/budgets/user/${user}`;
    const answer = await (capUsd === undefined
      ? this.way.api('DELETE', path)
      : this.way.api('PUT', path, { daily_usd_cap: capUsd }));
    if (answer.status === 200) {
      word.acknowledgedAt = acknowledged.tick();
      return;
    }
    acknowledged.budgets.splice(acknowledged.budgets.indexOf(word), 1);
    if (answer.status !== 503) this.#violation(`a budget of ${user}`, answer);
  }

  async #lease(): Promise<void> {
    const { acknowledged, random } = this;
    const live = acknowledged.leases.filter(({ end }) => !isAsked(end));
    const lease = random.pick(live);
    if (lease === undefined || (live.length < 3 && random.chance(0.5))) {
      const answer = await this.way.api('POST', '/v1/leases', { ttl_seconds: 86_400 });
      if (answer.status === 201) {
        const { id } = answer.body as { id: string };
        acknowledged.leases.push({ id, acknowledgedAt: acknowledged.tick(), end: {} });
      } else if (answer.status !== 503) this.#violation('a lease', answer);
      return;
    }
    if (random.chance(0.5)) {
      const answer = await this.way.api('POST', `/v1/leases/${lease.id}/renew`);
      if (answer.status !== 200 && answer.status !== 503 && !isAsked(lease.end)) {
        this.#violation(`the renewal of ${lease.id}`, answer);
      }
      return;
    }
    lease.end.askedAt = acknowledged.tick();
    const answer = await this.way.api('DELETE', `/v1/leases/${lease.id}`);
    if (answer.status === 200) lease.end.acknowledgedAt = acknowledged.tick();
    else if (answer.status === 503) lease.end.askedAt = undefined;
    else this.#violation(`the end of ${lease.id}`, answer);
  }

  /** An operator looks at the vendor's book and ends a hold by what it says. */
  async #endUnknown(): Promise<void> {
    const { acknowledged } = this;
    const list = await this.way.api('GET', '/v1/holds?state=unknown&limit=20');
    if (list.status === 503) return;
    if (list.status !== 200) return this.#violation('a list of holds', list);
    const holds = list.body.holds as { id: string; idempotency_key_hash: string | null }[];
    for (const { id, idempotency_key_hash: hash } of holds) {
      const operation = acknowledged.operations.find(
        ({ idempotencyKey }) => idempotencyKey !== undefined && keyHashOf(idempotencyKey) === hash,
      );
      // It says nothing while a call is under way, nor of the captures that come without a key.
      if (operation === undefined || operation.inFlight > 0 || operation.isEnded) continue;
      operation.isEnded = true;
      const executed = this.money.costOf(operation.id, !operation.isClosed);
      const cents = Math.min(executed, operation.cents);
      const answer = await (cents === 0
        ? this.way.api('POST', `/v1/holds/${id}/release`)
        : this.way.api('POST', `/v1/holds/${id}/settle`, { usd: cents / 100 }));
      // The answer to a retry may have ended it since it was listed, or does once another is written.
      const isOver =
        answer.status === 422 &&
        /a hold (that is (settled|released)|whose call the vendor has executed)/.test(answer.text);
      if (answer.status === 200) {
        acknowledged.endedHolds.push({ id, acknowledgedAt: acknowledged.tick() });
      } else if (answer.status !== 503 && !isOver) this.#violation(`the end of hold ${id}`, answer);
      return;
    }
  }

  /** A head of the log that is kept elsewhere. */
  async #head(): Promise<void> {
    const answer = await this.way.api('GET', '/v1/audit/verify');
    if (answer.status === 503) return;
    if (answer.status !== 200 || answer.body.ok !== true) {
      return this.#violation('a verification of the log', answer);
    }
    const { head } = answer.body as { head: string };
    this.acknowledged.heads.push({ head, acknowledgedAt: this.acknowledged.tick() });
  }

  async #read(): Promise<void> {
    const payment = this.random.pick(this.#payments);
    if (payment === undefined) return this.#pay();
    await this.#call(payment.key, 'GET', `/v1/payment_intents/${payment.id}`);
  }

  async #pay(): Promise<void> {
    const { random } = this;
    // Also under keys that are stopped: none of those calls may pass.
    const stopped = random.chance(0.05);
    const key = random.pick(stopped ? this.acknowledged.keys.slice(-30) : this.#usable());
    if (key === undefined) return this.#issue();
    const isManual = random.chance(0.4);
    const cents = random.int(50, 1_000);
    const operation = this.#operation(key, cents, '/v1/payment_intents', (id) => ({
      amount: String(cents),
      currency: 'usd',
      payment_method: 'pm_card_visa',
      'allowed_payment_method_types[0]': 'card',
      confirm: 'true',
      ...(isManual ? { capture_method: 'manual' } : {}),
      'metadata[operation]': id,
    }));
    const answer = await this.#send(key, operation);
    if (answer?.status !== 200) return;
    this.#payments.push({ id: answer.body.id, isManual, cents, key, operation });
    if (this.#payments.length > 40) this.#payments.shift();
  }

  /** Sends again what had no answer, and now and then what had one. */
  async #retry(): Promise<void> {
    const { random } = this;
    const operation =
      this.#unanswered.shift() ?? random.pick(this.acknowledged.operations.slice(-40));
    if (operation?.idempotencyKey === undefined || operation.isEnded) return this.#pay();
    const keys = this.#usable().filter(({ user }) => user === operation.user);
    const same = keys.find((key) => operation.keys.has(key));
    const key = same !== undefined && random.chance(0.6) ? same : random.pick(keys);
    if (key === undefined) return this.#pay();
    await this.#send(key, operation);
  }

  async #capture(): Promise<void> {
    const payment = this.random.pick(this.#payments.filter(({ isManual }) => isManual));
    if (payment === undefined) return this.#pay();
    const body = this.random.chance(0.5)
      ? `amount_to_capture=${this.random.int(50, payment.cents)}`
      : '';
    await this.#close(payment, 'capture', body);
  }

  async #cancel(): Promise<void> {
    const payment = this.random.pick(this.#payments);
    if (payment === undefined) return this.#pay();
    await this.#close(payment, 'cancel', '');
  }

  async #close({ id, key, operation }: Payment, how: string, body: string): Promise<void> {
    operation.closedAt ??= this.acknowledged.tick();
    operation.inFlight += 1;
    const target = `/v1/payment_intents/${id}/${how}`;
    const answer = await this.#call(key, 'POST', target, body === '' ? {} : { body });
    operation.inFlight -= 1;
    if (!isCertain(answer)) operation.isUnclear = true;
    if (answer?.status === 200) operation.isClosed = true;
  }

  async #refund(): Promise<void> {
    const payment = this.random.pick(this.#payments.filter(({ isManual }) => !isManual));
    if (payment === undefined) return this.#pay();
    const cents = this.random.int(1, Math.max(1, payment.cents >> 2));
    const operation = this.#operation(payment.key, cents, '/v1/refunds', (id) => ({
      amount: String(cents),
      payment_intent: payment.id,
      'metadata[operation]': id,
    }));
    await this.#send(payment.key, operation);
  }

  #operation(
    { user }: GivenKey,
    cents: number,
    target: string,
    fields: (id: string) => Record<string, string>,
  ): Operation {
    const id = `op${++this.#drawn}`;
    const operation: Operation = {
      id,
      user,
      cents,
      target,
      body: new URLSearchParams(fields(id)).toString(),
      idempotencyKey: this.random.chance(0.6) ? `idem-${id}` : undefined,
      keys: new Set(),
      inFlight: 0,
      closedAt: undefined,
      isClosed: false,
      isUnclear: false,
      isEnded: false,
    };
    this.acknowledged.operations.push(operation);
    return operation;
  }

  async #send(key: GivenKey, operation: Operation): Promise<Answer | undefined> {
    const { target, body, idempotencyKey } = operation;
    operation.keys.add(key);
    operation.inFlight += 1;
    const answer = await this.#call(key, 'POST', target, {
      body,
      ...(idempotencyKey === undefined ? {} : { headers: { 'idempotency-key': idempotencyKey } }),
    });
    operation.inFlight -= 1;
    if (!isCertain(answer)) {
      operation.isUnclear = true;
      this.#unanswered.push(operation);
    }
    return answer;
  }

  /** A call; `undefined` where its answer is cut short. What was stopped must not let it pass. */
  async #call(
    key: GivenKey,
    method: string,
    target: string,
    call: Call = {},
  ): Promise<Answer | undefined> {
    const isStopped =
      isAcknowledged(key.revocation) || (key.lease !== undefined && isAcknowledged(key.lease.end));
    const brakes = this.#brakesOver(key);
    const answer = await this.way.call(key.token, method, target, call).catch(brokenOff);
    const verdict = answer?.headers['x-vault-key-verdict'];
    const what = `${method} ${target} with ${key.id}`;
    const isRefusedAnyhow = UNAVAILABLE.has(String(verdict)) || verdict === 'invalid_key';
    if (isStopped && !isRefusedAnyhow) {
      this.#violation(`${what}, which was stopped,`, answer);
    }
    // A lift that somebody asked for meanwhile lets it pass, whatever brake came after it.
    const isBraked = brakes.some((brake) => this.#brakesOver(key).includes(brake));
    if (isBraked && verdict !== 'braked' && !isRefusedAnyhow) {
      this.#violation(`${what}, which was braked,`, answer);
    }
    const mayBeStopped =
      isAsked(key.revocation) || (key.lease !== undefined && isAsked(key.lease.end));
    if (verdict === 'invalid_key' && !mayBeStopped)
      this.#violation(`${what}, which lives,`, answer);
    if (answer !== undefined && verdict === undefined) this.#violation(what, answer);
    return answer;
  }

  #violation(what: string, answer: Answer | undefined): void {
    this.acknowledged.violations.push(
      `${what} was answered ${answer?.status} ${answer?.text.slice(0, 300)}`,
    );
  }
}

/** Whether an answer says for certain what became of a call. */
function isCertain(answer: Answer | undefined): boolean {
  if (answer === undefined) return false;
  const verdict = answer.headers['x-vault-key-verdict'];
  if (verdict === 'forwarded') {
    return CERTAIN.has(answer.status) && answer.body?.error?.type !== 'idempotency_error';
  }
  return !String(verdict).startsWith('vendor_outcome');
}

function brokenOff(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ECONNRESET' || /aborted|hang up|cut short/.test(error.message)) {
    return undefined;
  }
  throw error;
}
