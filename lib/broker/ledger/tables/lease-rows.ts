import type { LeaseRecord } from '../records';
import { changing, fixed, key } from './table-form';
import type { OrderedForm } from './table-form';

/** Leases, those that have lapsed included. */
export const LEASES: OrderedForm<LeaseRecord> = {
  table: 'leases',
  columns: [
    key('id', ({ id }) => id),
    fixed('ttl_ms', ({ ttlMs }) => ttlMs),
    changing('expires_at', ({ expiresAt }) => expiresAt),
  ],
  keyOf: ({ id }) => id,
  rowOf: (found) => ({
    id: found['id'] as string,
    ttlMs: found['ttl_ms'] as number,
    expiresAt: found['expires_at'] as number,
  }),
  compare: (one, other) => one.expiresAt - other.expiresAt,
};
