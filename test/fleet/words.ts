import { send } from '../support/broker-process';
import type { SeededRandom } from '../support/seeded-random';
import type { Fleet } from './fleet';

const EVERY_MS = 100;
const MAX_WORDS = 1_000;

/** What brokers of a fleet have acknowledged to operators: it must outlive every kill. */
export class Words {
  readonly #keys = new Map<string, string>();
  readonly #revoked = new Set<string>();
  readonly #brakes = new Set<string>();
  readonly #budgets = new Map<string, number>();
  /** What an operator was told that is neither done nor refused for want of the store. */
  readonly #faults: string[] = [];
  #isOver = false;
  #given = 0;
  #speaking: Promise<void> | undefined;

  constructor(
    private readonly fleet: Fleet,
    private readonly random: SeededRandom,
  ) {}

  begin(): void {
    this.#speaking = this.#speak();
  }

  async end(): Promise<number> {
    this.#isOver = true;
    await this.#speaking;
    return this.#keys.size + this.#revoked.size + this.#brakes.size + this.#budgets.size;
  }

  /** Checks that each one is in the store, and that what it stops is stopped. */
  async check(): Promise<void> {
    const { fleet } = this;
    expect(this.#faults).toEqual([]);
    const keys = await fleet.query('SELECT id, revoked_at FROM vault_key.keys');
    const known = new Map(keys.map((key) => [key['id'] as string, key['revoked_at'] !== null]));
    expect([...this.#keys.keys()].filter((id) => !known.has(id))).toEqual([]);
    expect([...this.#revoked].filter((id) => known.get(id) !== true)).toEqual([]);
    const brakes = await fleet.query('SELECT id FROM vault_key.brakes');
    const active = new Set(brakes.map(({ id }) => id as string));
    expect([...this.#brakes].filter((id) => !active.has(id))).toEqual([]);
    const budgets = await fleet.query(
      'SELECT target, cap_micros::text AS cap FROM vault_key.budgets',
    );
    const caps = new Map(budgets.map(({ target, cap }) => [target as string, Number(cap)]));
    const lost = [...this.#budgets].filter(([user, usd]) => caps.get(user) !== usd * 1e6);
    expect(lost).toEqual([]);
    for (const id of [...this.#revoked].slice(-3)) {
      for (const { url } of fleet.brokers) {
        const answer = await send(url, 'GET', '/stripe/v1/payment_intents', {
          headers: { authorization: `Bearer ${this.#keys.get(id)}` },
        });
        expect(answer.status).toBe(401);
      }
    }
  }

  async #speak(): Promise<void> {
    while (!this.#isOver && this.#given < MAX_WORDS) {
      this.#given += 1;
      await this.#say(`word-${this.#given}`).catch((error: Error) => {
        if (!isAway(error)) this.#faults.push(String(error.stack));
      });
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  async #say(name: string): Promise<void> {
    const broker = this.random.pick(this.fleet.brokers);
    const dice = this.random.next();
    if (broker === undefined) return;
    if (dice < 0.4) {
      const { status, body, text } = await broker.api('POST', '/v1/keys', {
        label: name,
        vendor: 'stripe',
        daily_usd_cap: 10,
        allowed_endpoints: ['/v1/payment_intents'],
        subject: { user_id: name },
      });
      if (this.#isDone(201, status, text)) this.#keys.set(body.id as string, body.token as string);
    } else if (dice < 0.6) {
      const id = this.random.pick([...this.#keys.keys()]);
      if (id === undefined) return;
      const { status, text } = await broker.api('DELETE', `/v1/keys/${id}`);
      if (this.#isDone(200, status, text)) this.#revoked.add(id);
    } else if (dice < 0.8) {
      const brake = { scope: 'user', id: name, reason: 'a test' };
      const { status, body, text } = await broker.api('POST', '/v1/brakes', brake);
      if (this.#isDone(201, status, text)) this.#brakes.add(body.id as string);
    } else {
      const usd = this.random.int(1, 1_000);
      const { status, text } = await broker.api('PUT', `/v1/budgets/user/${name}`, {
        daily_usd_cap: usd,
      });
      if (this.#isDone(200, status, text)) this.#budgets.set(name, usd);
    }
  }

  /** A broker whose store is away acknowledges nothing. */
  #isDone(done: number, status: number, text: string): boolean {
    if (status !== done && status !== 503)
      this.#faults.push(`a word was answered ${status} ${text}`);
    return status === done;
  }
}

/** Whether a broker was not there, or was killed before its answer was. */
function isAway(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EPIPE';
}
