import { LOCKS } from './schema-names';
import type { PgLink, PgRow } from './pg-link';

const OLDEST = 15;

/**
 * Looks at whether a server keeps what it acknowledges, and locks what it says it locks.
 *
 * @param warn Takes a line on what would be lost where nothing is wrong, but less than all is kept.
 * @throws Error that names every fault.
 */
export async function checkServer(
  link: PgLink,
  other: PgLink,
  warn: (line: string) => void,
): Promise<void> {
  const [row = {}] = await link.query(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
       current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_pages,
       current_setting('synchronous_standby_names') AS synchronous,
       (SELECT count(*)::int FROM pg_stat_replication WHERE state IS DISTINCT FROM 'backup') AS replicas`,
  );
  const faults = faultsOf(row);
  if (!(await doLocksHold(link, other))) {
    faults.push(
      'its advisory locks do nothing, by which a brake at one instance holds at all others',
    );
  }
  if (faults.length > 0) {
    throw new Error(`The server cannot keep a ledger: ${faults.join('; ')}.`);
  }
  const { replicas, synchronous } = row;
  if (replicas !== 0 && synchronous === '') {
    warn(
      `the server has ${String(replicas)} replica${replicas === 1 ? '' : 's'} and waits for none: a failover loses the holds, settlements, revocations and brakes that the replica has not got yet, so that a cap may be passed. Set synchronous_standby_names to keep what was acknowledged`,
    );
  }
}

function faultsOf({ version, number, fsync, full_pages: fullPages }: PgRow): string[] {
  const faults: string[] = [];
  if (Math.floor((number as number) / 10_000) < OLDEST) {
    faults.push(`it is PostgreSQL ${String(version)}, and ${OLDEST} or newer is needed`);
  }
  if (fsync !== 'on')
    faults.push('fsync is off: set it on, or a power failure loses what was told');
  if (fullPages !== 'on') {
    faults.push('full_page_writes is off: set it on, or a power failure tears what was written');
  }
  return faults;
}

async function doLocksHold(link: PgLink, other: PgLink): Promise<boolean> {
  await link.query('BEGIN');
  try {
    await link.query(`SELECT pg_advisory_xact_lock(${LOCKS.probe}, pg_backend_pid())`);
    const [self] = await link.query('SELECT pg_backend_pid() AS pid');
    const [row] = await other.query(
      `SELECT pg_try_advisory_xact_lock(${LOCKS.probe}, $1::int) AS got`,
      [Number(self?.['pid'])],
    );
    return row?.['got'] === false;
  } finally {
    await link.query('ROLLBACK');
  }
}
