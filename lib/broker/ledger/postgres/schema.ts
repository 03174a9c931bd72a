import { FUNCTIONS } from './schema-functions';
import { TABLES } from './schema-tables';
import { WRITER_FUNCTIONS } from './schema-writer-functions';

/** What brings the schema from one version to the next; the first one makes it. */
export const MIGRATIONS: readonly string[] = [TABLES + FUNCTIONS + WRITER_FUNCTIONS];
