import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { findRedis } from '../../sample-app/jobs/redis';
import { TELL_TALE } from './tell-tale';
import { describeWithRedis, RedisServer } from '../support/redis-server';

/** Built before the tests run, by `npm test` itself. */
const MAIN = join(__dirname, '../../dist-sample/main.js');

// Each of these starts a process of its own, on a machine that may be busy.
describe('the jobs of the sample app', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vault-key-jobs-'));
    writeFileSync(join(folder, 'tell-tale.cjs'), TELL_TALE);
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function run(redisUrl: string): Promise<{ stdout: string; stderr: string }> {
    const args = ['--require', join(folder, 'tell-tale.cjs'), MAIN, '--once'];
    return promisify(execFile)(process.execPath, args, {
      env: {
        PATH: process.env['PATH'] ?? '',
        SAMPLE_STORE: `sqlite:${join(folder, 'sample.db')}`,
        REDIS_URL: redisUrl,
      },
    });
  }

  describeWithRedis('where there is a Redis', () => {
    it('are charged under keys of their own, refused for good, and leave nothing behind', async () => {
      const server = await RedisServer.start();
      const redis = new Redis(server.port, server.host);
      try {
        const { stdout, stderr } = await run(server.url);
        expect(stdout).toContain(`in the Redis at ${server.url}`);
        expect(stdout).toContain('ok: the job worked under a key in the name of the user');
        expect(stdout).toContain('ok: a runaway loop is stopped at the cap, and of the five');
        expect(stdout).toMatch(/^total +\$427\.50 +\$427\.50$/m);
        expect(stdout).toMatch(/Everything went as told, and both books agree\.\n$/);
        expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThan(100);
        expect(stderr).toContain('loaded bullmq\n');
        expect(stderr.replace(/^loaded .*\n/gm, '')).toBe('');
        expect(await redis.keys('bull:*')).toEqual([]);
      } finally {
        await redis.quit();
        await server.close();
      }
    });
  });
});

describe('the Redis that jobs are kept in', () => {
  it.each([
    ['answers as another server', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['wants a password', '-NOAUTH log in first\r\n'],
    ['says nothing', ''],
  ])('is none that %s', async (_what, greeting) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      if (greeting !== '') socket.write(greeting);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const address = `redis://127.0.0.1:${port}`;
    expect(await findRedis({ REDIS_URL: address })).toEqual({ address });
    server.close();
  });

  it.each(['no url', 'http://127.0.0.1:1'])('is not at %s', async (url) => {
    expect((await findRedis({ REDIS_URL: url })).url).toBeUndefined();
  });

  it("is looked for on this machine's usual port where REDIS_URL names none", async () => {
    expect((await findRedis({})).address).toBe('redis://127.0.0.1:6379');
  });
});
