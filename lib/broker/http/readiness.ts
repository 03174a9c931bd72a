import type { Broker } from '../broker';
import type { StoreState } from '../ledger/records';
import { BrokerRefusal, storeUnavailable } from '../refusal';

/** How long the store may take to say that it takes decisions. */
const STORE_MS = 2_000;

/** Whether a broker is to be sent requests: it is not about to stop, and its store takes decisions. */
export class Readiness {
  #asking: Promise<StoreState> | undefined;

  constructor(
    private readonly broker: Broker,
    private readonly isDraining: () => boolean,
  ) {}

  /**
   * @returns The state of the store, within two seconds.
   * @throws BrokerRefusal 503 with a `reason`: `draining`, `store_slow`, or the refusal of the store.
   */
  async check(): Promise<StoreState> {
    if (this.isDraining() || this.broker.isClosed) {
      throw notReady('overloaded', 'draining', 'The broker is shutting down.');
    }
    let timer: NodeJS.Timeout | undefined;
    const slow = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, STORE_MS, undefined);
    });
    try {
      const state = await Promise.race([this.#ask(), slow]);
      if (state !== undefined) return state;
    } catch (error) {
      const refusal = error instanceof BrokerRefusal ? error : storeUnavailable(error);
      throw notReady(refusal.code, refusal.code, refusal.message, error);
    } finally {
      clearTimeout(timer);
    }
    const message = `The store has not answered within ${STORE_MS / 1_000} s.`;
    throw notReady('store_unavailable', 'store_slow', message);
  }

  /** A store that does not answer is not asked again by each probe. */
  #ask(): Promise<StoreState> {
    this.#asking ??= this.broker.state().finally(() => (this.#asking = undefined));
    return this.#asking;
  }
}

function notReady(
  code: BrokerRefusal['code'],
  reason: string,
  message: string,
  cause?: unknown,
): BrokerRefusal {
  const refusal = new BrokerRefusal(code, message, { reason }, {}, 503);
  refusal.cause = cause;
  return refusal;
}
