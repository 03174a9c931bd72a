import { query } from './stores';
import type { FaultRecord } from './record';

const EVERY_MS = 150;

/** Balances above their caps, as one statement sees them. */
const PASSED = `
WITH sums AS (
  SELECT name, sum(spent + held) AS total FROM vault_key.balances GROUP BY name
)
SELECT s.name, s.total::text, k.cap_micros::text AS cap
FROM sums s JOIN vault_key.keys k ON s.name = 'key/' || k.id WHERE s.total > k.cap_micros`;

/** Looks at the store over and over, past the product: no cap of a key is passed at any moment. */
export class CapWatch {
  #isClosed = false;
  #running: Promise<void> = Promise.resolve();
  looks = 0;

  constructor(
    /** Where the store is at present. */
    private readonly url: () => string,
    private readonly record: FaultRecord,
  ) {}

  start(): void {
    this.#running = this.#run();
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

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      // A server that is away is looked at when it is back.
      const rows = await query(this.url(), PASSED).catch(() => []);
      this.looks += 1;
      for (const { name, total, cap } of rows) {
        if (this.#isExcused(String(name))) continue;
        this.record.violations.push(
          `${String(name)} had ${String(total)} micros under a cap of ${String(cap)}`,
        );
      }
    }
  }
}
