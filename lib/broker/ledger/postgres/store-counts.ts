import type { Batches } from '../batches';
import type { StoreCounts } from '../store';
import type { PgLink } from './pg-link';

/** Counts what all instances have in the store, and what this one has written. */
export async function storeCounts(
  searched: Pick<PgLink, 'query'>,
  now: number,
  figures: Batches['figures'],
): Promise<StoreCounts> {
  const [row] = await searched.query(
    `SELECT
      (SELECT count(*) FROM vault_key.keys k LEFT JOIN vault_key.leases l ON l.id = k.lease_id
        WHERE k.revoked_at IS NULL AND k.expires_at > $1 AND (k.lease_id IS NULL OR l.expires_at > $1)) AS live,
      h.* FROM (SELECT count(*) FILTER (WHERE state = 'held') AS held,
        count(*) FILTER (WHERE state = 'unknown') AS unknown,
        coalesce(sum(held) FILTER (WHERE state = 'held'), 0) AS held_micros,
        coalesce(sum(held) FILTER (WHERE state = 'unknown'), 0) AS unknown_micros
        FROM vault_key.holds WHERE state IN ('held', 'unknown')) h`,
    [now],
  );
  const number = (column: string): number => Number(row?.[column]);
  return {
    liveKeys: number('live'),
    openHolds: { held: number('held'), unknown: number('unknown') },
    openMicros: { held: number('held_micros'), unknown: number('unknown_micros') },
    ...figures,
  };
}
