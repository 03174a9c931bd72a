import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BrokerProcess, temporaryFile } from '../../support/broker-process';
import type { BrokerProcessOptions, Exit } from '../../support/broker-process';
import { until } from '../../support/until';
import { PostgresProxy } from './postgres-proxy';
import type { CommitMoment, StoppedCommit } from './postgres-proxy';

const DIST = join(__dirname, '../../../dist');
export const AUDIT_KEY = 'an audit key of more than forty characters';

/** How an instance is started. */
export interface MemberSetting {
  vendor: { url: string; secretKey: string };
  /** A URL of PostgreSQL, or the path of a file. */
  store: { url: string } | { file: string };
  /** How long an instance on PostgreSQL lives that does not say so; its own 15 s where absent. */
  ttlMs?: number | undefined;
  env?: Readonly<Record<string, string>>;
  within?: readonly string[];
  /** Another build of the product. */
  dist?: string | undefined;
  /** In place of 127.0.0.1 in the URL of its PostgreSQL. */
  storeHost?: string | undefined;
}

/** One instance of the product: a `vault-key-broker`, and its way to the store. */
export class Member {
  /** Whether agents may be sent to it. */
  isUp = false;
  /** Whether agents leave it alone, though it is up. */
  isShunned = false;
  #broker: BrokerProcess | undefined;
  readonly #gates = join(dirname(temporaryFile()), 'gates');

  private constructor(
    readonly name: string,
    private readonly setting: MemberSetting,
    /** Its way to PostgreSQL; absent on SQLite. */
    readonly way: PostgresProxy | undefined,
  ) {
    mkdirSync(this.#gates);
  }

  static async start(name: string, setting: MemberSetting): Promise<Member> {
    const { store } = setting;
    const way =
      'url' in store ? await PostgresProxy.start(Number(new URL(store.url).port)) : undefined;
    const member = new Member(name, setting, way);
    await member.start();
    return member;
  }

  get broker(): BrokerProcess {
    if (this.#broker === undefined) throw new Error(`${this.name} has not been started`);
    return this.#broker;
  }

  /** Starts it, or starts it again. `change` is for this start and those to come. */
  async start(change: Partial<MemberSetting> = {}): Promise<void> {
    Object.assign(this.setting, change);
    this.#broker = await BrokerProcess.start(this.#options());
    this.isUp = true;
  }

  /** Runs a start to its end: for one that must be refused. */
  startRefused(change: Partial<MemberSetting> = {}): Promise<Exit> {
    Object.assign(this.setting, change);
    return BrokerProcess.run(this.#options());
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    this.isUp = false;
    await this.broker.kill('SIGKILL');
    rmSync(this.#gates, { recursive: true, force: true });
    mkdirSync(this.#gates);
  }

  /** Ends it in order. */
  async stop(): Promise<Exit> {
    this.isUp = false;
    return this.broker.kill('SIGTERM');
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.broker.pid, signal);
  }

  /** Stops the next COMMIT of a batch of this instance. */
  stopCommit(moment: CommitMoment): StoppedCommit {
    if (this.way !== undefined) return this.way.stopCommit(moment);
    const gate = join(this.#gates, moment);
    writeFileSync(gate, '');
    const reached = until(
      () => existsSync(join(this.#gates, 'reached')),
      () => `${this.name} has not come to a COMMIT`,
    );
    const open = (): void => rmSync(gate, { force: true });
    return { reached, open, cut: open };
  }

  async close(): Promise<void> {
    this.isUp = false;
    if (this.#broker !== undefined) {
      const { pid } = this.#broker;
      const exited = this.#broker.kill('SIGKILL');
      try {
        process.kill(pid, 'SIGCONT');
      } catch {
        // It has ended.
      }
      await exited;
    }
    await this.way?.close();
  }

  #options(): BrokerProcessOptions {
    const { vendor, ttlMs = 0, env, within, store, dist = distOf() } = this.setting;
    return {
      vendor,
      cli: join(dist, 'broker/cli/main.js'),
      store: 'url' in store ? this.#urlThrough(store.url) : `sqlite:${store.file}`,
      ...(within === undefined ? {} : { within }),
      env: {
        NODE_OPTIONS: [
          `--require=${join(__dirname, '../../support/short-life.js')}`,
          `--require=${join(__dirname, 'sqlite-gate.js')}`,
          env?.['NODE_OPTIONS'] ?? '',
        ].join(' '),
        INSTANCE_TTL_MS: String(ttlMs),
        INSTANCE_DIST: dist,
        ...('file' in store ? { SQLITE_GATE: this.#gates } : { VAULT_KEY_AUDIT_KEY: AUDIT_KEY }),
        VAULT_KEY_VENDOR_TIMEOUT: '5s',
        ...Object.fromEntries(
          Object.entries(env ?? {}).filter(([name]) => name !== 'NODE_OPTIONS'),
        ),
      },
    };
  }

  #urlThrough(direct: string): string {
    const url = new URL(direct);
    url.port = String(this.way?.port);
    url.hostname = this.setting.storeHost ?? '127.0.0.1';
    return url.href;
  }
}

/** The build under test. `BROKER_CLI` points at the command of another one. */
export function distOf(): string {
  const cli = process.env['BROKER_CLI'];
  return cli === undefined ? DIST : join(dirname(cli), '../..');
}
