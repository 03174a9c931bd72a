import type { Brake } from '../../brakes/brake';
import type { BrakeScope } from '../../../contract/scopes';
import type { PendingWrites } from './pending-writes';
import type { SqliteConnection } from './sqlite-driver';
import { changing, fixed, key } from './table-form';
import type { FoundRow } from './table-form';
import { WholeTable } from './whole-table';
import type { OrderedForm } from './whole-table';

const BRAKES: OrderedForm<Brake> = {
  table: 'brakes',
  columns: [
    key('id', ({ id }) => id),
    fixed('scope', ({ scope }) => scope),
    fixed('target', ({ target }) => target),
    fixed('tenant', ({ tenant }) => tenant ?? null),
    fixed('reason', ({ reason }) => reason),
    fixed('created_at', ({ createdAt }) => createdAt),
    fixed('expires_at', ({ expiresAt }) => expiresAt ?? null),
    changing('hit', ({ hit }) => hit ?? null),
  ],
  keyOf: ({ id }) => id,
  rowOf: brakeOf,
  compare: (one, other) => one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1),
};

/** Brakes that were not lifted, those that have expired included. */
export class BrakeTable {
  readonly table: WholeTable<Brake>;

  constructor(connection: SqliteConnection, writes: PendingWrites) {
    this.table = new WholeTable(connection, writes, BRAKES);
  }

  /** The oldest first. */
  get all(): readonly Brake[] {
    return this.table.all;
  }

  put(brake: Brake): void {
    this.table.put(brake);
  }

  /** How many live keys a brake has hit, once they are counted. */
  noteHit(id: string, hit: number): void {
    const brake = this.table.get(id);
    if (brake !== undefined) this.table.put({ ...brake, hit });
  }

  /** The brake that was lifted; `undefined` where none has the id. */
  lift(id: string): Brake | undefined {
    const brake = this.table.get(id);
    if (brake !== undefined) this.table.delete(brake);
    return brake;
  }
}

function brakeOf(found: FoundRow): Brake {
  const { tenant, expires_at: expiresAt, hit } = found;
  return {
    id: found['id'] as string,
    scope: found['scope'] as BrakeScope,
    target: found['target'] as string,
    ...(tenant === null ? {} : { tenant: tenant as string }),
    reason: found['reason'] as string,
    createdAt: found['created_at'] as number,
    ...(expiresAt === null ? {} : { expiresAt: expiresAt as number }),
    ...(hit === null ? {} : { hit: hit as number }),
  };
}
