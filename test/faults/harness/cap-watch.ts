import { query } from './stores';
import type { FaultRecord } from './record';

const EVERY_MS = 150;

/** Balances above their caps, as one statement sees them. */
const PASSED = `
WITH sums AS (
  SELECT name, greatest(sum(spent + held), sum(undone)) AS total FROM vault_key.balances GROUP BY name
)
SELECT s.name, s.total::text, k.cap_micros::text AS cap
FROM sums s JOIN vault_key.keys k ON s.name = 'key/' || k.id WHERE s.total > k.cap_micros`;

/** Looks at the store over and over, past the product: no cap of a key is passed at any moment. */
export class CapWatch {
  #isClosed = false;
  #blind: Error | undefined;
  #running: Promise<void> = Promise.resolve();
  /** How often the store has answered. */
  looks = 0;

  constructor(
    /** Where the store is at present. */
    private readonly url: () => string,
    private readonly record: FaultRecord,
  ) {}

  start(): void {
    this.#running = this.#run();
  }

  /** @throws Error where it has seen nothing. */
  check(): void {
    if (this.#blind !== undefined) throw this.#blind;
    if (this.looks === 0) throw new Error('the caps were watched, and the store was never seen');
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  #isExcused(name: string): boolean {
    return this.record.keys.some(
      ({ id, isOverspent }) => isOverspent === true && name === `key/${id}`,
    );
  }

  /** A server that is away is looked at when it is back; one that does not know the question is a fault of ours. */
  async #look(): Promise<Record<string, unknown>[]> {
    try {
      const rows = await query(this.url(), PASSED);
      this.looks += 1;
      return rows;
    } catch (error) {
      const { code, message } = error as { code?: unknown; message: string };
      if (String(code).startsWith('42')) {
        this.#blind = new Error(`the watch over the caps is blind: ${String(code)} ${message}`);
        this.#isClosed = true;
      }
      return [];
    }
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      const rows = await this.#look();
      for (const { name, total, cap } of rows) {
        if (this.#isExcused(String(name))) continue;
        this.record.violations.push(
          `${String(name)} had ${String(total)} micros under a cap of ${String(cap)}`,
        );
      }
    }
  }
}
