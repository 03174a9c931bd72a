import type { Brake } from '../../brakes/brake';
import type { SqliteConnection } from './sqlite-driver';
/** Standing brakes. They are few, so all of them are kept at hand. */
export declare class BrakeTable {
    #private;
    constructor(connection: SqliteConnection);
    /** Those that have expired among them. */
    get standing(): readonly Brake[];
    put({ id, scope, target, tenant, reason, createdAt, expiresAt }: Brake): void;
    /** How many live keys a brake has hit, once they are counted. */
    noteHit(id: string, hit: number): void;
    /** The brake that was lifted; `undefined` where none has the id. */
    lift(id: string): Brake | undefined;
    /** What is at hand may have been rolled back. */
    forget(): void;
}
