import { PgBouncer, pgBouncerInstalled } from './pgbouncer';
import { POSTGRES_KINDS } from './postgres-binaries';
import type { PostgresKind } from './postgres-binaries';
import { PostgresServer } from './postgres-server';
import { IS_FULL_RUN } from './property-runs';

/** Where a suite that is to pass on each PostgreSQL has its stores. */
export interface PostgresStores {
  /** The URL of an empty store. */
  url(): Promise<string>;
  close(): Promise<void>;
}

/** A way to have stores in PostgreSQL. */
export type PostgresWay = readonly [name: string, start: () => Promise<PostgresStores>];

const APP = 'app';

/**
 * On a server of each version: its newest one by the role that owns all, the system's by one of an application.
 * A run that is not a full one has the newest alone.
 */
export const POSTGRES_WAYS: readonly PostgresWay[] = POSTGRES_KINDS.slice(
  0,
  IS_FULL_RUN ? undefined : 1,
).map(([name, kind]) =>
  kind === 'system'
    ? [`${name}, as the role of an application`, () => asApp(kind)]
    : [name, () => asOwner(kind)],
);

/** The same, and one through PgBouncer in transaction mode where that is installed. */
export const POSTGRES_AND_PROXY: readonly PostgresWay[] = [
  ...POSTGRES_WAYS,
  ...(pgBouncerInstalled && IS_FULL_RUN
    ? [['PostgreSQL through PgBouncer', throughProxy] as const]
    : []),
];

async function asOwner(kind: PostgresKind): Promise<PostgresStores> {
  const server = await PostgresServer.start({ kind });
  return { url: () => server.store(), close: () => server.remove() };
}

async function asApp(kind: PostgresKind): Promise<PostgresStores> {
  const server = await PostgresServer.start({ kind });
  await server.query('postgres', `CREATE ROLE ${APP} LOGIN`);
  return {
    url: () => server.store(APP),
    close: () => server.remove(),
  };
}

async function throughProxy(): Promise<PostgresStores> {
  const server = await PostgresServer.start();
  const proxy = await PgBouncer.start(server.port);
  return {
    url: async () => proxy.urlOf(await server.store()),
    async close() {
      await proxy.close();
      await server.remove();
    },
  };
}
