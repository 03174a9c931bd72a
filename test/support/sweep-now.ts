import { Retention } from '../../lib/broker/ledger/retention';
import type { Store } from '../../lib/broker/ledger/store';

/**
 * Lets go what is older than a store is to keep. What it would write with other work is written at once.
 *
 * @param keptMs Milliseconds.
 */
export async function sweepNow(store: Store, keptMs: number): Promise<void> {
  const timer = setInterval(() => store.hurry(), 1);
  try {
    await new Retention(store, keptMs).sweep();
  } finally {
    clearInterval(timer);
  }
}
