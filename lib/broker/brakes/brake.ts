import type { BrakeScope } from '../../contract/scopes';
import type { Subject } from '../keys/subject';

/** What stops a subject until it is lifted or expires. */
export interface Brake {
  id: string;
  scope: BrakeScope;
  /** Whom it stops; empty for `all`. */
  target: string;
  /** Only within this tenant; a user or run is stopped in every tenant where it is absent. */
  tenant?: string;
  reason: string;
  /** The name of the actor that has set it. */
  setBy: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
  expiresAt?: number;
  /** How many live keys it hit; absent until they are counted. */
  hit?: number;
}

/** Whom a key or a call is for. */
export interface BrakeSubject {
  /** Absent while the key is being issued. */
  keyIds?: readonly string[];
  vendor: string;
  subject: Subject;
}

/** Whether a brake has not ended by itself. */
export function isInForce({ expiresAt }: Brake, now: number): boolean {
  return expiresAt === undefined || expiresAt > now;
}

/** The first active brake that stops a subject. */
export function brakeOver(
  brakes: Iterable<Brake>,
  subject: BrakeSubject,
  now: number,
): Brake | undefined {
  for (const brake of brakes) {
    if (isInForce(brake, now) && stops(brake, subject)) return brake;
  }
  return undefined;
}

function stops(brake: Brake, { keyIds = [], vendor, subject }: BrakeSubject): boolean {
  if (brake.tenant !== undefined && brake.tenant !== subject.tenant_id) return false;
  switch (brake.scope) {
    case 'all':
      return true;
    case 'key':
      return keyIds.includes(brake.target);
    case 'vendor':
      return brake.target === vendor;
    case 'tenant':
      return brake.target === subject.tenant_id;
    case 'user':
      return brake.target === subject.user_id;
    case 'run':
      return brake.target === subject.run_id;
    case 'tool':
      return brake.target === subject.tool;
  }
}
