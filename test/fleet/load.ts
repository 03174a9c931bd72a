import { setTimeout as delay } from 'node:timers/promises';
import { send } from '../support/broker-process';
import type { Answer, IssuedKey } from '../support/broker-process';
import type { SeededRandom } from '../support/seeded-random';
import type { Fleet } from './fleet';
import type { Charge, Invocation, Plan, SharedKey, Told } from './plan';

const LANES = 24;
/** How often an invocation is asked for again, at whichever instance, where nobody knows what came of it. */
const RETRIES = 20;
const RETRY_AFTER_MS = 200;

/** Sends the charges of a plan to all instances, and notes down what their callers are told. */
export class Load {
  /** What callers were told, by the operation; each of its sendings. */
  readonly told = new Map<string, Told[]>();
  /** Answers to whole invocations that were not begun. */
  readonly refusals: Answer[] = [];
  /** Why requests had no answer. */
  readonly unanswered: string[] = [];
  retries = 0;
  #begun = 0;
  readonly #sharedKeys = new Map<string, IssuedKey>();

  constructor(
    private readonly fleet: Fleet,
    private readonly plan: Plan,
    private readonly random: SeededRandom,
  ) {}

  /** Sets the operator's budgets, and issues the keys that are shared. */
  async prepare(): Promise<void> {
    const { plan } = this;
    for (const { scope, id, tenant, user, usd } of plan.operatorBudgets) {
      const answer = await this.#broker.api('PUT', `/v1/budgets/${scope}/${id}`, {
        daily_usd_cap: usd,
        ...(tenant === undefined ? {} : { tenant_id: tenant }),
        ...(user === undefined ? {} : { user_id: user }),
      });
      if (answer.status !== 200) throw new Error(`a budget was answered ${answer.text}`);
    }
    const parents = new Map<string, IssuedKey>();
    for (const { shared } of plan.invocations) {
      if (shared === undefined || this.#sharedKeys.has(shared.name)) continue;
      const { tenant } = shared.subject;
      const parent = parents.get(tenant) ?? (await this.#issue(shared, shared.parentCapUsd));
      parents.set(tenant, parent);
      this.#sharedKeys.set(shared.name, await this.#issue(shared, shared.capUsd, parent.id));
    }
  }

  /** What part of the charges was sent, from 0 to 1. */
  get progress(): number {
    return this.#begun / this.plan.invocations.length;
  }

  async run(): Promise<void> {
    const lane = async (): Promise<void> => {
      for (;;) {
        const invocation = this.plan.invocations[this.#begun];
        if (invocation === undefined) return;
        this.#begun += 1;
        await this.#ask(invocation);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  }

  async #ask(invocation: Invocation): Promise<void> {
    for (let tries = 0; ; tries++) {
      const begin = invocation.way === 'shared' ? this.#askBrokers : this.#askApp;
      const isKnown = await begin.call(this, invocation);
      if (isKnown || tries === RETRIES) return;
      this.retries += 1;
      await delay(RETRY_AFTER_MS);
    }
  }

  /** Returns whether what came of each charge is known. */
  async #askApp({ subject, way, capUsd, together, charges }: Invocation): Promise<boolean> {
    const { url } = this.random.pick(this.fleet.apps) ?? { url: '' };
    const answer = await send(url, 'POST', `/desk/${way}`, {
      headers: {
        'content-type': 'application/json',
        'x-tenant': subject.tenant,
        'x-user': subject.user,
        'x-agent-run-id': subject.run,
      },
      body: JSON.stringify({ capUsd, together, charges }),
    }).catch((error: unknown) => this.#noteUnanswered(error));
    if (answer === undefined) return false;
    if (answer.status !== 201) {
      this.refusals.push(answer);
      return false;
    }
    return (answer.body as Told[]).map((told) => this.#note(told)).every(Boolean);
  }

  async #askBrokers({ shared, charges }: Invocation): Promise<boolean> {
    const key = this.#sharedKeys.get(shared?.name ?? '');
    if (key === undefined) throw new Error('a shared key was not issued');
    const known = await Promise.all(
      charges.map(async (charge) => {
        const told = await this.#payAt(key, charge);
        return this.#note(told);
      }),
    );
    return known.every(Boolean);
  }

  async #payAt(key: IssuedKey, charge: Charge): Promise<Told> {
    const { operation, amount, currency, paymentMethod } = charge;
    const form = new URLSearchParams({
      amount: String(amount),
      currency,
      payment_method: paymentMethod,
      confirm: 'true',
      'allowed_payment_method_types[0]': 'card',
      'metadata[operation]': operation,
    });
    try {
      const { status, body, text } = await this.#broker.call(
        key.token,
        'POST',
        '/v1/payment_intents',
        { body: form.toString(), headers: { 'idempotency-key': operation } },
      );
      return status === 200 ? { operation, status } : { operation, status, body: body ?? text };
    } catch (error) {
      this.#noteUnanswered(error);
      return { operation, status: 0 };
    }
  }

  #noteUnanswered(error: unknown): undefined {
    this.unanswered.push(String(error));
  }

  /** Returns whether it is known what came of it. */
  #note(told: Told): boolean {
    const before = this.told.get(told.operation);
    if (before === undefined) this.told.set(told.operation, [told]);
    else before.push(told);
    return told.status === 200 || told.status === 402 || told.status === 429;
  }

  get #broker() {
    const broker = this.random.pick(this.fleet.brokers);
    if (broker === undefined) throw new Error('the fleet has no broker');
    return broker;
  }

  #issue({ name, subject }: SharedKey, capUsd: number, parentId?: string): Promise<IssuedKey> {
    return this.#broker.issue({
      label: `shared ${name}`,
      daily_usd_cap: capUsd,
      expires_in: '24h',
      subject: {
        tenant_id: subject.tenant,
        user_id: subject.user,
        run_id: subject.run,
        tool: 'desk.shared',
      },
      budgets: this.plan.appBudgets,
      ...(parentId === undefined ? {} : { parent_id: parentId }),
    });
  }
}

/** Whose cap has refused a charge; `undefined` where it was no cap. */
export function refusedBy({ body }: Told): string | undefined {
  const { error, code, scope } = (body ?? {}) as Record<string, unknown>;
  const isCap = error === 'spend_cap_exceeded' || code === 'cap_exhausted';
  return isCap ? String(scope) : undefined;
}
