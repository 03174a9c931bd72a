import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 10_000;
const MS_A_TICK = 10;

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

/** Starts a program of the system. */
export function startProgram(command, args, options) {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'], ...options });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/**
 * The processor time of processes and all that they have started, in milliseconds; not a number where
 * the system has no /proc.
 */
export function cpuMsOf(processes) {
  try {
    return processes.reduce((sum, { pid }) => sum + cpuMsOfTree(pid), 0);
  } catch {
    return Number.NaN;
  }
}

function cpuMsOfTree(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const own = (Number(fields[11]) + Number(fields[12])) * MS_A_TICK;
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
  );
  return children.reduce((sum, child) => sum + cpuMsOfTree(child), own);
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

/** Runs a benchmark, or prints its help; a run that fails for whatever reason is void. */
export async function runBenchmark(main, { help, text }) {
  // The run then fails for want of a process, and cleans up behind itself.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void stopAll());
  if (help) {
    process.stdout.write(text);
    return;
  }
  await main().catch((error) => {
    console.error(`The run is void: ${error.message}`);
    process.exitCode = 1;
  });
}

/** What makes a run void: the vendor did not execute what was answered. */
export function faultOf({ answered, executed, error }) {
  return error ?? (executed === answered ? undefined : `${answered} answers, ${executed} charges`);
}
