import { fieldsOf, unknownFields } from '../known-fields';
import type { FieldIssue } from '../refusal';

const MAX_TTL_SECONDS = 86_400;

/** A lease as the management API shows it. */
export interface LeaseView {
  id: string;
  ttl_seconds: number;
  /** When it lapses unless it is renewed before. */
  expires_at: string;
}

/** Reads the body of `POST /v1/leases`: how long a lease lasts after each renewal. */
export function parseLeaseRequest(body: unknown): { ttlMs: number } | { faults: FieldIssue[] } {
  const { ttl_seconds: ttl, ...others } = fieldsOf(body) as { ttl_seconds?: unknown };
  const faults = unknownFields(others, ['ttl_seconds']);
  if (typeof ttl !== 'number' || !Number.isInteger(ttl) || ttl < 1 || ttl > MAX_TTL_SECONDS) {
    const message = `must be a whole number of seconds from 1 to ${MAX_TTL_SECONDS}`;
    faults.push({ field: 'ttl_seconds', message });
  }
  if (faults.length > 0) return { faults };
  return { ttlMs: (ttl as number) * 1_000 };
}

export function leaseView(lease: { id: string; ttlMs: number; expiresAt: number }): LeaseView {
  return {
    id: lease.id,
    ttl_seconds: lease.ttlMs / 1_000,
    expires_at: new Date(lease.expiresAt).toISOString(),
  };
}
