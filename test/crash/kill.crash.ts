import { setTimeout as delay } from 'node:timers/promises';
import { BrokerProcess } from '../support/broker-process';
import type { Answer } from '../support/broker-process';
import { ExecutedMoney } from '../support/executed-money';
import { Load, keyHashOf } from './load';
import type { AcknowledgedKey } from './load';
import { crashStores } from './stores';
import type { CrashStores } from './stores';
import { SeededRandom } from '../support/seeded-random';

const KILLS = Number(process.env['CRASH_KILLS'] ?? 200);
const BIRTHS = Number(process.env['CRASH_BIRTHS'] ?? 30);
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
const LANES = 2;
/** Each start is followed by a check of all that its store ever had: a fresh one now and then keeps that short. */
const STORE_KILLS = 250;
/** The longest that a broker lives under load, in milliseconds. */
const MAX_LIFE_MS = 1_200;

interface KeyView {
  id: string;
  status: string;
  spent_usd: number;
  held_usd: number;
  undone_usd?: number;
}

interface HoldView {
  id: string;
  held_usd: number;
  idempotency_key_hash: string | null;
}

let stores: CrashStores;
beforeAll(async () => {
  stores = await crashStores();
}, 60_000);
afterAll(() => stores.remove());

/** One broker on one store, killed and started again; after every start its promises are checked. */
class Lane {
  kills = 0;
  killedStarts = 0;
  auditEntries = 0;
  unknownHolds = 0;
  readonly money: ExecutedMoney;
  #broker: BrokerProcess;
  #head = '';

  private constructor(
    readonly load: Load,
    private readonly random: SeededRandom,
    broker: BrokerProcess,
  ) {
    this.#broker = broker;
    this.money = new ExecutedMoney(load.vendor);
  }

  static async open(seed: number, name: string): Promise<Lane> {
    const random = new SeededRandom(seed);
    const load = await Load.create(random, name);
    const store = await stores.next();
    const broker = await BrokerProcess.start({ vendor: load.vendor, store, env: stores.env });
    return new Lane(load, random, broker);
  }

  /** Load, a kill at a random moment of it, a start on the same store, and every promise. */
  async round(): Promise<void> {
    const { load, random } = this;
    const held = load.disturb();
    const running = load.run(this.#broker);
    // The moment is what this is about; there is nothing to await.
    await delay(random.next() * MAX_LIFE_MS);
    const executing = held.flatMap(({ calls }) => calls).map(({ params }) => operationIn(params));
    const killed = this.#broker.kill('SIGKILL');
    load.stop();
    await killed;
    this.kills++;
    await running;

    // What waits at the vendor is executed before the next start, or after.
    const late = random.chance(0.5);
    if (!late) for (const calls of held) calls.release();
    while (random.chance(0.15)) await this.#killAStart();
    this.#broker = await this.#broker.restart();
    await stores.settled(this.#broker);
    if (late) for (const calls of held) calls.release();
    for (const calls of held) calls.arrived.catch(() => {});
    for (const calls of held) calls.cancel();
    await this.check(executing);
  }

  async check(executing: readonly (string | undefined)[] = []): Promise<void> {
    const { load } = this;
    await this.#adoptUnacknowledged();
    const keys = await this.#all<KeyView>('/v1/keys?limit=1000', 'keys');
    const byId = new Map(keys.map((key) => [key.id, key]));
    const lookedUp = await this.#all<{ path: string }>(
      '/v1/audit?event=lookup&limit=1000',
      'entries',
    );
    this.#checkMoney(byId, lookedUp);
    await this.#checkHolds(keys, executing);
    await this.#checkStops(byId);
    await this.#checkAudit();
    expect(load.violations).toEqual([]);
  }

  /** Says where the store is, for who looks into a failure. */
  keepStore(): string {
    return stores.keep(this.#broker.store, `vault-key-crash-${SEED}-`);
  }

  /** What came of it, in figures. */
  get report(): string {
    const { load, money } = this;
    return (
      `${this.kills} kills under load, ${this.killedStarts} of starts; ` +
      `${load.answers} answers, ${load.operations.length} operations, ${load.retries} retries, ` +
      `${money.movements} movements of money, ${load.keys.length} keys, ` +
      `${load.lifted.size + load.brakes.size} brakes, ${this.unknownHolds} holds unknown, ` +
      `${this.auditEntries} audit rows`
    );
  }

  async close(): Promise<void> {
    await this.#broker.kill('SIGKILL');
    await this.load.vendor.close();
  }

  async #killAStart(): Promise<void> {
    const { vendor } = this.load;
    const starting = BrokerProcess.spawn({ vendor, store: this.#broker.store, env: stores.env });
    await delay(this.random.next() * 300);
    await starting.kill('SIGKILL');
    this.killedStarts++;
  }

  /** What was asked for and never answered either came to pass or did not: the broker says which. */
  async #adoptUnacknowledged(): Promise<void> {
    const { brakes, lifted } = this.load;
    const standing = new Map(
      (await this.#all<{ id: string; scope: string; target: string }>('/v1/brakes', 'brakes')).map(
        (brake) => [brake.id, brake],
      ),
    );
    for (const brake of brakes.values()) {
      if (standing.has(brake.id)) brake.liftAsked = false;
      else if (brake.liftAsked) brakes.delete(brake.id);
    }
    expect([...standing.keys()]).toEqual(expect.arrayContaining([...brakes.keys()]));
    expect([...standing.keys()].filter((id) => lifted.has(id))).toEqual([]);
    for (const brake of standing.values()) {
      brakes.set(brake.id, { ...brake, liftAsked: false });
    }
  }

  /** Every charge that the vendor executed is counted, none twice, and no cap is passed. */
  #checkMoney(keys: ReadonlyMap<string, KeyView>, lookedUp: readonly { path: string }[]): void {
    const { load, money } = this;
    const executedByKey = new Map<string, number>();
    const executedByUser = new Map<string, number>();
    const sentByUser = new Map<string, number>();
    for (const operation of load.operations) {
      const cost = money.costOf(operation.id, operation.open);
      add(executedByUser, operation.user, cost);
      add(sentByUser, operation.user, operation.cents);
      const [only] = operation.keys;
      if (operation.keys.size === 1 && only !== undefined) add(executedByKey, only, cost);
    }
    // A payment whose answer was passed on, and not written before the kill, stays unknown and counts. The broker
    // does not know its object, looks it up for a capture, and counts that too.
    const unknownPayments = new Set(lookedUp.map(({ path }) => path.split('/').at(-1)));
    for (const { payment, user, cents } of load.captures) {
      if (unknownPayments.has(payment)) add(sentByUser, user, cents);
    }
    const countedByUser = new Map<string, number>();
    for (const { id, user, capUsd } of load.keys) {
      const key = keys.get(id);
      if (key === undefined) throw new Error(`the acknowledged key ${id} is gone`);
      const spend = centsOf(key.spent_usd) + centsOf(key.held_usd);
      const undone = centsOf(key.undone_usd ?? 0);
      const counted = spend + undone;
      add(countedByUser, user, counted);
      const executed = executedByKey.get(id) ?? 0;
      if (counted < executed) {
        throw new Error(`${id} counts ${counted} cents, and the vendor executed ${executed}`);
      }
      if (Math.max(spend, undone) > capUsd * 100) {
        throw new Error(
          `${id} counts ${spend} cents, and ${undone} undone, under a cap of ${capUsd} USD`,
        );
      }
    }
    for (const [user, executed] of executedByUser) {
      const counted = countedByUser.get(user) ?? 0;
      const sent = sentByUser.get(user) ?? 0;
      if (counted < executed || counted > sent) {
        throw new Error(
          `${user}'s keys count ${counted} cents; ${executed} were executed, ${sent} were asked for`,
        );
      }
    }
  }

  /** Nothing is in flight after a start: what was is `unknown`, and still counted. */
  async #checkHolds(
    keys: readonly KeyView[],
    executing: readonly (string | undefined)[],
  ): Promise<void> {
    expect(await this.#all<HoldView>('/v1/holds?state=held&limit=1000', 'holds')).toEqual([]);
    const unknown = await this.#all<HoldView>('/v1/holds?state=unknown&limit=1000', 'holds');
    const sum = (items: readonly { held_usd: number }[]): number =>
      items.reduce((total, { held_usd }) => total + centsOf(held_usd), 0);
    expect(sum(unknown)).toBe(sum(keys));
    this.unknownHolds = unknown.length;

    const hashes = new Set(unknown.map((hold) => hold.idempotency_key_hash));
    for (const operation of this.load.operations) {
      const hash = keyHashOf(operation);
      if (hash === undefined || operation.sendings > 1 || !executing.includes(operation.id))
        continue;
      expect([operation.id, hashes.has(hash)]).toEqual([operation.id, true]);
    }
  }

  /** Every acknowledged revocation and brake holds. */
  async #checkStops(keys: ReadonlyMap<string, KeyView>): Promise<void> {
    const { load } = this;
    for (const key of load.keys) {
      const revoked = keys.get(key.id)?.status === 'revoked';
      if (key.revocation === 'asked') key.revocation = revoked ? 'acknowledged' : 'none';
      expect([key.id, revoked]).toEqual([key.id, key.revocation === 'acknowledged']);
      if (!revoked) {
        expect([key.id, keys.get(key.id)?.status]).toEqual([
          key.id,
          load.isBraked(key) ? 'braked' : 'active',
        ]);
      }
    }
    const revoked = load.keys.filter(({ revocation }) => revocation === 'acknowledged').slice(-3);
    for (const key of revoked) expect((await this.#pay(key)).status).toBe(401);
    const braked = load.keys.filter((key) => key.revocation === 'none' && load.isBraked(key));
    for (const key of braked.slice(-2)) {
      const answer = await this.#pay(key);
      expect([answer.status, answer.body.code]).toEqual([403, 'braked']);
    }
  }

  /** The chain verifies, and passes through the head that it had before the kill. */
  async #checkAudit(): Promise<void> {
    const query = this.#head === '' ? '' : `?head=${this.#head}`;
    const { status, body } = await this.#broker.api('GET', `/v1/audit/verify${query}`);
    expect([status, body]).toEqual([200, expect.objectContaining({ ok: true })]);
    expect(body.entries).toBeGreaterThanOrEqual(this.auditEntries);
    this.auditEntries = body.entries;
    this.#head = body.head;
  }

  #pay({ token }: AcknowledgedKey): Promise<Answer> {
    const body =
      'amount=50&currency=usd&payment_method=pm_card_visa&allowed_payment_method_types[0]=card&confirm=true';
    return this.#broker.call(token, 'POST', '/v1/payment_intents', { body });
  }

  async #all<T>(path: string, name: string): Promise<T[]> {
    const items: T[] = [];
    for (let cursor: string | undefined; ;) {
      const page = cursor === undefined ? path : `${path}&cursor=${cursor}`;
      const { status, body, text } = await this.#broker.api('GET', page);
      if (status !== 200) throw new Error(`GET ${path} was answered ${status} ${text}`);
      items.push(...(body[name] as T[]));
      cursor = body.cursor;
      if (cursor === undefined) return items;
    }
  }
}

describe('a broker that is killed at random moments under load', () => {
  it(`counts every executed charge and keeps every word it gave, ${KILLS} times`, async () => {
    const started = Date.now();
    process.stdout.write(`CRASH_SEED=${SEED} draws the same load again\n`);
    let left = KILLS;
    let begun = 0;
    const playStore = async (): Promise<void> => {
      const number = ++begun;
      const lane = await Lane.open(SEED + number, `store${number}`);
      try {
        for (let kills = 0; kills < STORE_KILLS && left > 0; kills++) {
          left -= 1;
          await lane.round();
        }
        await lane.check();
        process.stdout.write(`store ${number}: ${lane.report}\n`);
      } catch (error) {
        left = 0;
        throw new Error(
          `CRASH_SEED=${SEED}, store ${number}, after kill ${lane.kills}, the store is kept in ${lane.keepStore()}: ${(error as Error).message}`,
          { cause: error },
        );
      } finally {
        await lane.close();
      }
    };
    await Promise.all(
      Array.from({ length: LANES }, async () => {
        while (left > 0) await playStore();
      }),
    );
    process.stdout.write(`${((Date.now() - started) / 1_000).toFixed(0)} s\n`);
  });
});

describe('a broker that is killed while it makes its store', () => {
  it(`starts on what is left, ${BIRTHS} times`, async () => {
    const random = new SeededRandom(SEED);
    const load = await Load.create(random, 'birth');
    const { vendor } = load;
    for (let i = 0; i < BIRTHS; i++) {
      const store = await stores.next();
      const { env } = stores;
      const newborn = BrokerProcess.spawn({ vendor, store, env });
      await delay(random.next() * 400);
      await newborn.kill('SIGKILL');
      const broker = await BrokerProcess.start({ vendor, store, env });
      const { id } = await broker.issue();
      expect((await broker.api('GET', `/v1/keys/${id}`)).body.status).toBe('active');
      expect((await broker.api('GET', '/v1/audit/verify')).body).toMatchObject({
        ok: true,
        entries: 1,
      });
      await broker.kill('SIGKILL');
    }
    await vendor.close();
  });
});

function operationIn(params: Readonly<Record<string, unknown>>): string | undefined {
  return (params['metadata'] as { operation?: string } | undefined)?.operation;
}

function add(sums: Map<string, number>, name: string, cents: number): void {
  sums.set(name, (sums.get(name) ?? 0) + cents);
}

function centsOf(usd: number): number {
  return Math.round(usd * 100);
}
