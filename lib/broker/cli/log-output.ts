import type { Log } from '../log';
import { BadSetting } from './bad-setting';

/** How the command writes its log to standard error. */
export const LOG_FORMATS = ['text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

const STANDARD_ERROR = 2;

/** What is used of the package `pino`. */
interface Pino {
  (
    settings: object,
    destination: object,
  ): Record<'info' | 'warn' | 'error', (line: string) => void>;
  destination(settings: { dest: number; sync: boolean }): object;
  stdTimeFunctions: { isoTime: () => string };
}

/** @throws BadSetting where the format needs a package that is not installed. */
export function logOutput(format: LogFormat): Log {
  if (format === 'text') return (line) => void process.stderr.write(`vault-key-broker: ${line}\n`);
  const pino = loadPino();
  const logger = pino(
    {
      name: 'vault-key-broker',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level: string) => ({ level }) },
    },
    // At once: the last lines of a process are what one looks for.
    pino.destination({ dest: STANDARD_ERROR, sync: true }),
  );
  return (line, level = 'warn') => logger[level](line);
}

function loadPino(): Pino {
  try {
    // A plain require of a plain name: bundlers see it.
    return require('pino') as Pino;
  } catch {
    throw new BadSetting(
      '--log-format (VAULT_KEY_LOG_FORMAT) json needs the package pino, which is not installed: npm install pino',
    );
  }
}
