import * as http from 'node:http';
import * as https from 'node:https';

// Shorter than what servers and load balancers commonly allow an idle connection: one that is
// closed under a call makes that call's outcome unknown.
const IDLE_CONNECTION_MS = 15_000;

/**
 * Connections to a broker that are kept, and how many requests may be under way on them. What is
 * beyond waits here, where it can be given up before it was sent: an `http.Agent` with `maxSockets`
 * tells a request that waits in it of nothing, not even of its own end.
 */
export class KeptConnections {
  readonly http = new http.Agent({ keepAlive: true, timeout: IDLE_CONNECTION_MS });
  readonly https = new https.Agent({
    keepAlive: true,
    timeout: IDLE_CONNECTION_MS,
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says: a token goes only where the certificate is valid.
    rejectUnauthorized: true,
  });
  #free: number;
  /** In the order in which they came. */
  readonly #waiting = new Set<() => void>();

  constructor(max: number) {
    this.#free = max;
  }

  /** Takes a place; resolves with `false` where none was free in time. */
  take(waitMs: number): Promise<boolean> | true {
    if (this.#free > 0) {
      this.#free -= 1;
      return true;
    }
    return new Promise((resolve) => {
      const begin = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        // A process that was busy hears of its timers first, and then of what has come meanwhile.
        setImmediate(() => {
          if (this.#waiting.delete(begin)) resolve(false);
        });
      }, waitMs);
      this.#waiting.add(begin);
    });
  }

  /** Gives a place back. */
  release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }

  destroy(): void {
    this.http.destroy();
    this.https.destroy();
  }
}
