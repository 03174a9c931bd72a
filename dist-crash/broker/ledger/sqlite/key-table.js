"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.KeyTable = void 0;
const live_keys_1 = require("./live-keys");
const rows_1 = require("./rows");
const COLUMNS = [
    'id',
    'token_hash',
    'label',
    'vendor',
    'cap_micros',
    'allowed_endpoints',
    'tenant_id',
    'user_id',
    'run_id',
    'tool',
    'parent_id',
    'created_at',
    'expires_at',
    'revoked_at',
    'budgets',
    'lease_id',
];
const SELECT = 'SELECT keys.*, keys.rowid AS position FROM keys';
const MAX_TOKEN_HASHES = 4_096;
/** Keys, each with what its lease says. */
class KeyTable {
    connection;
    leases;
    rows;
    /** The ids of keys that the table may not have yet, by the hashes of their tokens. */
    #idByTokenHash = new Map();
    #maxTokenHashes = MAX_TOKEN_HASHES;
    #byTokenHash;
    #live = new live_keys_1.LiveKeys();
    /** What this transaction has changed of them. */
    #changes = [];
    constructor(connection, leases) {
        this.connection = connection;
        this.leases = leases;
        this.rows = new rows_1.Rows(connection, {
            table: 'keys',
            columns: COLUMNS,
            keyColumns: 1,
            changing: ['revoked_at'],
            keyOf: ({ id }) => id,
            valuesOf,
            rowOf: keyOf,
        });
        this.#byTokenHash = connection.prepare(`${SELECT} WHERE keys.token_hash = ? AND keys.revoked_at IS NULL`);
    }
    insert(key) {
        if (this.#idByTokenHash.size >= this.#maxTokenHashes)
            this.#forgetWritten();
        this.rows.put(key);
        this.#idByTokenHash.set(key.tokenHash, key.id);
        this.#changes.push({ key, change: 'add' });
    }
    get(id) {
        return this.#leased(this.rows.get(id, [id]));
    }
    /** A key that is not revoked. */
    byTokenHash(hash) {
        const id = this.#idByTokenHash.get(hash);
        const key = id === undefined ? this.#find(hash) : this.get(id);
        return key === undefined || key.revokedAt !== undefined ? undefined : key;
    }
    revoke(key, now) {
        this.rows.put({ ...key, revokedAt: now });
        this.#changes.push({ key, change: 'remove' });
    }
    /** Counts the keys that the table has. To be done once, before any is issued. */
    beginCount(now) {
        const unrevoked = this.connection
            .prepare('SELECT expires_at, lease_id FROM keys WHERE revoked_at IS NULL AND expires_at > ?')
            .raw();
        for (const row of unrevoked.iterate(now)) {
            const [expiresAt, lease] = row;
            this.#live.add({ expiresAt, ...(lease === null ? {} : { lease: { id: lease } }) });
        }
    }
    /** How many keys live, and how many are neither revoked nor expired. */
    counts(now) {
        return this.#live.count(now, (id) => this.leases.get(id)?.expiresAt);
    }
    committed() {
        for (const { key, change } of this.#changes)
            this.#live[change](key);
        this.#changes = [];
    }
    rolledBack() {
        this.#changes = [];
    }
    #find(hash) {
        const found = this.#byTokenHash.get(hash);
        if (found === undefined)
            return undefined;
        // The table may not have heard yet that it is revoked.
        return this.get(this.rows.remember(found).id);
    }
    #forgetWritten() {
        for (const [hash, id] of this.#idByTokenHash) {
            if (this.rows.atHand(id) === undefined)
                this.#idByTokenHash.delete(hash);
        }
        this.#maxTokenHashes = Math.max(MAX_TOKEN_HASHES, 2 * this.#idByTokenHash.size);
    }
    /** What a lease says is looked up each time; one that is gone has lapsed. */
    #leased(key) {
        if (key?.lease === undefined)
            return key;
        const { id } = key.lease;
        return { ...key, lease: { id, expiresAt: this.leases.get(id)?.expiresAt ?? 0 } };
    }
}
exports.KeyTable = KeyTable;
function valuesOf(key) {
    const { subject } = key;
    return [
        key.id,
        key.tokenHash,
        key.label,
        key.vendor,
        key.capMicros,
        JSON.stringify(key.allowedEndpoints),
        subject.tenant_id ?? null,
        subject.user_id ?? null,
        subject.run_id ?? null,
        subject.tool ?? null,
        key.parentId ?? null,
        key.createdAt,
        key.expiresAt,
        key.revokedAt ?? null,
        JSON.stringify(key.budgets),
        key.lease?.id ?? null,
    ];
}
function keyOf(values) {
    const [id, tokenHash, label, vendor, capMicros, allowedEndpoints, ...rest] = values;
    const [tenant, user, run, tool, parentId, createdAt, expiresAt, revokedAt, budgets, leaseId] = rest;
    const subject = {};
    if (tenant !== null)
        subject.tenant_id = tenant;
    if (user !== null)
        subject.user_id = user;
    if (run !== null)
        subject.run_id = run;
    if (tool !== null)
        subject.tool = tool;
    return {
        id: id,
        tokenHash: tokenHash,
        label: label,
        vendor: vendor,
        capMicros: capMicros,
        allowedEndpoints: JSON.parse(allowedEndpoints),
        subject,
        ...(parentId === null ? {} : { parentId: parentId }),
        budgets: JSON.parse(budgets),
        ...(leaseId === null ? {} : { lease: { id: leaseId, expiresAt: 0 } }),
        createdAt: createdAt,
        expiresAt: expiresAt,
        ...(revokedAt === null ? {} : { revokedAt: revokedAt }),
    };
}
