"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.BrakeTable = void 0;
/** Standing brakes. They are few, so all of them are kept at hand. */
class BrakeTable {
    #all;
    #insert;
    #delete;
    #noteHit;
    #forgetHit;
    #standing;
    constructor(connection) {
        this.#all = connection.prepare(`SELECT brakes.*, brake_hits.hit FROM brakes LEFT JOIN brake_hits ON brake_id = brakes.id
       ORDER BY created_at, brakes.id`);
        this.#insert = connection.prepare(`INSERT INTO brakes (id, scope, target, tenant, reason, created_at, expires_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)`);
        this.#delete = connection.prepare('DELETE FROM brakes WHERE id = ?');
        this.#noteHit = connection.prepare('INSERT OR REPLACE INTO brake_hits (brake_id, hit) VALUES (?, ?)');
        this.#forgetHit = connection.prepare('DELETE FROM brake_hits WHERE brake_id = ?');
    }
    /** Those that have expired among them. */
    get standing() {
        return (this.#standing ??= this.#all.all().map(brakeOf));
    }
    put({ id, scope, target, tenant, reason, createdAt, expiresAt }) {
        this.#insert.run(id, scope, target, tenant ?? null, reason, createdAt, expiresAt ?? null);
        this.forget();
    }
    /** How many live keys a brake has hit, once they are counted. */
    noteHit(id, hit) {
        if (this.standing.every((brake) => brake.id !== id))
            return;
        this.#noteHit.run(id, hit);
        this.forget();
    }
    /** The brake that was lifted; `undefined` where none has the id. */
    lift(id) {
        const brake = this.standing.find((each) => each.id === id);
        if (brake !== undefined) {
            this.#delete.run(id);
            this.#forgetHit.run(id);
            this.forget();
        }
        return brake;
    }
    /** What is at hand may have been rolled back. */
    forget() {
        this.#standing = undefined;
    }
}
exports.BrakeTable = BrakeTable;
function brakeOf(row) {
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
