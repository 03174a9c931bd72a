import type { PgLink } from './pg-link';

/** The clock of the server, as this process knows it. It runs on where that one is set back. */
export class ServerClock {
  /** How far it is ahead of this process's monotonic one. */
  #ahead = -Infinity;

  constructor(private readonly link: PgLink) {}

  async read(): Promise<void> {
    const [row] = await this.link.query('SELECT vault_key.now_ms() AS now');
    this.note(Number(row?.['now']));
  }

  /** The server has just said what time it is. */
  note(now: number): void {
    this.#ahead = Math.max(this.#ahead, now - performance.now());
  }

  /** In epoch milliseconds. */
  now(): number {
    return Math.floor(performance.now() + this.#ahead);
  }
}
