"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.LeaseTable = void 0;
const MAX_AT_HAND = 1_024;
/** Leases, those that have lapsed included. Every call under one asks for it, so they are kept at hand. */
class LeaseTable {
    #atHand = new Map();
    #get;
    #put;
    constructor(connection) {
        this.#get = connection.prepare('SELECT * FROM leases WHERE id = ?');
        this.#put = connection.prepare('INSERT OR REPLACE INTO leases (id, ttl_ms, expires_at) VALUES (?, ?, ?)');
    }
    get(id) {
        const known = this.#atHand.get(id);
        if (known !== undefined)
            return known;
        const row = this.#get.get(id);
        if (row === undefined)
            return undefined;
        return this.#keep({ id: row.id, ttlMs: row.ttl_ms, expiresAt: row.expires_at });
    }
    put(lease) {
        this.#put.run(lease.id, lease.ttlMs, lease.expiresAt);
        this.#keep(lease);
    }
    /** What is at hand may have been rolled back. */
    forget() {
        this.#atHand.clear();
    }
    #keep(lease) {
        if (this.#atHand.size >= MAX_AT_HAND)
            this.#atHand.clear();
        this.#atHand.set(lease.id, lease);
        return lease;
    }
}
exports.LeaseTable = LeaseTable;
