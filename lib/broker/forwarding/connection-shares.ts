import { BrokerRefusal } from '../refusal';

/** How many connections to a vendor there are unless its settings say otherwise. */
export const DEFAULT_CONNECTIONS = 256;
/** How long a call waits for a connection before it is refused. */
const MAX_WAIT_MS = 1_000;

/** Who a connection is for. */
export interface ConnectionCaller {
  keyId: string;
  /** The user within its tenant; all callers without one have the same. */
  user: string;
}

/** Gives a connection back. Only the first call does something. */
export type Release = () => void;

interface Waiting {
  caller: ConnectionCaller;
  begin: (release: Release) => void;
}

/**
 * The connections to one vendor, and who may have how many at once: a key a quarter of them, a user
 * a half. So no one caller has them all, however slow its calls are.
 */
export class ConnectionShares {
  readonly #perKey: number;
  readonly #perUser: number;
  #free: number;
  readonly #byKey = new Map<string, number>();
  readonly #byUser = new Map<string, number>();
  /** In the order in which they came. None of them could have a connection now. */
  readonly #waiting = new Set<Waiting>();

  /** @param maxPerKey What a key may have at most, where that is less than its share. */
  constructor(
    private readonly connections = DEFAULT_CONNECTIONS,
    maxPerKey = Infinity,
  ) {
    this.#free = connections;
    this.#perKey = Math.max(1, Math.min(maxPerKey, Math.floor(connections / 4)));
    this.#perUser = Math.max(1, Math.floor(connections / 2));
  }

  /**
   * Takes a connection; at once where one is free, else within a second.
   *
   * @throws BrokerRefusal 503 `overloaded`, also by rejecting.
   */
  reserve(caller: ConnectionCaller): Release | Promise<Release> {
    const free = this.reserveFree(caller);
    if (free !== undefined) return free;
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        caller,
        begin: (release) => {
          clearTimeout(timer);
          resolve(release);
        },
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(waiting);
        reject(overloaded(this.#obstacle(caller) ?? 'all connections to the vendor are in use'));
      }, MAX_WAIT_MS);
      this.#waiting.add(waiting);
    });
  }

  /** Takes a connection where one is free at once. */
  reserveFree(caller: ConnectionCaller): Release | undefined {
    return this.#obstacle(caller) === undefined ? this.#take(caller) : undefined;
  }

  #take(caller: ConnectionCaller): Release {
    const { keyId, user } = caller;
    this.#free -= 1;
    change(this.#byKey, keyId, 1);
    change(this.#byUser, user, 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#free += 1;
      change(this.#byKey, keyId, -1);
      change(this.#byUser, user, -1);
      this.#passOn();
    };
  }

  /** One connection came back, so at most one of those that wait can begin. */
  #passOn(): void {
    for (const waiting of this.#waiting) {
      if (this.#obstacle(waiting.caller) !== undefined) continue;
      this.#waiting.delete(waiting);
      waiting.begin(this.#take(waiting.caller));
      return;
    }
  }

  /** Why a caller cannot have a connection now. */
  #obstacle({ keyId, user }: ConnectionCaller): string | undefined {
    if ((this.#byKey.get(keyId) ?? 0) >= this.#perKey) {
      return `this key has ${this.#perKey} of the ${this.connections} connections to the vendor, as many as one key may have`;
    }
    if ((this.#byUser.get(user) ?? 0) >= this.#perUser) {
      return `this key's user has ${this.#perUser} of the ${this.connections} connections to the vendor, as many as one user may have`;
    }
    return this.#free > 0
      ? undefined
      : `all ${this.connections} connections to the vendor are in use`;
  }
}

function change(counts: Map<string, number>, name: string, by: number): void {
  const count = (counts.get(name) ?? 0) + by;
  if (count === 0) counts.delete(name);
  else counts.set(name, count);
}

function overloaded(obstacle: string): BrokerRefusal {
  return new BrokerRefusal(
    'overloaded',
    `The call waited a second for a connection, and nothing was sent: ${obstacle}. Try again in a moment.`,
    {},
    { 'retry-after': '1' },
  );
}
