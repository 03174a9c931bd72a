import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../support/until';

/** Built before the tests run, by `npm test` itself. */
const MAIN = join(__dirname, '../../dist-sample/main.js');

let child: ChildProcess | undefined;
let [stdout, stderr] = ['', ''];
afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    await once(child, 'close');
  }
});

function start(...args: string[]): Promise<number | NodeJS.Signals | null> {
  [stdout, stderr] = ['', ''];
  const started = spawn(process.execPath, [MAIN, '--store', 'postgres', ...args], {
    env: { PATH: process.env['PATH'] ?? '' },
  });
  child = started;
  started.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  started.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return once(started, 'close').then(() => started.exitCode ?? started.signalCode);
}

const portOfServer = () => Number(/postgres@127\.0\.0\.1:(\d+)\//.exec(stdout)?.[1]);

/** Whether something listens at a port. */
const isOpen = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

const left = () => readdirSync(tmpdir()).filter((name) => name.includes('sample-postgres'));

it('a runaway loop over two instances on one PostgreSQL is stopped at the cap, and nothing is left', async () => {
  const before = left();
  expect([await start('--once'), stderr]).toEqual([0, '']);
  const shares = [...stdout.matchAll(/^ +([12]) +(\d+) +(\d+) +\$(\d+)\.00$/gm)];
  expect(shares.map(([, instance]) => instance)).toEqual(['1', '2']);
  const sum = (column: number) => shares.reduce((all, row) => all + Number(row[column]), 0);
  expect([sum(2), sum(3), sum(4)]).toEqual([10, 10, 300]);
  expect(stdout).toMatch(/^ +both +10 +10 +\$300\.00$/m);
  expect(stdout).toContain('ok: Stripe executed $300.00 in all, and the cap is $300.00');
  expect(stdout).toMatch(/^total +\$300\.00 +\$300\.00$/m);
  expect(stdout).toMatch(/Everything went as told, and both books agree\.\n$/);
  expect(stdout).not.toContain('NOT SO');
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThan(100);
  expect(stdout).not.toMatch(/vault_key_[0-9A-Za-z]{20,}/);
  expect(await isOpen(portOfServer())).toBe(false);
  expect(left()).toEqual(before);
});

it('serves until Ctrl-C, which ends the server too', async () => {
  const ended = start();
  await until(
    () => stdout.includes('Serving on'),
    () => stdout + stderr,
  );
  expect(await isOpen(portOfServer())).toBe(true);
  child?.kill('SIGINT');
  expect([await ended, stderr]).toEqual([0, '']);
  expect(await isOpen(portOfServer())).toBe(false);
});

it('leaves no server and no instance where it is killed', async () => {
  const ended = start();
  await until(
    () => stdout.includes('Serving on'),
    () => stdout + stderr,
  );
  const second = Number(/^Instance 2: +\S+:(\d+),/m.exec(stdout)?.[1]);
  expect(await isOpen(second)).toBe(true);
  child?.kill('SIGKILL');
  // The second instance has the output too, until it has ended.
  expect(await ended).toBe('SIGKILL');
  expect(await isOpen(second)).toBe(false);
  await until(
    async () => !(await isOpen(portOfServer())),
    () => 'the server still listens',
  );
});
