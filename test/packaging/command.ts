import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';

/** What a command that ran to its end left behind. */
export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  cwd: string;
  /** The folder of the `node` that the command, and what it starts, runs on. */
  nodeFolder?: string;
  env?: Readonly<Record<string, string>>;
}

/** Runs a command to its end, whatever its exit code. */
export function run(
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = start(command, args, options);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs a command that has to succeed; its whole output is in the error where it does not. */
export async function succeed(
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, options);
  if (code !== 0) {
    throw new Error(`${[command, ...args].join(' ')} exited ${code}\n${stdout}\n${stderr}`);
  }
  return stdout;
}

/** Ends what hangs before Jest gives up on the test, which would leave the process behind. */
const limitMs = 240_000;

/** Starts a command with its output piped. */
export function start(command: string, args: readonly string[], options: CommandOptions) {
  return spawn(command, args, {
    cwd: options.cwd,
    env: environment(options),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
}

const leftBehind =
  /^(npm_(?!config_)|npm_config_(local_prefix|prefix|global_prefix|node_gyp)$|INIT_CWD$|NODE_ENV$|NODE_OPTIONS$|JEST_)/;
const configuresUs = /^(KEYBRAKE|VAULT_KEY|STRIPE)_/;

/**
 * The environment of a person at a fresh prompt: `npm run` and Jest leave variables behind that
 * would point a nested npm at this checkout, and ours must not configure the app under test.
 */
function environment({ nodeFolder, env }: CommandOptions): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !leftBehind.test(name) && !configuresUs.test(name),
  );
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !/node_modules[\\/]\.bin$|node-gyp-bin$/.test(folder));
  return {
    ...Object.fromEntries(inherited),
    PATH: [...(nodeFolder ? [nodeFolder] : []), ...path].join(delimiter),
    ...env,
  };
}

/** The path of an installed command. */
export function binary(folder: string, name: string): string {
  return join(folder, 'node_modules', '.bin', name);
}
