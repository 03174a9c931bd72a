"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Rows = void 0;
const MAX_READ = 2_048;
/**
 * The rows of one table, those that are decided but not yet in it among them. Those are kept at
 * hand, and the {@link Journal} makes them durable; a row that changes three times is written once.
 * A row is a value: to change it is to put another in its place.
 */
class Rows {
    form;
    /** In the order in which they came to be. */
    #unwritten = new Map();
    /** Written by this transaction. */
    #written = new Map();
    /** What this transaction has changed, and what stood there unwritten before it. */
    #changed = new Map();
    #read = new Map();
    #select;
    #upsert;
    constructor(connection, form) {
        this.form = form;
        const { table, columns, keyColumns, changing } = form;
        const key = columns.slice(0, keyColumns);
        this.#select = connection.prepare(`SELECT ${columns.join(', ')} FROM ${table} WHERE ${key.map((name) => `${name} = ?`).join(' AND ')}`);
        this.#upsert = connection.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
       ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${changing.map((name) => `${name} = excluded.${name}`).join(', ')}`);
    }
    get table() {
        return this.form.table;
    }
    /** Whether the table has every row as it stands. */
    get allWritten() {
        return this.#unwritten.size === 0;
    }
    /**
     * @param key What `keyOf` gives for the row.
     * @param columns The values of its primary key.
     */
    get(key, columns) {
        const known = this.atHand(key) ?? this.#read.get(key);
        if (known !== undefined)
            return known;
        const found = this.#select.get(columns);
        return found === undefined ? undefined : this.remember(found);
    }
    /** The row, where no search in the table can be sure to find it as it stands. */
    atHand(key) {
        return this.#unwritten.get(key) ?? this.#written.get(key);
    }
    /** Keeps at hand what a search has found in the table. */
    remember(found) {
        const row = this.form.rowOf(this.form.columns.map((name) => found[name] ?? null));
        if (this.#read.size >= MAX_READ)
            this.#read.clear();
        this.#read.set(this.form.keyOf(row), row);
        return row;
    }
    put(row) {
        const key = this.form.keyOf(row);
        if (!this.#changed.has(key))
            this.#changed.set(key, this.atHand(key));
        this.#unwritten.set(key, row);
    }
    /** What this transaction has changed, as the rows stand now. */
    changes() {
        const changes = [];
        for (const key of this.#changed.keys()) {
            const row = this.atHand(key);
            if (row !== undefined)
                changes.push(this.form.valuesOf(row));
        }
        return changes;
    }
    /** Takes back what {@link changes} gave. */
    replay(values) {
        this.put(this.form.rowOf(values));
    }
    /** Has the table say all that there is to say, so that it can be searched. */
    write() {
        for (const [key, row] of this.#unwritten) {
            this.#upsert.run(this.form.valuesOf(row));
            this.#written.set(key, row);
        }
        this.#unwritten.clear();
    }
    /** Reads anew what it has read: the table was changed behind its back. */
    forgetRead() {
        this.#read.clear();
    }
    committed() {
        this.#changed.clear();
        if (this.#written.size === 0)
            return;
        if (this.#read.size + this.#written.size > MAX_READ)
            this.#read.clear();
        for (const [key, row] of this.#written)
            this.#read.set(key, row);
        this.#written.clear();
    }
    rolledBack() {
        if (this.#written.size > 0) {
            this.#unwritten = new Map([...this.#written, ...this.#unwritten]);
            this.#written = new Map();
        }
        for (const [key, row] of this.#changed) {
            if (row === undefined)
                this.#unwritten.delete(key);
            else
                this.#unwritten.set(key, row);
        }
        this.#changed.clear();
        this.#read.clear();
    }
}
exports.Rows = Rows;
