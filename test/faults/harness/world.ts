import { createStripeVendor } from '../../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../../lib/testing/stripe-vendor';
import { temporaryFile } from '../../support/broker-process';
import { SeededRandom } from '../../support/seeded-random';
import { until } from '../../support/until';
import { Agents, CAPS } from './agents';
import { CapWatch } from './cap-watch';
import { Member } from './member';
import type { MemberSetting } from './member';
import { FaultRecord } from './record';
import type { AgentKey } from './record';
import { query } from './stores';
import { TcpProxy } from './tcp-proxy';

export type StoreKind = 'postgres' | 'sqlite';

/** What a fault needs of its world. */
export interface WorldSetting {
  /** How many instances; one on SQLite. @default 2 */
  members?: number;
  /** How long an instance lives that does not say so. @default 2,000 */
  ttlMs?: number | 'real';
  /** How many agents work for each user. @default 1 */
  load?: number;
  env?: Readonly<Record<string, string>>;
  within?: readonly string[];
  storeHost?: string;
  /** In place of the vendor's own. */
  vendorHost?: string;
}

/** What a fault strikes: instances on one store, agents who use them, and a vendor. */
export class World {
  readonly record = new FaultRecord();
  readonly agents = new Agents(this);
  readonly members: Member[] = [];
  /** Whether instances have died, so that outcomes which the vendor has told may be unknown. */
  hasDeaths = false;
  readonly #watch: CapWatch | undefined;
  readonly #ends: (() => Promise<void> | void)[] = [];

  private constructor(
    readonly random: SeededRandom,
    readonly vendor: StripeVendor,
    /** The way of all instances to the vendor. */
    readonly vendorWay: TcpProxy,
    public store: { url: string } | { file: string },
    private readonly setting: WorldSetting,
  ) {
    this.#watch = 'url' in store ? new CapWatch(() => this.url, this.record) : undefined;
  }

  /** @param url Of an empty database; a new file of SQLite where it is absent. */
  static async open(setting: WorldSetting, seed: number, url: string | undefined): Promise<World> {
    const vendor = await createStripeVendor({ keep: Infinity });
    const store = url === undefined ? { file: temporaryFile() } : { url };
    const way = await TcpProxy.start(vendor.port);
    const world = new World(new SeededRandom(seed), vendor, way, store, setting);
    try {
      const count = url === undefined ? 1 : (setting.members ?? 2);
      for (let i = 0; i < count; i++) await world.add();
      await world.#prepare();
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  get kind(): StoreKind {
    return 'url' in this.store ? 'postgres' : 'sqlite';
  }

  /** The URL of its database. */
  get url(): string {
    if (!('url' in this.store)) throw new Error('the store is a file');
    return this.store.url;
  }

  /** How long an instance lives, in milliseconds. */
  get ttlMs(): number {
    const { ttlMs = 2_000 } = this.setting;
    return ttlMs === 'real' ? 15_000 : ttlMs;
  }

  get live(): readonly Member[] {
    return this.members.filter(({ isUp }) => isUp);
  }

  /** The instance that a fault strikes. */
  get struck(): Member {
    return this.members[0] as Member;
  }

  /** One that stays as it is, or the only one. */
  get other(): Member {
    return this.members[1] ?? this.struck;
  }

  /** The database is somewhere else from now on, and the ways of all instances lead there. */
  moveTo(url: string): void {
    this.store = { url };
    for (const { way } of this.members) way?.targets.splice(0, 1, Number(new URL(url).port));
  }

  /** See {@link FaultRecord.forget}; the agents must be at rest. */
  forget(): void {
    this.record.forget();
    this.agents.forget();
  }

  /** A query past the product. */
  queryStore(text: string): Promise<Record<string, unknown>[]> {
    return query(this.url, text);
  }

  /** Starts one more instance. */
  async add(change: Partial<MemberSetting> = {}): Promise<Member> {
    const { ttlMs = 2_000, env, within, storeHost, vendorHost = '127.0.0.1' } = this.setting;
    const { secretKey } = this.vendor;
    const member = await Member.start(`instance ${this.members.length + 1}`, {
      vendor: { url: `http://${vendorHost}:${this.vendorWay.port}`, secretKey },
      store: this.store,
      ...(ttlMs === 'real' ? {} : { ttlMs }),
      ...(env === undefined ? {} : { env }),
      ...(within === undefined ? {} : { within }),
      storeHost,
      ...change,
    });
    this.members.push(member);
    return member;
  }

  /** A key with room for a few payments, which no agent of the load uses. */
  async freshKey(fields: Readonly<Record<string, unknown>> = {}): Promise<AgentKey> {
    let key: AgentKey | undefined;
    await until(
      async () => {
        const member = this.random.pick(this.live);
        key = member && (await this.agents.issue(member, 'fault', fields));
        return key !== undefined;
      },
      () => 'no key was issued',
    );
    return key as AgentKey;
  }

  /** Waits until agents have paid so often more. */
  async untilPaid(more: number): Promise<void> {
    const { record } = this;
    const goal = record.paid + more;
    await until(
      () => record.paid >= goal,
      () => `${record.paid} of ${goal} payments, answers: ${this.describeAnswers()}`,
      90_000,
    );
  }

  /** Waits until a call passes at each instance that is up. */
  async untilWell(withinMs = 30_000): Promise<void> {
    const key = await this.freshKey({ daily_usd_cap: 10_000 });
    await Promise.all(
      this.live.map((member) =>
        until(
          async () => (await this.agents.pay(member, key, 100)).answer?.status === 200,
          () => `no new call passes at ${member.name}: ${member.broker.output.slice(-1_000)}`,
          withinMs,
        ),
      ),
    );
  }

  describeAnswers(): string {
    return [...this.record.answers].map(([answer, count]) => `${count} × ${answer}`).join(', ');
  }

  /** What a fault has started ends with the world. */
  onClose(end: () => Promise<void> | void): void {
    this.#ends.push(end);
  }

  /** @throws Error where nobody has watched the caps. */
  checkWatch(): void {
    this.#watch?.check();
  }

  async close(): Promise<void> {
    await this.agents.stop();
    for (const end of this.#ends) await end();
    await this.#watch?.close();
    await Promise.all(this.members.map((member) => member.close()));
    await this.vendorWay.close();
    await this.vendor.close();
  }

  /** Caps that stand from the beginning, and keys that have ended before the fault. */
  async #prepare(): Promise<void> {
    const { struck, agents } = this;
    const api = async (method: string, path: string, body?: unknown) => {
      const answer = await struck.broker.api(method, path, body);
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.text}`);
      return answer;
    };
    for (const [scope, caps] of Object.entries(CAPS)) {
      for (const [id, cap] of Object.entries(caps)) {
        await api('PUT', `/v1/budgets/${scope}/${id}`, { daily_usd_cap: cap });
      }
    }
    await api('PUT', '/v1/budgets/vendor/stripe', { daily_usd_cap: 1_000_000 });
    const lease = await api('POST', '/v1/leases', { ttl_seconds: 600 });
    const [revoked, leased, braked] = [
      await this.freshKey(),
      await this.freshKey({ lease_id: lease.body.id }),
      await this.freshKey({ subject: { user_id: 'stopped' } }),
    ];
    await agents.revoke(struck, revoked);
    await api('DELETE', `/v1/leases/${lease.body.id as string}`);
    await api('PUT', '/v1/budgets/user/stopped', { daily_usd_cap: 0 });
    for (const key of [revoked, leased, braked]) agents.addEnded(key);
    this.#watch?.start();
  }
}
