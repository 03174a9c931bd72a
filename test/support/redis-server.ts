import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from './free-port';

const COMMAND = 'redis-server';
/** Ends with whoever started it, however that ends: a run that is cut short leaves no server behind. */
const GUARDED = '"$0" "$@" & server=$!; exec >&-; read -r _; kill $server; wait $server';

const installed = spawnSync(COMMAND, ['--version']).status === 0;

if (!installed) {
  const fix = 'Install it (Debian: apt-get install redis-server).';
  if (process.env['CI'] === 'true') {
    throw new Error(`${COMMAND} is not installed, and these suites need it. ${fix}`);
  }
  process.stderr.write(`\n${COMMAND} is not installed, so its suites are SKIPPED. ${fix}\n\n`);
}

/** `describe` where redis-server is installed; where not, its suites count as skipped. */
export const describeWithRedis = installed ? describe : describe.skip;

/** Whether redis-server is installed, for tables of which only some rows need it. */
export const redisInstalled = installed;

/** A Redis of a suite's own on a free port of this machine, which keeps nothing on disk. */
export class RedisServer {
  readonly host = '127.0.0.1';

  private constructor(
    readonly port: number,
    private readonly process: ChildProcess,
  ) {}

  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  static async start(): Promise<RedisServer> {
    const port = await freePort();
    const args = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
    ];
    const server = spawn('sh', ['-c', GUARDED, COMMAND, ...args], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let said = '';
    await new Promise<void>((resolve, reject) => {
      server.stdout.on('data', (chunk: Buffer) => {
        said += String(chunk);
        if (said.includes('Ready to accept connections')) resolve();
      });
      server.once('error', reject);
      server.stdout.once('end', () => reject(new Error(`${COMMAND} ended: ${said}`)));
    });
    return new RedisServer(port, server);
  }

  async close(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.stdin?.end();
    await ended;
  }
}
