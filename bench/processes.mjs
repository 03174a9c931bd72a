import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 10_000;

const running = new Set();

/**
 * Starts a script as a process of its own, with no environment but the one given, and waits for the
 * first line it prints.
 *
 * @param {string} script Relative to this folder.
 * @param {{ env?: Record<string, string>, args?: string[], execArgv?: string[] }} [options]
 */
export async function start(script, { env = {}, args = [], execArgv = [] } = {}) {
  const child = fork(join(import.meta.dirname, script), args, {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
    execArgv,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const signal = AbortSignal.timeout(START_LIMIT_MS);
  const [line] = await Promise.race([
    once(createInterface(child.stdout), 'line', { signal }).catch((cause) => {
      throw new Error(`${script} was not ready within ${START_LIMIT_MS / 1_000} s`, { cause });
    }),
    once(child, 'exit').then(([code]) => {
      throw new Error(`${script} ended with code ${code} before it was ready`);
    }),
  ]);
  return { child, url: /http:\/\/\S+/.exec(line)?.[0] };
}

/** Sends a message to a process and waits for its answer, or for its end. */
export async function ask({ child }, message) {
  const stop = new AbortController();
  const { signal } = stop;
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([answer]) => answer),
      once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`a process ended with code ${code} during the run`);
      }),
      new Promise((_resolve, reject) => {
        child.send(message, (error) => error && reject(error));
      }),
    ]);
  } finally {
    stop.abort();
  }
}

/** Ends every process that was started here. */
export async function stopAll() {
  await Promise.all(
    [...running].map(async (child) => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const overdue = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await exited;
      clearTimeout(overdue);
    }),
  );
}
