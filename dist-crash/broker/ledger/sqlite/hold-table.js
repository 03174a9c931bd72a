"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.HoldTable = void 0;
const conditions_1 = require("./conditions");
const rows_1 = require("./rows");
const HOLD_COLUMNS = [
    'call_id',
    'key_id',
    'vendor',
    'account',
    'object_id',
    'held',
    'settled',
    'state',
    'charged_to',
    'created_at',
    'ended_at',
    'idempotency_key_hash',
];
/** Money: balances, the holds that stand in them, and what is known of the vendor's objects. */
class HoldTable {
    connection;
    #holds;
    #balances;
    #objects;
    /** How many holds have no end yet, and what this transaction has changed of that. */
    #open = { held: 0, unknown: 0 };
    #opened = { held: 0, unknown: 0 };
    #sql;
    constructor(connection) {
        this.connection = connection;
        const prepare = (sql) => connection.prepare(sql);
        this.#holds = new rows_1.Rows(connection, {
            table: 'holds',
            columns: HOLD_COLUMNS,
            keyColumns: 1,
            changing: ['object_id', 'settled', 'state', 'ended_at'],
            keyOf: ({ callId }) => callId,
            valuesOf: valuesOfHold,
            rowOf: holdOf,
        });
        this.#balances = new rows_1.Rows(connection, {
            table: 'balances',
            columns: ['name', 'spent', 'held'],
            keyColumns: 1,
            changing: ['spent', 'held'],
            keyOf: ({ name }) => name,
            valuesOf: ({ name, spent, held }) => [name, spent, held],
            rowOf: ([name, spent, held]) => ({
                name: name,
                spent: spent,
                held: held,
            }),
        });
        this.#objects = new rows_1.Rows(connection, {
            table: 'objects',
            columns: ['vendor', 'account', 'id', 'root_id', 'amount', 'currency', 'final'],
            keyColumns: 3,
            changing: ['amount', 'currency', 'final'],
            keyOf: ({ vendor, account, id }) => objectName(vendor, account, id),
            valuesOf: ({ vendor, account, id, rootId, amount, currency, isFinal }) => [
                vendor,
                account,
                id,
                rootId,
                amount,
                currency,
                isFinal ? 1 : 0,
            ],
            rowOf: ([vendor, account, id, rootId, amount, currency, final]) => ({
                vendor: vendor,
                account: account,
                id: id,
                rootId: rootId,
                amount: amount,
                currency: currency,
                isFinal: final === 1,
            }),
        });
        const settled = "vendor = ? AND account = ? AND object_id = ? AND state = 'settled'";
        this.#sql = {
            markAllUnknown: prepare("UPDATE holds SET state = 'unknown' WHERE state = 'held'"),
            settled: prepare(`SELECT * FROM holds WHERE ${settled} ORDER BY rowid DESC`),
            open: prepare("SELECT state, COUNT(*) AS count FROM holds WHERE state IN ('held', 'unknown') GROUP BY state"),
            exposure: prepare(`SELECT COALESCE(SUM(settled), 0) AS micros FROM holds WHERE ${settled}`),
            isTouched: prepare(`SELECT EXISTS (SELECT 1 FROM holds WHERE vendor = ? AND account = ? AND object_id = ?
           AND call_id <> ? AND (state IN ('held', 'unknown')
             OR rowid > (SELECT rowid FROM holds WHERE call_id = ?))) AS found`),
        };
    }
    get rows() {
        return [this.#holds, this.#balances, this.#objects];
    }
    balance(name) {
        const row = this.#balances.get(name, [name]);
        return { spent: row?.spent ?? 0, held: row?.held ?? 0 };
    }
    /** Opens a balance; one that exists stays as it is. */
    openBalance(name) {
        if (this.#balances.get(name, [name]) === undefined) {
            this.#balances.put({ name, spent: 0, held: 0 });
        }
    }
    insert(hold) {
        this.#holds.put({
            callId: hold.callId,
            keyId: hold.keyId,
            vendor: hold.vendor,
            account: hold.account,
            objectId: hold.rootId,
            heldMicros: hold.micros,
            settledMicros: 0,
            state: 'held',
            chargedTo: hold.chargedTo,
            chargedToText: JSON.stringify(hold.chargedTo),
            idempotencyKeyHash: hold.idempotencyKeyHash,
            createdAt: hold.now,
            endedAt: null,
        });
        this.#charge(hold.chargedTo, 0, hold.micros);
        this.#count('held', 1);
    }
    get(callId) {
        return this.#holds.get(callId, [callId]);
    }
    /** Ends a hold that is open: what it held is spent by `settledMicros`, or not at all. */
    end(hold, state, settledMicros, rootId, now) {
        this.#holds.put({ ...hold, state, settledMicros, objectId: rootId, endedAt: now });
        this.#charge(hold.chargedTo, settledMicros, -hold.heldMicros);
        this.#count(hold.state, -1);
    }
    /** Raises what a settled hold has spent. */
    raise(hold, micros) {
        this.#holds.put({ ...hold, settledMicros: hold.settledMicros + micros });
        this.#charge(hold.chargedTo, micros, 0);
    }
    /** Names the object that a hold was for. */
    link(hold, rootId) {
        this.#holds.put({ ...hold, objectId: rootId });
    }
    markUnknown(hold) {
        this.#holds.put({ ...hold, state: 'unknown' });
        this.#count(hold.state, -1);
        this.#count('unknown', 1);
    }
    /** What was in flight when its process died: nobody knows what became of it. To be done before anything else. */
    markAllUnknown() {
        this.#sql.markAllUnknown.run();
        this.#open.held = 0;
        this.#open.unknown = 0;
        for (const row of this.#sql.open.all()) {
            this.#open[row.state] = row.count;
        }
    }
    /**
     * Lowers an object's exposure to `finalMicros`, the newest holds first, where each was charged.
     *
     * @returns What each hold gave back.
     */
    giveBack(vendor, account, rootId, finalMicros) {
        const given = [];
        let excess = this.exposure(vendor, account, rootId) - finalMicros;
        if (excess <= 0)
            return given;
        for (const found of this.#sql.settled.all(vendor, account, rootId)) {
            const hold = this.#holds.remember(found);
            const back = Math.min(excess, hold.settledMicros);
            if (back <= 0)
                continue;
            this.#holds.put({ ...hold, settledMicros: hold.settledMicros - back });
            this.#charge(hold.chargedTo, -back, 0);
            excess -= back;
            given.push({ hold, micros: back });
        }
        return given;
    }
    /** How many holds have no end yet, by state. */
    get openCounts() {
        return { ...this.#open };
    }
    committed() {
        this.#open.held += this.#opened.held;
        this.#open.unknown += this.#opened.unknown;
        this.#opened = { held: 0, unknown: 0 };
    }
    rolledBack() {
        this.#opened = { held: 0, unknown: 0 };
    }
    /** What an object may cost, by what is settled of it. */
    exposure(vendor, account, rootId) {
        this.#holds.write();
        const row = this.#sql.exposure.get(vendor, account, rootId);
        return row.micros;
    }
    object(vendor, account, id) {
        const row = this.#object(vendor, account, id);
        if (row === undefined)
            return undefined;
        return {
            amount: row.amount,
            currency: row.currency,
            exposureMicros: this.exposure(vendor, account, row.rootId),
            isFinal: row.isFinal,
        };
    }
    /** The id under which an object's money is counted. */
    rootOf(vendor, account, id) {
        return this.#object(vendor, account, id)?.rootId ?? id;
    }
    /** Whether any other call on an object is under way, or has begun since a call did. */
    isTouched(vendor, account, rootId, callId) {
        this.#holds.write();
        const row = this.#sql.isTouched.get(vendor, account, rootId, callId, callId);
        return row.found === 1;
    }
    /** What an answer says of an object; a lower amount than was known counts only where it may. */
    learn(vendor, account, object, mayLower) {
        const { currency } = object;
        const itself = this.#object(vendor, account, object.id);
        const rootId = itself?.rootId ?? object.id;
        for (const id of [object.id, ...object.aliases]) {
            const known = id === object.id ? itself : this.#object(vendor, account, id);
            const keeps = !mayLower && known?.currency === currency;
            const amount = keeps ? Math.max(known.amount, object.amount) : object.amount;
            this.#objects.put({
                vendor,
                account,
                id,
                rootId: known?.rootId ?? rootId,
                amount,
                currency,
                isFinal: object.isFinal === true || known?.isFinal === true,
            });
        }
    }
    /**
     * Newest first. To be asked once all rows are written.
     *
     * @param stranded The ids of holds that are `held` while no call is under way on them: they are
     * listed with those that are `unknown`, since they can be ended like them.
     */
    page(filter, { limit, cursor }, stranded = []) {
        const where = new conditions_1.Conditions();
        if (filter.state === 'unknown' && stranded.length > 0) {
            where.add("(state = 'unknown' OR call_id IN (SELECT value FROM json_each(?)))", JSON.stringify(stranded));
        }
        else {
            where.equals('state', filter.state);
        }
        where.equals('vendor', filter.vendor);
        where.equals('key_id', filter.key_id);
        if (cursor !== undefined)
            where.add('rowid < ?', Number(cursor));
        const rows = this.connection
            .prepare(`SELECT *, rowid AS position FROM holds ${where.sql} ORDER BY rowid DESC LIMIT ?`)
            .all(...where.values, limit);
        return rows.map((row) => ({
            ...holdOf(HOLD_COLUMNS.map((name) => row[name] ?? null)),
            position: row['position'],
        }));
    }
    #object(vendor, account, id) {
        return this.#objects.get(objectName(vendor, account, id), [vendor, account, id]);
    }
    #count(state, by) {
        if (state === 'held' || state === 'unknown')
            this.#opened[state] += by;
    }
    #charge(names, spent, held) {
        for (const name of names) {
            const balance = this.balance(name);
            this.#balances.put({ name, spent: balance.spent + spent, held: balance.held + held });
        }
    }
}
exports.HoldTable = HoldTable;
function objectName(vendor, account, id) {
    return `${vendor}/${account}/${id}`;
}
function valuesOfHold(hold) {
    return [
        hold.callId,
        hold.keyId,
        hold.vendor,
        hold.account,
        hold.objectId,
        hold.heldMicros,
        hold.settledMicros,
        hold.state,
        hold.chargedToText,
        hold.createdAt,
        hold.endedAt,
        hold.idempotencyKeyHash,
    ];
}
function holdOf(values) {
    const [callId, keyId, vendor, account, objectId, held, settled, state, ...rest] = values;
    const [chargedTo, createdAt, endedAt, idempotencyKeyHash] = rest;
    return {
        callId: callId,
        keyId: keyId,
        vendor: vendor,
        account: account,
        objectId: objectId,
        heldMicros: held,
        settledMicros: settled,
        state: state,
        chargedTo: JSON.parse(chargedTo),
        chargedToText: chargedTo,
        idempotencyKeyHash: idempotencyKeyHash,
        createdAt: createdAt,
        endedAt: endedAt,
    };
}
