import type { Answer } from '../../support/broker-process';
import type { SeededRandom } from '../../support/seeded-random';
import type { Member } from './member';
import type { AgentKey, FaultRecord, Payment } from './record';

/** What agents work with. */
export interface AgentsWorld {
  readonly members: readonly Member[];
  readonly record: FaultRecord;
  readonly random: SeededRandom;
}

/** A payment that was sent once more, and what it was answered; `undefined` where the answer was cut short. */
export interface Sent {
  payment: Payment;
  answer: Answer | undefined;
}

const USERS = ['u0', 'u1', 'u2', 'u3', 'u4', 'u5'];
export const ENDPOINTS = ['/v1/payment_intents', '/v1/payment_intents/*'];
/** What an operator's word lets a user or a tenant spend a day, in USD: reached by the load. */
export const CAPS = { user: { u0: 300 }, tenant: { t0: 1_500 } } as const;
/** What travels with each key of a user. */
export const APP_CAPS: { readonly user: Readonly<Record<string, number>> } = { user: { u1: 600 } };
const KEY_USD = 120;
const PARENT_USD = 500;
const PAUSE_MS = 12;
/** Answers that say for certain that this sending has moved no money. */
const NOT_SENT = /^(?:ECONNREFUSED|ENOTFOUND)$/;

/**
 * A steady load: agents that get a key, pay with it at any instance, and give it back; an operator who
 * brakes and lifts; an intruder who tries keys that have ended.
 */
export class Agents {
  readonly #endedKeys: AgentKey[] = [];
  #isStopped = false;
  #isResting = false;
  #running: Promise<void>[] = [];
  #underWay = 0;

  constructor(private readonly world: AgentsWorld) {}

  /** @param load How many agents work for each user. */
  start(load: number): void {
    const users = Array.from({ length: load }, () => USERS).flat();
    this.#running = [
      ...users.map((user) => this.#agent(user)),
      this.#operator(),
      this.#intruder(),
    ].map((each) => each.catch((error: Error) => this.#violation(String(error.stack))));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#running);
  }

  /** Has all of them pause: resolves when nothing of theirs is under way. */
  async rest(): Promise<void> {
    this.#isResting = true;
    while (this.#underWay > 0) await pause(5);
  }

  goOn(): void {
    this.#isResting = false;
  }

  /** See {@link FaultRecord.forget}. */
  forget(): void {
    this.#endedKeys.length = 0;
  }

  /** A key that must admit nothing from now on. */
  addEnded(key: AgentKey): void {
    this.#endedKeys.push(key);
  }

  /** Issues a key; `undefined` where that was refused. */
  async issue(
    member: Member,
    user: string,
    fields: Readonly<Record<string, unknown>> = {},
    parent?: AgentKey,
  ): Promise<AgentKey | undefined> {
    const { record } = this.world;
    const capUsd = Number(fields['daily_usd_cap'] ?? KEY_USD);
    const app = APP_CAPS.user[user];
    const answer = await this.#word(member, 'POST', '/v1/keys', {
      label: `nest-${user}`,
      vendor: 'stripe',
      daily_usd_cap: capUsd,
      allowed_endpoints: ENDPOINTS,
      subject: { user_id: user, run_id: `run-${user}`, ...tenantOf(user) },
      ...(app === undefined ? {} : { budgets: { user: app } }),
      ...(parent === undefined ? {} : { parent_id: parent.id }),
      ...fields,
    });
    if (answer?.status !== 201) return undefined;
    const { id, token } = answer.body as { id: string; token: string };
    const key: AgentKey = {
      id,
      token,
      user,
      capUsd,
      ...(parent === undefined ? {} : { parent }),
      revocation: 'none',
    };
    record.keys.push(key);
    return key;
  }

  /** Returns whether it was acknowledged. */
  async revoke(member: Member, key: AgentKey): Promise<boolean> {
    if (key.revocation === 'none') key.revocation = 'asked';
    const answer = await this.#word(member, 'DELETE', `/v1/keys/${key.id}`);
    if (answer?.status !== 200) return false;
    key.revocation = 'acknowledged';
    this.world.record.revoked += 1;
    return true;
  }

  /** Sends a new payment. */
  pay(member: Member, key: AgentKey, cents: number): Promise<Sent> {
    return this.send(member, this.newPayment(key, cents));
  }

  /** One that has not been sent. */
  newPayment(key: AgentKey, cents: number): Payment {
    const { record } = this.world;
    const id = `op-${record.nextNumber()}`;
    const payment: Payment = {
      id,
      key,
      cents,
      idempotencyKey: `idem-${id}-${key.id}`,
      isPaid: false,
      isUnclear: false,
      answers: [],
    };
    record.payments.push(payment);
    return payment;
  }

  /** Sends a payment, for the first time or again. */
  async send(member: Member, payment: Payment): Promise<Sent> {
    const { record } = this.world;
    const { key, cents, id, idempotencyKey } = payment;
    // It may have ended between this look and the answer.
    const mustBeRefused = key.revocation === 'acknowledged';
    const began = performance.now();
    let answer: Answer;
    try {
      answer = await this.#busy(() =>
        member.broker.call(key.token, 'POST', '/v1/payment_intents', {
          body: bodyOf(id, cents),
          headers: { 'idempotency-key': idempotencyKey },
        }),
      );
    } catch (error) {
      record.noteBroken(error as NodeJS.ErrnoException);
      payment.answers.push(`${member.name}: ${(error as NodeJS.ErrnoException).code}`);
      if (!NOT_SENT.test(String((error as NodeJS.ErrnoException).code))) payment.isUnclear = true;
      return { payment, answer: undefined };
    }
    record.noteCall(`${id} at ${member.name}`, answer, performance.now() - began);
    payment.answers.push(
      `${member.name}: ${answer.status} ${String(answer.headers['x-vault-key-verdict'])}`,
    );
    const isForwarded = answer.headers['x-vault-key-verdict'] === 'forwarded';
    if (isForwarded && mustBeRefused) this.#violation(`${id} was let through with an ended key`);
    if (isForwarded && answer.status === 200) {
      if (!payment.isPaid) record.paid += 1;
      payment.isPaid = true;
    } else if (!saysForCertain(answer)) payment.isUnclear = true;
    return { payment, answer };
  }

  async #agent(user: string): Promise<void> {
    const { random, record } = this.world;
    let parent: AgentKey | undefined;
    while (!this.#isStopped) {
      await this.#pause();
      const at = this.#anyMember();
      if (at === undefined) continue;
      if (parent === undefined && random.chance(0.5)) {
        parent = await this.issue(at, user, { daily_usd_cap: PARENT_USD, expires_in: '1h' });
      }
      const key = await this.issue(at, user, {}, random.chance(0.5) ? parent : undefined);
      if (key === undefined) {
        parent = undefined;
        await pause(30);
        continue;
      }
      for (let left = random.int(1, 8); left > 0 && !this.#isStopped; left--) {
        await this.#pause();
        const member = this.#anyMember();
        if (member === undefined) break;
        if (random.chance(0.25)) await this.#burst(key);
        const sent = await this.pay(member, key, random.int(50, 4_000));
        if (capOver(sent) === 'parent') parent = undefined;
        if (sent.answer?.status === 503 || sent.answer === undefined) await this.#retry(sent);
      }
      const member = this.#anyMember();
      if (member === undefined) continue;
      if (!(await this.revoke(member, key))) continue;
      const other = this.#anyMember();
      if (other !== undefined && random.chance(0.3)) await this.pay(other, key, 100);
      // Kept, so that many are tried again at the end.
      if (record.revoked % 5 === 0) this.addEnded(key);
    }
  }

  /** More than fits under the key's cap, at once and at all instances. */
  async #burst(key: AgentKey): Promise<void> {
    const members = Array.from({ length: 4 }, () => this.#anyMember() ?? []).flat();
    const { random } = this.world;
    await Promise.all(members.map((member) => this.pay(member, key, random.int(2_000, 7_000))));
  }

  /** The same payment again, at any instance: it must count once. */
  async #retry({ payment }: Sent): Promise<void> {
    const { random } = this.world;
    for (let left = 2; left > 0 && !this.#isStopped && random.chance(0.6); left--) {
      await pause(40);
      await this.#pause();
      const member = this.#anyMember();
      if (member === undefined) continue;
      const { answer } = await this.send(member, payment);
      if (answer !== undefined && answer.status !== 503) return;
    }
  }

  /** Brakes a user at one instance, sees that no other lets a call through, and lifts. */
  async #operator(): Promise<void> {
    const { random } = this.world;
    let key: AgentKey | undefined;
    while (!this.#isStopped) {
      await this.#pause();
      const [at, other] = [this.#anyMember(), this.#anyMember()];
      if (at === undefined || other === undefined) continue;
      key ??= await this.issue(at, 'braked', { daily_usd_cap: 50_000, expires_in: '1h' });
      if (key === undefined) continue;
      const isBrake = random.chance(0.5);
      const answer = isBrake
        ? await this.#word(at, 'POST', '/v1/brakes', {
            scope: 'user',
            id: 'braked',
            reason: 'a test',
          })
        : await this.#word(at, 'PUT', '/v1/budgets/user/braked', { daily_usd_cap: 0 });
      if (answer?.status === 200 || answer?.status === 201) {
        const sent = await this.pay(other, key, 100);
        if (sent.answer?.headers['x-vault-key-verdict'] === 'forwarded') {
          this.#violation(`${sent.payment.id} was let through at ${other.name} in spite of a stop`);
        }
      }
      await this.#lift();
      await pause(60);
    }
  }

  /** Takes back every brake and the budget of 0, whatever it takes. */
  async #lift(): Promise<void> {
    while (!this.#isStopped) {
      const member = this.#anyMember();
      const list = member && (await this.#word(member, 'GET', '/v1/brakes'));
      const brakes = (list?.body?.brakes ?? []) as { id: string; target?: string }[];
      let isDone = list?.status === 200;
      for (const { id } of brakes) {
        const answer = member && (await this.#word(member, 'DELETE', `/v1/brakes/${id}`));
        isDone &&= answer?.status === 200 || answer?.status === 404;
      }
      const budget =
        member &&
        (await this.#word(member, 'PUT', '/v1/budgets/user/braked', { daily_usd_cap: 50_000 }));
      if (isDone && budget?.status === 200) return;
      await pause(50);
    }
  }

  /** Tries keys that have ended, everywhere and all the time. */
  async #intruder(): Promise<void> {
    const { random } = this.world;
    while (!this.#isStopped) {
      await this.#pause();
      const member = this.#anyMember();
      const key = random.pick(this.#endedKeys);
      if (member !== undefined && key !== undefined) await this.tryEnded(member, key);
      await pause(40);
    }
  }

  /** A call with a key that has ended: whatever it is answered, it must not be let through. */
  async tryEnded(member: Member, key: AgentKey): Promise<Answer | undefined> {
    const { answer, payment } = await this.pay(member, key, 100);
    if (answer?.headers['x-vault-key-verdict'] === 'forwarded') {
      this.#violation(
        `${payment.id} was let through at ${member.name} with ${key.id}, which ended`,
      );
    }
    return answer;
  }

  async #word(
    member: Member,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Answer | undefined> {
    const { record } = this.world;
    const began = performance.now();
    try {
      const answer = await this.#busy(() => member.broker.api(method, path, body));
      record.noteWord(`${method} ${path} at ${member.name}`, answer, performance.now() - began);
      return answer;
    } catch (error) {
      record.noteBroken(error as NodeJS.ErrnoException);
      return undefined;
    }
  }

  async #busy<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
    }
  }

  #anyMember(): Member | undefined {
    return this.world.random.pick(
      this.world.members.filter(({ isUp, isShunned }) => isUp && !isShunned),
    );
  }

  async #pause(): Promise<void> {
    await pause(PAUSE_MS);
    while (this.#isResting && !this.#isStopped) await pause(10);
  }

  #violation(text: string): void {
    this.world.record.violations.push(text);
  }
}

export function bodyOf(operation: string, cents: number): string {
  return `amount=${cents}&currency=usd&payment_method=pm_card_visa&allowed_payment_method_types[0]=card&confirm=true&metadata[operation]=${operation}`;
}

export function tenantOf(user: string): { tenant_id?: string } {
  return user === 'u2' || user === 'u3' ? { tenant_id: 't0' } : {};
}

function capOver({ answer }: Sent): string | undefined {
  return answer?.body?.code === 'cap_exhausted' ? (answer.body.scope as string) : undefined;
}

/** Whether an answer that is no 2xx says that the payment has not been made. */
function saysForCertain({ status, headers }: Answer): boolean {
  const verdict = headers['x-vault-key-verdict'];
  if (verdict === 'forwarded') return [400, 402, 404].includes(status);
  return !/^vendor_(?:outcome|redirect|answer)/.test(String(verdict));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
