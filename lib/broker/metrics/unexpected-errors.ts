import type { Log } from '../log';
import { SparseLog } from './sparse-log';

/**
 * Tells errors that no rule of the broker has foreseen: each is a fault of this package. Their
 * messages are left out, since they may quote what a call or an answer held.
 */
export class UnexpectedErrors {
  readonly #log: SparseLog;

  /** @param log Takes one line, without its end. */
  constructor(log: Log = () => {}) {
    this.#log = new SparseLog((line) => log(line, 'error'));
  }

  note(error: unknown): void {
    const place = placeOf(error);
    this.#log.note(
      place,
      `an unexpected ${place}: this is a fault of nestjs-vault-key, please report it`,
    );
  }
}

/** The name of an error, and where it was thrown. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { message, stack = '' } = error;
  // What comes before is the message, which may have lines that look like these.
  const frames = stack
    .slice(stack.indexOf(message) + message.length)
    .split('\n')
    .filter((line) => /^ {4}at /.test(line));
  return `${error.name} ${frames.slice(0, 3).join(' ').replace(/\s+/g, ' ').trim()}`;
}
