import { migrateSchema } from './migrator';
import type { Migration } from './migrator';
import { loadPgDriver } from './pg-driver';
import { PgLink } from './pg-link';
import { startError } from './start-errors';

/**
 * Makes or updates the schema of a store, without a broker.
 *
 * @param url Of a role that owns the schema, or may make it.
 * @param role Of an application, which may use the store from now on.
 * @throws PgDriverError where the package `pg` is not installed.
 * @throws Error in one line that says what to do.
 */
export async function updatePostgresSchema(url: string, role?: string): Promise<Migration> {
  const link = new PgLink(loadPgDriver(), url);
  try {
    return await migrateSchema(link, role);
  } catch (error) {
    throw startError(url, error);
  } finally {
    await link.close();
  }
}
