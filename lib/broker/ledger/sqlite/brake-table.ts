import type { Brake } from '../../brakes/brake';
import type { BrakeScope } from '../../../contract/scopes';
import type { SqliteConnection, SqliteStatement } from './sqlite-driver';

interface BrakeRow {
  id: string;
  scope: BrakeScope;
  target: string;
  tenant: string | null;
  reason: string;
  created_at: number;
  expires_at: number | null;
  hit: number | null;
}

/** Brakes that were not lifted. They are few, so all of them are kept in memory. */
export class BrakeTable {
  readonly #select: SqliteStatement;
  readonly #insert: SqliteStatement;
  readonly #delete: SqliteStatement;
  readonly #noteHit: SqliteStatement;
  #brakes: Brake[] | undefined;

  constructor(connection: SqliteConnection) {
    this.#select = connection.prepare('SELECT * FROM brakes ORDER BY created_at, id');
    this.#insert = connection.prepare(
      `INSERT INTO brakes (id, scope, target, tenant, reason, created_at, expires_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#delete = connection.prepare('DELETE FROM brakes WHERE id = ?');
    this.#noteHit = connection.prepare('UPDATE brakes SET hit = ? WHERE id = ?');
  }

  /** Those that have expired among them. */
  get all(): readonly Brake[] {
    return (this.#brakes ??= (this.#select.all() as BrakeRow[]).map(brakeOf));
  }

  put({ id, scope, target, tenant, reason, createdAt, expiresAt }: Brake): void {
    this.#insert.run(id, scope, target, tenant ?? null, reason, createdAt, expiresAt ?? null);
    this.forget();
  }

  /** How many live keys a brake has hit, once they are counted. */
  noteHit(id: string, hit: number): void {
    this.#noteHit.run(hit, id);
    this.forget();
  }

  /** The brake that was lifted; `undefined` where none has the id. */
  lift(id: string): Brake | undefined {
    const brake = this.all.find((each) => each.id === id);
    if (brake !== undefined) {
      this.#delete.run(id);
      this.forget();
    }
    return brake;
  }

  /** What is in memory may have been rolled back. */
  forget(): void {
    this.#brakes = undefined;
  }
}

function brakeOf(row: BrakeRow): Brake {
  return {
    id: row.id,
    scope: row.scope,
    target: row.target,
    ...(row.tenant === null ? {} : { tenant: row.tenant }),
    reason: row.reason,
    createdAt: row.created_at,
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
    ...(row.hit === null ? {} : { hit: row.hit }),
  };
}
