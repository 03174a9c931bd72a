import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../support/free-port';
import { until } from '../../support/until';
import { processTree, query } from './stores';
import { TcpProxy } from './tcp-proxy';

/** Whom a server runs as where the tests run as root, as which it refuses to. */
const NOBODY = 65_534;
const SYSTEM = '/usr/lib/postgresql';

/** Where the system's PostgreSQL is: it alone has `pg_basebackup`. `undefined` where it has none. */
export const systemPostgres = ((): string | undefined => {
  if (!existsSync(SYSTEM)) return undefined;
  const newest = readdirSync(SYSTEM)
    .filter((name) => existsSync(join(SYSTEM, name, 'bin/pg_basebackup')))
    .sort((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? undefined : join(SYSTEM, newest, 'bin');
})();

/** One server of a pair. */
interface Node {
  port: number;
  data: string;
  process: ChildProcess | undefined;
}

/** A primary and its replica, of the system's PostgreSQL. */
export class ReplicatedServer {
  #databases = 0;

  private constructor(
    private readonly bin: string,
    private readonly folder: string,
    private readonly primary: Node,
    private readonly replica: Node,
    /** The way of the replica to its primary. */
    private readonly way: TcpProxy,
  ) {}

  /** @param isSynchronous Whether the primary waits for the replica before it acknowledges. */
  static async start(isSynchronous: boolean): Promise<ReplicatedServer> {
    if (systemPostgres === undefined) throw new Error('the system has no PostgreSQL');
    const folder = mkdtempSync(join(tmpdir(), 'vault-key-replicas-'));
    if (isRoot()) chownSync(folder, NOBODY, NOBODY);
    const node = async (name: string): Promise<Node> => ({
      port: await freePort(),
      data: join(folder, name),
      process: undefined,
    });
    const [primary, replica] = [await node('primary'), await node('replica')];
    const server = new ReplicatedServer(
      systemPostgres,
      folder,
      primary,
      replica,
      await TcpProxy.start(primary.port),
    );
    try {
      await server.#runToEnd(
        'initdb',
        '-D',
        primary.data,
        '-U',
        'postgres',
        '--auth=trust',
        '-E',
        'UTF8',
      );
      await server.#begin(primary);
      const from = `host=127.0.0.1 port=${server.way.port} user=postgres application_name=replica`;
      await server.#runToEnd(
        'pg_basebackup',
        '-D',
        replica.data,
        '-R',
        '-X',
        'stream',
        '-c',
        'fast',
        '-d',
        from,
      );
      await server.#begin(replica);
      await server.untilStreaming();
      if (isSynchronous) await server.waitFor('*');
      return server;
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  async database(): Promise<string> {
    const name = `db_${++this.#databases}`;
    await query(this.#urlOf(this.primary, 'postgres'), `CREATE DATABASE ${name}`);
    await until(
      () =>
        query(this.#urlOf(this.replica, name), 'SELECT 1').then(
          () => true,
          () => false,
        ),
      () => 'the replica does not get the database',
    );
    return this.#urlOf(this.primary, name);
  }

  /** The same database at the replica. */
  atReplica(url: string): string {
    return this.#urlOf(this.replica, new URL(url).pathname.slice(1));
  }

  async untilStreaming(): Promise<void> {
    await until(
      async () => {
        const rows = await query(
          this.#urlOf(this.primary, 'postgres'),
          "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'",
        );
        return rows.length > 0;
      },
      () => 'the replica does not follow',
    );
  }

  /** The replica has all that the primary has written so far. */
  async untilCaughtUp(): Promise<void> {
    const url = this.#urlOf(this.primary, 'postgres');
    const [now] = await query(url, 'SELECT pg_current_wal_lsn()::text AS lsn');
    await until(
      async () => {
        const [row] = await query(
          this.#urlOf(this.replica, 'postgres'),
          `SELECT pg_last_wal_replay_lsn() >= '${String(now?.['lsn'])}'::pg_lsn AS has`,
        );
        return row?.['has'] === true;
      },
      () => 'the replica is behind',
    );
  }

  /** Which replicas the primary waits for. */
  async waitFor(names: string): Promise<void> {
    const url = this.#urlOf(this.primary, 'postgres');
    await query(url, `ALTER SYSTEM SET synchronous_standby_names = '${names}'`);
    await query(url, 'SELECT pg_reload_conf()');
  }

  /** The replica gets nothing from now on. */
  part(): void {
    this.way.isShut = true;
    this.way.cut();
  }

  join(): void {
    this.way.isShut = false;
  }

  /** What is not there at the kill of the primary never comes. */
  async killPrimary(): Promise<void> {
    const { process: child } = this.primary;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    this.#signal(this.primary, 'SIGKILL');
    await exited;
    this.primary.process = undefined;
  }

  async promote(): Promise<void> {
    await this.#runToEnd('pg_ctl', 'promote', '-w', '-D', this.replica.data);
  }

  async remove(): Promise<void> {
    for (const { process: child } of [this.primary, this.replica]) {
      if (child === undefined || child.exitCode !== null) continue;
      const exited = once(child, 'exit');
      child.kill('SIGQUIT');
      await exited;
    }
    await this.way.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #begin(node: Node): Promise<void> {
    const settings = ['listen_addresses=127.0.0.1', 'max_connections=100', 'wal_level=replica'];
    const args = ['-D', node.data, '-p', String(node.port), '-k', this.folder];
    const child = spawn(
      join(this.bin, 'postgres'),
      [...args, ...settings.flatMap((each) => ['-c', each])],
      { ...owner(), cwd: this.folder, stdio: 'ignore' },
    );
    node.process = child;
    await until(
      () => {
        if (child.exitCode !== null) throw new Error(`postgres ended with ${child.exitCode}`);
        return query(this.#urlOf(node, 'postgres'), 'SELECT 1').then(
          () => true,
          () => false,
        );
      },
      () => 'postgres takes no connection',
    );
  }

  /** Not at once: the way of the replica leads through this process. */
  async #runToEnd(program: string, ...args: readonly string[]): Promise<void> {
    await promisify(execFile)(join(this.bin, program), args, { ...owner(), cwd: this.folder });
  }

  #signal({ process: child }: Node, signal: NodeJS.Signals): void {
    if (child?.pid === undefined) return;
    for (const pid of processTree(child.pid)) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  #urlOf({ port }: Node, database: string): string {
    return `postgres://postgres@127.0.0.1:${port}/${database}`;
  }
}

function owner(): { uid?: number; gid?: number } {
  return isRoot() ? { uid: NOBODY, gid: NOBODY } : {};
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
