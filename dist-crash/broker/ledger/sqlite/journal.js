"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Journal = void 0;
/** How many changes of rows it may have before they are written to their tables: some 2 ms of work. */
const MAX_CHANGES = 1_024;
/**
 * Makes decisions durable by one row a transaction, which says how each row that it changed stands
 * now. What waits is written to its tables all at once, later: most of it has changed again by
 * then, and is written once.
 */
class Journal {
    #insert;
    #clear;
    #tables;
    #changes = 0;
    /** What {@link #changes} is once the transaction is committed. */
    #changesThen = 0;
    #mustWrite = false;
    constructor(connection, tables) {
        this.#insert = connection.prepare('INSERT INTO journal (changes) VALUES (?)');
        this.#clear = connection.prepare('DELETE FROM journal');
        this.#tables = tables;
        for (const { changes } of connection
            .prepare('SELECT changes FROM journal ORDER BY id')
            .all()) {
            this.#replay(JSON.parse(changes));
        }
    }
    /** Whether the tables say all that there is to say. */
    get isWritten() {
        return this.#tables.every((rows) => rows.allWritten);
    }
    /** Has this transaction write everything to the tables, which alone can be searched. */
    writeAll() {
        this.#mustWrite = true;
    }
    /** The tables were changed behind its back. To be done while they say all that there is to say. */
    forgetRead() {
        for (const rows of this.#tables)
            rows.forgetRead();
    }
    /** To be done before each COMMIT. */
    beforeCommit() {
        const changes = {};
        let count = 0;
        for (const rows of this.#tables) {
            const changed = rows.changes();
            if (changed.length === 0)
                continue;
            changes[rows.table] = changed;
            count += changed.length;
        }
        if (this.#mustWrite || this.#changes + count > MAX_CHANGES) {
            for (const rows of this.#tables)
                rows.write();
            this.#clear.run();
            this.#changesThen = 0;
            return;
        }
        this.#changesThen = this.#changes + count;
        if (count > 0)
            this.#insert.run(JSON.stringify(changes));
    }
    committed() {
        for (const rows of this.#tables)
            rows.committed();
        this.#changes = this.#changesThen;
        this.#mustWrite = false;
    }
    rolledBack() {
        for (const rows of this.#tables)
            rows.rolledBack();
        this.#mustWrite = false;
    }
    #replay(changes) {
        for (const rows of this.#tables) {
            for (const values of changes[rows.table] ?? [])
                rows.replay(values);
        }
    }
}
exports.Journal = Journal;
