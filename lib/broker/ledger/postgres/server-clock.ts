import type { PgLink } from './pg-link';

/** The clock of the server, as this process knows it. It is never set back. */
export class ServerClock {
  /** How far it is ahead of this process's monotonic one. */
  #ahead = 0;

  constructor(private readonly link: PgLink) {}

  async read(): Promise<void> {
    const before = performance.now();
    const [row] = await this.link.query('SELECT vault_key.now_ms() AS now');
    const now = (before + performance.now()) / 2;
    this.#ahead = Math.max(this.#ahead, Number(row?.['now']) - now);
  }

  /** In epoch milliseconds. */
  now(): number {
    return Math.floor(performance.now() + this.#ahead);
  }
}
