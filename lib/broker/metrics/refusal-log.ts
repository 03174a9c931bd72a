import { performance } from 'node:perf_hooks';

const LINE_EVERY_MS = 1_000;
const MAX_ADDRESSES = 10_000;

/**
 * Refusals of callers nobody knows: at most one line a second an address, in bounded memory, so
 * that junk fills no disk.
 */
export class RefusalLog {
  readonly #addresses = new Map<string, { since: number; unwritten: number }>();

  /** @param write Takes one line, without its end. */
  constructor(private readonly write: (line: string) => void) {}

  note(
    status: number,
    code: string,
    address = 'an unknown address',
    now = performance.now(),
  ): void {
    const seen = this.#addresses.get(address);
    if (seen !== undefined && now - seen.since < LINE_EVERY_MS) {
      seen.unwritten += 1;
      return;
    }
    const more =
      seen === undefined || seen.unwritten === 0 ? '' : ` (and ${seen.unwritten} before)`;
    this.#addresses.delete(address);
    const [oldest] = this.#addresses.keys();
    if (this.#addresses.size >= MAX_ADDRESSES && oldest !== undefined) {
      this.#addresses.delete(oldest);
    }
    this.#addresses.set(address, { since: now, unwritten: 0 });
    this.write(`refused a request from ${address}: ${status} ${code}${more}`);
  }
}
