import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { updatePostgresSchema } from '../../lib/broker/ledger/postgres/schema-update';
import { freePort } from './free-port';
import { DEFAULT_KIND, NOBODY, binariesOf, isRoot } from './postgres-binaries';
import { makeEmptyData } from './postgres-data';
import type { PostgresKind } from './postgres-binaries';

/** How a server is started; what is not given is as a spec mostly needs it. */
interface ServerStart {
  kind?: PostgresKind;
  settings?: readonly string[];
  within?: (data: string) => readonly string[];
}

/** A PostgreSQL of its own for a spec, on 127.0.0.1, with its data in a temporary folder. */
export class PostgresServer {
  #process: ChildProcess | undefined;
  #paused: number[] = [];
  #databases = 0;
  #within: readonly string[] = [];
  readonly #templates = new Map<string, Promise<void>>();

  private constructor(
    private readonly binaries: string,
    private readonly folder: string,
    readonly port: number,
    private readonly settings: readonly string[],
  ) {}

  /**
   * @param given.settings Of each start, as the server's configuration has them.
   * @param given.within Gets the folder of the data before it is made; returns the command that runs each of
   * the server's programs, with its own arguments.
   */
  static async start({
    kind = DEFAULT_KIND,
    settings = [],
    within,
  }: ServerStart = {}): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'vault-key-postgres-'));
    if (isRoot()) chownSync(folder, NOBODY, NOBODY);
    const server = new PostgresServer(binariesOf(kind, folder), folder, await freePort(), settings);
    server.#within = within?.(server.#data) ?? [];
    const make = (): Promise<void> => server.#initdb();
    if (within === undefined) await makeEmptyData(kind, server.#data, make);
    else await make();
    await server.begin();
    return server;
  }

  /**
   * Starts it on its data.
   *
   * @param given Settings as the server's configuration has them, `fsync=off`.
   */
  async begin(given: readonly string[] = []): Promise<void> {
    const args = ['-D', this.#data, '-p', String(this.port), '-k', this.folder];
    const settings = [
      'listen_addresses=127.0.0.1',
      'max_connections=200',
      ...this.settings,
      ...given,
    ];
    this.#process = this.#run('postgres', [...args, ...settings.flatMap((each) => ['-c', each])]);
    for (;;) {
      const client = new Client({ connectionString: this.urlOf('postgres') });
      try {
        await client.connect();
        await client.end();
        return;
      } catch (error) {
        if (this.#process.exitCode !== null) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** Starts it as a standby, which takes no writes until `pg_promote()` is called. */
  async beginAsStandby(): Promise<void> {
    const signal = join(this.#data, 'standby.signal');
    writeFileSync(signal, '');
    if (isRoot()) chownSync(signal, NOBODY, NOBODY);
    await this.begin();
  }

  /** The number of its main process. */
  get pid(): number {
    return this.#process?.pid ?? -1;
  }

  get hasEnded(): boolean {
    const child = this.#process;
    return child === undefined || child.exitCode !== null || child.signalCode !== null;
  }

  /** The URL of an empty database. */
  async database(): Promise<string> {
    const name = `db_${++this.#databases}`;
    await this.query('postgres', `CREATE DATABASE ${name}`);
    return this.urlOf(name);
  }

  /**
   * The URL of a store that nothing was written to yet: a database with the schema.
   *
   * @param role Of an application, which may use it.
   */
  async store(role?: string): Promise<string> {
    const template = `stores_of_${role ?? 'postgres'}`;
    const isMade = this.#templates.get(template) ?? this.#makeTemplate(template, role);
    this.#templates.set(template, isMade);
    await isMade;
    const name = `db_${++this.#databases}`;
    await this.query('postgres', `CREATE DATABASE ${name} TEMPLATE ${template}`);
    const url = this.urlOf(name);
    return role === undefined ? url : url.replace('postgres@', `${role}@`);
  }

  urlOf(database: string): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  async query(
    database: string,
    text: string,
    role = 'postgres',
  ): Promise<Record<string, unknown>[]> {
    const connectionString = this.urlOf(database).replace('postgres@', `${role}@`);
    const client = new Client({ connectionString });
    // An end that comes by itself is told by the query.
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query(text)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  }

  /** From now on it answers nothing, and takes connections all the same. */
  pause(): void {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('the server is not running');
    process.kill(pid, 'SIGSTOP');
    const children = execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
    this.#paused = [pid, ...children.trim().split('\n').map(Number)];
    for (const each of this.#paused) process.kill(each, 'SIGSTOP');
  }

  resume(): void {
    for (const pid of this.#paused.splice(0).reverse()) process.kill(pid, 'SIGCONT');
  }

  /** Keeps its data as they are. It has to be ended. */
  keepCopy(): void {
    rmSync(this.#copy, { recursive: true, force: true });
    execFileSync('cp', ['-a', this.#data, this.#copy]);
  }

  /** Puts back what was kept, as a failover to a replica that was behind does. It has to be ended. */
  putBack(): void {
    rmSync(this.#data, { recursive: true, force: true });
    execFileSync('cp', ['-a', this.#copy, this.#data]);
  }

  /** @param signal `SIGINT` ends it at once and in order, `SIGKILL` as a power failure would. */
  async end(signal: 'SIGINT' | 'SIGKILL' = 'SIGINT'): Promise<void> {
    this.resume();
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async remove(): Promise<void> {
    await this.end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get #data(): string {
    return join(this.folder, 'data');
  }

  get #copy(): string {
    return join(this.folder, 'copy');
  }

  async #initdb(): Promise<void> {
    const args = ['-D', this.#data, '-U', 'postgres', '--auth=trust', '--no-sync', '-E', 'UTF8'];
    const [code] = await once(this.#run('initdb', [...args, '--locale=C']), 'exit');
    if (code !== 0) throw new Error(`initdb ended with ${String(code)}`);
  }

  /** Makes the schema once: a copy of it costs a tenth. */
  async #makeTemplate(name: string, role?: string): Promise<void> {
    await this.query('postgres', `CREATE DATABASE ${name}`);
    await updatePostgresSchema(this.urlOf(name), role);
  }

  #run(program: string, args: readonly string[]): ChildProcess {
    const options = { cwd: this.folder, stdio: 'ignore' } as const;
    const [command, ...before] = this.#within;
    const path = join(this.binaries, program);
    if (command !== undefined) return spawn(command, [...before, path, ...args], options);
    const owner = isRoot() ? { uid: NOBODY, gid: NOBODY } : {};
    return spawn(path, args, { ...owner, ...options });
  }
}
