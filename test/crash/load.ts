import { createHash } from 'node:crypto';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import type { HeldCalls } from '../../lib/testing/stripe/stripe-script';
import type { Answer, BrokerProcess } from '../support/broker-process';
import type { SeededRandom } from '../support/seeded-random';

/** A key whose issue the broker acknowledged. */
export interface AcknowledgedKey {
  id: string;
  token: string;
  user: string;
  run: string;
  capUsd: number;
  /** Whether anybody asked for its revocation, and whether the broker said that it is done. */
  revocation: 'none' | 'asked' | 'acknowledged';
}

/** One payment or refund; all its sendings are alike. */
export interface Operation {
  id: string;
  user: string;
  cents: number;
  target: string;
  body: string;
  idempotencyKey: string | undefined;
  /** The ids of the keys it was sent under. */
  keys: Set<string>;
  sendings: number;
  answered: boolean;
  /** Whether nobody ever tried to capture or cancel it. */
  open: boolean;
}

/** A capture that was asked for, of a payment. */
export interface Capture {
  payment: string;
  user: string;
  cents: number;
}

/** A brake that stands, by the broker's own word. */
export interface StandingBrake {
  id: string;
  scope: string;
  target: string;
  liftAsked: boolean;
}

interface KnownPayment {
  id: string;
  manual: boolean;
  cents: number;
  key: AcknowledgedKey;
  operation: Operation;
}

const CLIENTS = 16;
const USERS = 6;
const ENDPOINTS = ['/v1/payment_intents', '/v1/payment_intents/*/*', '/v1/refunds'];

/**
 * Closed-loop clients of one broker, and a record of what it acknowledged to them. What it must
 * never do shows up in {@link Load.violations}.
 */
export class Load {
  readonly keys: AcknowledgedKey[] = [];
  readonly operations: Operation[] = [];
  readonly captures: Capture[] = [];
  readonly brakes = new Map<string, StandingBrake>();
  readonly lifted = new Set<string>();
  readonly violations: string[] = [];
  answers = 0;
  retries = 0;
  #payments: KnownPayment[] = [];
  #unanswered: Operation[] = [];
  #stopped = true;
  #drawn = 0;

  private constructor(
    readonly vendor: StripeVendor,
    private readonly random: SeededRandom,
    private readonly name: string,
  ) {}

  static async create(random: SeededRandom, name: string): Promise<Load> {
    return new Load(await createStripeVendor({ keep: Infinity }), random, name);
  }

  /** Runs the clients until {@link Load.stop}; resolves when the last of them has its answer. */
  async run(broker: BrokerProcess): Promise<void> {
    this.#stopped = false;
    await Promise.all(Array.from({ length: CLIENTS }, () => this.#client(broker)));
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Faults of every kind for some of the calls to come. */
  disturb(): HeldCalls[] {
    const { random, vendor } = this;
    vendor.next('POST /v1/payment_intents', { delayMs: random.int(5, 40) }, { times: 4 });
    if (random.chance(0.3)) vendor.next('*', { reset: random.chance(0.5) ? 'after' : 'before' });
    if (random.chance(0.3)) vendor.next('POST /v1/refunds', { status: 502, at: 'after' });
    if (random.chance(0.2)) vendor.next('*', { status: 500, at: 'after' });
    if (random.chance(0.2)) vendor.next('*', { truncate: true });
    if (random.chance(0.3)) vendor.next('*', { decline: 'insufficient_funds' });
    return [
      vendor.hold('POST /v1/payment_intents', { times: 2, at: 'after' }),
      vendor.hold('*', { times: 1, at: 'before' }),
    ];
  }

  /** The keys on which calls must pass, so long as their caps do. */
  #usable(): AcknowledgedKey[] {
    return this.keys.slice(-12).filter((key) => key.revocation === 'none' && !this.isBraked(key));
  }

  /** Whether a brake that the broker acknowledged, and that nobody asked to lift, is over a key. */
  isBraked(key: AcknowledgedKey): boolean {
    return this.#brakesOver(key).length > 0;
  }

  #brakesOver(key: AcknowledgedKey): StandingBrake[] {
    return this.#standing().filter(
      ({ scope, target }) => target === { user: key.user, run: key.run, key: key.id }[scope],
    );
  }

  #standing(): StandingBrake[] {
    return [...this.brakes.values()].filter(({ liftAsked }) => !liftAsked);
  }

  async #client(broker: BrokerProcess): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#step(broker);
        this.answers++;
      } catch (error) {
        if (!isBrokenConnection(error)) throw error;
        return;
      }
    }
  }

  #step(broker: BrokerProcess): Promise<unknown> {
    if (this.#usable().length < 4) {
      return this.#standing().length > 0 ? this.#lift(broker) : this.#issue(broker);
    }
    const dice = this.random.next();
    if (dice < 0.03) return this.#issue(broker);
    if (dice < 0.04) return this.#revoke(broker);
    if (dice < 0.05) return this.#brake(broker);
    if (dice < 0.07) return this.#lift(broker);
    if (dice < 0.19) return this.#retry(broker);
    if (dice < 0.32) return this.#capture(broker);
    if (dice < 0.38) return this.#cancel(broker);
    if (dice < 0.46) return this.#refund(broker);
    return this.#pay(broker);
  }

  async #issue(broker: BrokerProcess): Promise<void> {
    const user = `u${this.random.int(1, USERS)}`;
    const run = `r${this.random.int(1, 2 * USERS)}`;
    const capUsd = this.random.pick([5, 60, 400, 5_000]) ?? 60;
    const answer = await broker.api('POST', '/v1/keys', {
      label: `crash-${user}-${run}`,
      vendor: 'stripe',
      daily_usd_cap: capUsd,
      allowed_endpoints: ENDPOINTS,
      expires_in: '24h',
      subject: { user_id: user, run_id: run },
    });
    if (answer.status === 403 && answer.body.code === 'braked') return;
    if (answer.status !== 201) return this.#violation('an issue', answer);
    const { id, token } = answer.body as { id: string; token: string };
    this.keys.push({ id, token, user, run, capUsd, revocation: 'none' });
  }

  async #revoke(broker: BrokerProcess): Promise<void> {
    const key = this.random.pick(this.#usable());
    if (key === undefined) return;
    key.revocation = 'asked';
    const answer = await broker.api('DELETE', `/v1/keys/${key.id}`);
    if (answer.status !== 200) return this.#violation('a revocation', answer);
    key.revocation = 'acknowledged';
  }

  async #brake(broker: BrokerProcess): Promise<void> {
    const key = this.random.pick(this.#usable());
    if (key === undefined || this.#standing().length >= 2) return this.#pay(broker);
    const scope = this.random.pick(['user', 'run', 'key'] as const) ?? 'key';
    const target = { user: key.user, run: key.run, key: key.id }[scope];
    const answer = await broker.api('POST', '/v1/brakes', { scope, id: target, reason: 'a crash' });
    if (answer.status !== 201) return this.#violation('a brake', answer);
    const { id } = answer.body as { id: string };
    this.brakes.set(id, { id, scope, target, liftAsked: false });
  }

  async #lift(broker: BrokerProcess): Promise<void> {
    const brake = this.random.pick(this.#standing());
    if (brake === undefined) return this.#pay(broker);
    brake.liftAsked = true;
    const answer = await broker.api('DELETE', `/v1/brakes/${brake.id}`);
    if (answer.status !== 200) return this.#violation('a lift', answer);
    this.brakes.delete(brake.id);
    this.lifted.add(brake.id);
  }

  async #pay(broker: BrokerProcess): Promise<void> {
    // Also under keys that are stopped: none of those calls may pass.
    const stopped = this.random.chance(0.05);
    const key = this.random.pick(stopped ? this.keys.slice(-30) : this.#usable());
    if (key === undefined) return this.#issue(broker);
    const manual = this.random.chance(0.4);
    const cents = this.random.int(50, 3_000);
    const operation = this.#operation(key, cents, '/v1/payment_intents', (id) => ({
      amount: String(cents),
      currency: 'usd',
      payment_method: 'pm_card_visa',
      'allowed_payment_method_types[0]': 'card',
      confirm: 'true',
      ...(manual ? { capture_method: 'manual' } : {}),
      'metadata[operation]': id,
    }));
    const answer = await this.#send(broker, key, operation);
    if (answer.status === 200) {
      this.#payments.push({ id: answer.body.id, manual, cents, key, operation });
      if (this.#payments.length > 40) this.#payments.shift();
    }
  }

  /** Sends again what had no answer, and now and then what had one. */
  async #retry(broker: BrokerProcess): Promise<void> {
    const operation = this.#unanswered.shift() ?? this.random.pick(this.operations.slice(-50));
    if (operation?.idempotencyKey === undefined) return this.#pay(broker);
    const keys = this.#usable().filter(({ user }) => user === operation.user);
    const same = keys.find(({ id }) => operation.keys.has(id));
    const key = same !== undefined && this.random.chance(0.6) ? same : this.random.pick(keys);
    if (key === undefined) return this.#pay(broker);
    this.retries++;
    await this.#send(broker, key, operation);
  }

  async #capture(broker: BrokerProcess): Promise<void> {
    const payment = this.random.pick(this.#payments.filter(({ manual }) => manual));
    if (payment === undefined) return this.#pay(broker);
    payment.operation.open = false;
    const cents = this.random.chance(0.5) ? this.random.int(50, payment.cents) : undefined;
    const body = cents === undefined ? '' : `amount_to_capture=${cents}`;
    const { user } = payment.operation;
    this.captures.push({ payment: payment.id, user, cents: cents ?? payment.cents });
    await this.#call(broker, payment.key, `/v1/payment_intents/${payment.id}/capture`, body);
  }

  async #cancel(broker: BrokerProcess): Promise<void> {
    const payment = this.random.pick(this.#payments);
    if (payment === undefined) return this.#pay(broker);
    payment.operation.open = false;
    await this.#call(broker, payment.key, `/v1/payment_intents/${payment.id}/cancel`, '');
  }

  async #refund(broker: BrokerProcess): Promise<void> {
    const payment = this.random.pick(this.#payments.filter(({ manual }) => !manual));
    if (payment === undefined) return this.#pay(broker);
    const cents = this.random.int(1, Math.max(1, payment.cents >> 2));
    const operation = this.#operation(payment.key, cents, '/v1/refunds', (id) => ({
      amount: String(cents),
      payment_intent: payment.id,
      'metadata[operation]': id,
    }));
    await this.#send(broker, payment.key, operation);
  }

  #operation(
    key: AcknowledgedKey,
    cents: number,
    target: string,
    fields: (id: string) => Record<string, string>,
  ): Operation {
    const id = `${this.name}-op${++this.#drawn}`;
    const operation: Operation = {
      id,
      user: key.user,
      cents,
      target,
      body: new URLSearchParams(fields(id)).toString(),
      idempotencyKey: this.random.chance(0.6) ? `idem-${id}` : undefined,
      keys: new Set(),
      sendings: 0,
      answered: false,
      open: true,
    };
    this.operations.push(operation);
    return operation;
  }

  async #send(broker: BrokerProcess, key: AcknowledgedKey, operation: Operation): Promise<Answer> {
    operation.keys.add(key.id);
    operation.sendings++;
    try {
      const { target, body, idempotencyKey } = operation;
      const answer = await this.#call(broker, key, target, body, idempotencyKey);
      operation.answered = true;
      return answer;
    } catch (error) {
      this.#unanswered.push(operation);
      throw error;
    }
  }

  /** A call; what was stopped before it began must not let it pass. */
  async #call(
    broker: BrokerProcess,
    key: AcknowledgedKey,
    target: string,
    body: string,
    idempotencyKey?: string,
  ): Promise<Answer> {
    const revoked = key.revocation === 'acknowledged';
    const brakes = this.#brakesOver(key);
    const answer = await broker.call(key.token, 'POST', target, {
      ...(body === '' ? {} : { body }),
      ...(idempotencyKey === undefined ? {} : { headers: { 'idempotency-key': idempotencyKey } }),
    });
    const { status, headers } = answer;
    const verdict = headers['x-vault-key-verdict'];
    if (revoked && status !== 401) this.#violation(`a call with the revoked ${key.id}`, answer);
    // A lift that somebody asked for meanwhile lets it pass, whatever brake came after it.
    const braked = brakes.some((brake) => this.#brakesOver(key).includes(brake));
    if (braked && verdict !== 'braked' && verdict !== 'invalid_key') {
      this.#violation(`a call with the braked ${key.id}`, answer);
    }
    if (status === 401 && key.revocation === 'none') {
      this.#violation(`a call with the live ${key.id}`, answer);
    }
    if (verdict === undefined || verdict === 'store_unavailable') {
      this.#violation(`a call to ${target}`, answer);
    }
    return answer;
  }

  #violation(what: string, { status, text }: Answer): void {
    this.violations.push(`${what} was answered ${status} ${text.slice(0, 300)}`);
  }
}

/** What the broker keeps of an `Idempotency-Key`. */
export function keyHashOf({ idempotencyKey }: Operation): string | undefined {
  return idempotencyKey === undefined
    ? undefined
    : createHash('sha256').update(idempotencyKey).digest('hex');
}

function isBrokenConnection(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return (
    code === 'ECONNRESET' ||
    code === 'ECONNREFUSED' ||
    code === 'EPIPE' ||
    /aborted|hang up/.test(message)
  );
}
