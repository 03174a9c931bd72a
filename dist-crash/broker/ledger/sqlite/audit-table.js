"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.AuditTable = void 0;
const promises_1 = require("node:timers/promises");
const audit_chain_1 = require("../../audit/audit-chain");
const audit_entry_1 = require("../../audit/audit-entry");
const token_1 = require("../../keys/token");
const refusal_1 = require("../../refusal");
const conditions_1 = require("./conditions");
/** How many rows are walked, or looked through, before other work has its turn. */
const WALK_ROWS = 250;
const SEARCH_ROWS = 2_000;
/** The verdict of a call is that of its outcome. */
const VERDICT = `COALESCE((SELECT ${field('verdict', 'outcome')} FROM audit AS outcome
  WHERE outcome.outcome_of = ${field('call_id')} AND ${field('event')} = 'intent'), ${field('verdict')})`;
/** How many rows one statement adds. */
const INSERT_ROWS = 8;
/** The audit log: rows are added, chained, and never changed. */
class AuditTable {
    connection;
    chain;
    #insert;
    #insertMany;
    #writeHead;
    #readHead;
    #walk;
    #outcome;
    #head;
    /** Rows of this transaction that are not in the table yet, and whether the head counts any. */
    #unwritten = [];
    #unsealed = false;
    constructor(connection, chain) {
        this.connection = connection;
        this.chain = chain;
        const insert = 'INSERT INTO audit (seq, outcome_of, entry, mac) VALUES (?, ?, ?, ?)';
        this.#insert = connection.prepare(insert);
        this.#insertMany = connection.prepare(insert + ', (?, ?, ?, ?)'.repeat(INSERT_ROWS - 1));
        this.#writeHead = connection.prepare('INSERT OR REPLACE INTO audit_head (id, count, mac, seal) VALUES (1, ?, ?, ?)');
        this.#readHead = connection.prepare('SELECT count, mac, seal FROM audit_head WHERE id = 1');
        this.#outcome = connection.prepare('SELECT entry FROM audit WHERE outcome_of = ?');
        this.#walk = connection.prepare(`SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ${WALK_ROWS}`);
    }
    /** @param more Stands in place of what the row says. */
    write(row, more) {
        const head = this.#head ?? this.#storedHead();
        const seq = head.count + 1;
        const entry = (0, token_1.withoutTokens)((0, audit_entry_1.writeEntry)(seq, row, more));
        const mac = this.chain.next(head.mac, entry);
        const isOutcome = (more?.event ?? row.event) === 'outcome';
        this.#unwritten.push([seq, isOutcome ? (row.call_id ?? null) : null, entry, mac]);
        this.#head = { count: seq, mac };
        this.#unsealed = true;
    }
    /** Writes the rows and the head down, once for all of a transaction, before its COMMIT. */
    seal() {
        if (!this.#unsealed || this.#head === undefined)
            return;
        const rows = this.#unwritten;
        const { count, mac } = this.#head;
        try {
            let i = 0;
            for (; i + INSERT_ROWS <= rows.length; i += INSERT_ROWS) {
                this.#insertMany.run(rows.slice(i, i + INSERT_ROWS).flat());
            }
            for (; i < rows.length; i++)
                this.#insert.run(rows[i] ?? []);
            this.#writeHead.run([count, mac, this.chain.seal(this.#head)]);
        }
        catch (error) {
            throw (0, refusal_1.auditUnavailable)(error);
        }
        this.#unwritten = [];
        this.#unsealed = false;
    }
    /** What was remembered of the head may have been rolled back. */
    forget() {
        this.#head = undefined;
        this.#unwritten = [];
        this.#unsealed = false;
    }
    /** Newest first; the cursor of a page is the last sequence number on it. */
    page(filter, { limit, cursor }) {
        const where = conditionsOf(filter);
        where.equals(field('verdict'), filter.verdict);
        where.equals(field('event'), filter.event);
        if (cursor !== undefined)
            where.add('seq < ?', Number(cursor));
        const rows = entriesOf(this.connection
            .prepare(`SELECT entry FROM audit ${where.sql} ORDER BY seq DESC LIMIT ?`)
            .all(...where.values, limit + 1));
        const entries = rows.slice(0, limit);
        const last = entries.at(-1);
        return {
            entries,
            ...(rows.length > limit && last !== undefined ? { next: String(last.seq) } : {}),
        };
    }
    /** As {@link page}, with the outcome of each call beside its intent. */
    async records(filter, { limit, cursor }) {
        const where = conditionsOf(filter);
        where.add('outcome_of IS NULL');
        where.equals(field('event'), filter.event === 'call' ? 'intent' : filter.event);
        where.equals(VERDICT, filter.verdict);
        where.add('seq >= ? AND seq < ?');
        const search = this.connection.prepare(`SELECT entry FROM audit ${where.sql} ORDER BY seq DESC LIMIT ?`);
        const rows = [];
        let end = Math.min(this.#storedHead().count + 1, Number(cursor ?? Infinity));
        for (;;) {
            const begin = Math.max(0, end - SEARCH_ROWS);
            rows.push(...entriesOf(search.all(...where.values, begin, end, limit + 1 - rows.length)));
            end = begin;
            if (end === 0 || rows.length > limit)
                break;
            await (0, promises_1.setImmediate)();
        }
        const shown = rows.slice(0, limit);
        const last = shown.at(-1);
        return {
            entries: shown.map((row) => this.#recordOf(row)),
            ...(rows.length > limit && last !== undefined ? { next: String(last.seq) } : {}),
        };
    }
    /** Walks the whole chain. */
    async verify(expected) {
        const walk = new audit_chain_1.AuditWalk(this.chain, expected);
        let last = 0;
        for (;;) {
            const rows = this.#walk.all(last);
            for (const { seq, outcome_of: outcomeOf, entry, mac } of rows) {
                // Where an outcome is found by is no part of what is chained.
                const row = outcomeOf === callEndedBy(entry) ? entry : '';
                if (!walk.take(seq, row, mac))
                    return walk.end(this.#storedHead());
                last = seq;
            }
            // In the turn of the last rows, so that nothing was written since they were read.
            if (rows.length < WALK_ROWS)
                return walk.end(this.#storedHead());
            await (0, promises_1.setImmediate)();
        }
    }
    /** Takes over the log of a version that kept a column a field; the oldest had no chain. */
    adopt(table, isChained) {
        const read = this.connection.prepare(`SELECT * FROM ${table} WHERE seq > ? ORDER BY seq LIMIT ${WALK_ROWS}`);
        let head = audit_chain_1.GENESIS;
        for (;;) {
            const rows = read.all(head.count);
            for (const row of rows) {
                const { seq, event, call_id: callId } = row;
                const entry = (0, audit_entry_1.writeEntry)(seq, row);
                const mac = isChained ? row.mac : this.chain.next(head.mac, entry);
                this.#insert.run([seq, event === 'outcome' ? callId : null, entry, mac]);
                head = { count: seq, mac };
            }
            if (rows.length < WALK_ROWS)
                break;
        }
        if (!isChained)
            this.#writeHead.run([head.count, head.mac, this.chain.seal(head)]);
    }
    #recordOf(row) {
        const outcome = row.event === 'intent' ? this.#outcome.get(row.call_id) : undefined;
        return outcome === undefined
            ? { row }
            : { row, outcome: (0, audit_entry_1.readEntry)(outcome.entry) };
    }
    #storedHead() {
        const row = this.#readHead.get();
        // Every store was made with a head: without one, nothing vouches for the rows.
        if (row === undefined)
            return { ...audit_chain_1.GENESIS, seal: '' };
        return { count: row.count, mac: row.mac, seal: row.seal };
    }
}
exports.AuditTable = AuditTable;
/** A field of a stored row, in SQL. */
function field(column, table = 'audit') {
    return `(${table}.entry ->> ${audit_entry_1.AUDIT_COLUMNS.indexOf(column) + 1})`;
}
/** All of a filter but `verdict` and `event`. */
function conditionsOf(filter) {
    const where = new conditions_1.Conditions();
    const { from, to, verdict: _verdict, event: _event, ...equal } = filter;
    for (const [column, value] of Object.entries(equal)) {
        where.equals(field(column), value);
    }
    if (from !== undefined)
        where.add(`${field('at')} >= ?`, from);
    if (to !== undefined)
        where.add(`${field('at')} < ?`, to);
    return where;
}
function entriesOf(rows) {
    return rows.map(({ entry }) => (0, audit_entry_1.readEntry)(entry));
}
function callEndedBy(entry) {
    try {
        const { event, call_id: callId } = (0, audit_entry_1.readEntry)(entry);
        return event === 'outcome' ? callId : null;
    }
    catch {
        return null;
    }
}
