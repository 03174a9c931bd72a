import { performance } from 'node:perf_hooks';

const LINE_EVERY_MS = 1_000;
const MAX_SUBJECTS = 10_000;

/** At most one line a second about each subject, in bounded memory: what is repeated fills no disk. */
export class SparseLog {
  readonly #subjects = new Map<string, { since: number; unwritten: number }>();

  /** @param write Takes one line, without its end. */
  constructor(private readonly write: (line: string) => void) {}

  /** Writes a line, or counts it for the next one about its subject. */
  note(subject: string, line: string, now = performance.now()): void {
    const seen = this.#subjects.get(subject);
    if (seen !== undefined && now - seen.since < LINE_EVERY_MS) {
      seen.unwritten += 1;
      return;
    }
    const more =
      seen === undefined || seen.unwritten === 0 ? '' : ` (and ${seen.unwritten} before)`;
    this.#subjects.delete(subject);
    const [oldest] = this.#subjects.keys();
    if (this.#subjects.size >= MAX_SUBJECTS && oldest !== undefined) this.#subjects.delete(oldest);
    this.#subjects.set(subject, { since: now, unwritten: 0 });
    this.write(`${line}${more}`);
  }
}
