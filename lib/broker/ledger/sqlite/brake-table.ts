import type { Brake } from '../../brakes/brake';
import type { PendingWrites } from './pending-writes';
import type { SqliteConnection } from './sqlite-driver';
import { BRAKES } from '../tables/brake-rows';
import { WholeTable } from './whole-table';

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
