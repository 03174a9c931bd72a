import { sessionOn } from './pg-driver';
import type { PgClient, PgDriver } from './pg-driver';

/** How many connections a store keeps of a pool while it is open. */
export const POOLED_CONNECTIONS = 4;

/** A connection of a {@link PgPool}. */
export interface PgPoolClient extends PgClient {
  /** Gives it back; with `true` it is ended. */
  release(end?: boolean): void;
}

/** A pool of connections to a PostgreSQL, such as a `Pool` of the package `pg`. */
export interface PgPool {
  connect(): Promise<PgPoolClient>;
}

/** A store in the PostgreSQL that a pool of the application's leads to. */
export interface PooledStore {
  /**
   * A `Pool` of the package `pg`, with a `max` of at least 5: the store keeps four of its connections until the
   * broker is closed, and gives them back as they were. It does not end the pool: end it after the
   * application. With `pipeline: true` among its options (`pg` 8.23) a call waits for fewer round trips.
   */
  pool: PgPool;
}

/** What is wrong with what was given as a pool; `undefined` where nothing is. */
export function poolFault(pool: unknown): string | undefined {
  const { connect, ending, options } = (pool ?? {}) as {
    connect?: unknown;
    ending?: unknown;
    options?: { max?: unknown };
  };
  if (typeof connect !== 'function' || typeof (pool as { query?: unknown }).query !== 'function') {
    return 'must have in pool a Pool of the package pg, such as new Pool({ connectionString })';
  }
  // A client has both methods too, and is one connection.
  if ('release' in (pool as object) || 'connection' in (pool as object)) {
    return 'must have in pool a Pool of the package pg, and not a Client';
  }
  if (ending === true) return 'must have in pool a Pool that has not been ended';
  const max = options?.max;
  return typeof max === 'number' && max <= POOLED_CONNECTIONS
    ? `must have in pool a Pool with a max of at least ${POOLED_CONNECTIONS + 1}: the store keeps ${POOLED_CONNECTIONS} of its connections`
    : undefined;
}

/** Takes connections from a pool in place of making them. */
export function poolDriver(pool: PgPool): PgDriver {
  return {
    async connect() {
      const client = await pool.connect();
      let isBack = false;
      const giveBack = (isWell: boolean): void => {
        if (isBack) return;
        isBack = true;
        if (!isWell) client.connection?.stream.destroy();
        client.release(!isWell);
      };
      const session = sessionOn(client);
      let lost = (): void => {};
      session.onLost(() => {
        giveBack(false);
        lost();
      });
      return {
        ...session,
        onLost: (callback) => void (lost = callback),
        end: () => {
          session.leave();
          // In the middle of a transaction it is of no use to anyone else.
          giveBack(session.isIdle());
          return Promise.resolve();
        },
        destroy: () => {
          session.leave();
          giveBack(false);
        },
      };
    },
  };
}
