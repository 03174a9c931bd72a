import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port';
import { NOBODY, isRoot } from './postgres-binaries';

const COMMAND = 'pgbouncer';
/** Debian has it where only root looks for programs. */
const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` };

/** Whether PgBouncer is installed, for tables of which only some rows need it. */
export const pgBouncerInstalled = spawnSync(COMMAND, ['--version'], { env }).status === 0;

if (!pgBouncerInstalled) {
  const fix = 'Install it (Debian: apt-get install pgbouncer).';
  if (process.env['CI'] === 'true') {
    throw new Error(`${COMMAND} is not installed, and these suites need it. ${fix}`);
  }
  process.stderr.write(`\n${COMMAND} is not installed, so what needs it is SKIPPED. ${fix}\n\n`);
}

/** A PgBouncer of a suite's own in front of a server on this machine, which any role of it may use. */
export class PgBouncer {
  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly process: ChildProcess,
  ) {}

  /** @param mode To whom a connection of the server's belongs, and for how long. */
  static async start(
    serverPort: number,
    mode: 'transaction' | 'statement' = 'transaction',
  ): Promise<PgBouncer> {
    const folder = mkdtempSync(join(tmpdir(), 'vault-key-pgbouncer-'));
    const port = await freePort();
    const file = join(folder, 'pgbouncer.ini');
    writeFileSync(join(folder, 'users.txt'), '"postgres" ""\n"app" ""\n');
    writeFileSync(
      file,
      `[databases]
* = host=127.0.0.1 port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(folder, 'users.txt')}
pool_mode = ${mode}
default_pool_size = 8
max_client_conn = 200
`,
    );
    const owner = isRoot() ? { uid: NOBODY, gid: NOBODY } : {};
    if (isRoot()) for (const path of [folder, file]) chownSync(path, NOBODY, NOBODY);
    const child = spawn(COMMAND, [file], { ...owner, env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (chunk: Buffer) => {
        said += String(chunk);
        if (said.includes('process up')) resolve();
      });
      child.once('exit', () => reject(new Error(`${COMMAND} ended: ${said}`)));
    });
    return new PgBouncer(port, folder, child);
  }

  /** The URL of a database of the server, through this. */
  urlOf(url: string): string {
    const through = new URL(url);
    through.port = String(this.port);
    return through.href;
  }

  async close(): Promise<void> {
    if (this.process.exitCode === null) {
      const ended = once(this.process, 'exit');
      this.process.kill('SIGINT');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
