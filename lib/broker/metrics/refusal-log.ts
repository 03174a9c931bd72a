import { SparseLog } from './sparse-log';

/** Refusals of callers that are not known: at most one line a second an address. */
export class RefusalLog {
  readonly #log: SparseLog;

  /** @param write Takes one line, without its end. */
  constructor(write: (line: string) => void) {
    this.#log = new SparseLog(write);
  }

  note(status: number, code: string, address = 'an unknown address', now?: number): void {
    this.#log.note(address, `refused a request from ${address}: ${status} ${code}`, now);
  }
}
