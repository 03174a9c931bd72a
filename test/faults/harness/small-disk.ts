import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { PostgresServer } from '../../support/postgres-server';

const NOBODY = 65_534;
const SIZE = '160m';

/** A PostgreSQL whose data are on a file system of 160 MiB, in a mount namespace of its own. */
export class SmallDiskServer {
  private constructor(
    readonly server: PostgresServer,
    private readonly holder: ChildProcess,
    private readonly data: string,
  ) {}

  /** Why there can be none here. */
  static get reasonNot(): string | undefined {
    const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
    return isRoot ? undefined : 'only root has mounts that another user may write to';
  }

  static async start(): Promise<SmallDiskServer> {
    let holder: ChildProcess | undefined;
    let folder = '';
    const server = await PostgresServer.start({
      settings: ['min_wal_size=32MB', 'max_wal_size=48MB', 'shared_buffers=16MB'],
      within: (data) => {
        folder = data;
        mkdirSync(data);
        const options = `size=${SIZE},mode=0700,uid=${NOBODY},gid=${NOBODY}`;
        const mount = `mount -t tmpfs -o ${options} tmpfs "${data}" && touch "${data}.mounted" && exec sleep 86400`;
        holder = spawn('unshare', ['-m', 'sh', '-c', mount], { stdio: 'ignore' });
        while (!existsSync(`${data}.mounted`)) Atomics.wait(SLEEP, 0, 0, 5);
        const user = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
        return ['nsenter', `--mount=/proc/${holder.pid}/ns/mnt`, 'setpriv', ...user];
      },
    });
    return new SmallDiskServer(server, holder as ChildProcess, folder);
  }

  database(): Promise<string> {
    return this.server.database();
  }

  /** Leaves no byte. */
  fill(): void {
    const handle = openSync(this.#filler, 'w');
    for (let bytes = 1_048_576; bytes >= 512;) {
      try {
        writeSync(handle, Buffer.alloc(bytes));
      } catch {
        bytes /= 2;
      }
    }
    closeSync(handle);
  }

  /** Makes room, and starts the server where it has ended for want of it, as its supervisor would. */
  async free(): Promise<boolean> {
    rmSync(this.#filler);
    for (let left = 30; left > 0; left--) {
      if (await this.#answers()) return false;
      if (this.server.hasEnded) break;
      await delay(200);
    }
    await this.server.end('SIGKILL');
    await this.server.begin();
    return true;
  }

  async remove(): Promise<void> {
    await this.server.end();
    this.holder.kill('SIGKILL');
    rmSync(`${this.data}.mounted`, { force: true });
    await this.server.remove();
  }

  #answers(): Promise<boolean> {
    return this.server.query('postgres', 'SELECT 1').then(
      () => true,
      () => false,
    );
  }

  /** The disk of the other mount namespace, seen from here. */
  get #filler(): string {
    return `/proc/${this.holder.pid}/root${this.data}/filler`;
  }
}

const SLEEP = new Int32Array(new SharedArrayBuffer(4));
