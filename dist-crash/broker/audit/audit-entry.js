"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.AUDIT_COLUMNS = void 0;
exports.auditRowOf = auditRowOf;
exports.writeEntry = writeEntry;
exports.readEntry = readEntry;
const instant_1 = require("../instant");
/** The columns in the order in which they are stored. */
exports.AUDIT_COLUMNS = [
    'at',
    'event',
    'call_id',
    'key_id',
    'label',
    'tenant_id',
    'user_id',
    'run_id',
    'tool',
    'vendor',
    'method',
    'path',
    'verdict',
    'reason',
    'requested_micros',
    'settled_micros',
    'amount',
    'currency',
    'spent_after_micros',
    'held_after_micros',
    'remaining_after_micros',
    'cap_micros',
    'idempotency_key_hash',
    'vendor_status',
    'vendor_request_id',
    'latency_ms',
    'remote_address',
    'count',
];
/** A row about a key. */
function auditRowOf(event, now, key, remoteAddress) {
    return {
        at: (0, instant_1.instantText)(now),
        event,
        key_id: key.id,
        label: key.label,
        vendor: key.vendor,
        cap_micros: key.capMicros,
        ...key.subject,
        remote_address: remoteAddress ?? null,
    };
}
/**
 * A row as it is stored and chained: a JSON array of its number and {@link AUDIT_COLUMNS}.
 *
 * @param more Stands in place of what the row says.
 */
function writeEntry(seq, row, more = {}) {
    const fields = [seq];
    for (const column of exports.AUDIT_COLUMNS) {
        const value = more[column];
        fields.push((value === undefined ? row[column] : value) ?? null);
    }
    return JSON.stringify(fields);
}
/** Reads what {@link writeEntry} wrote. */
function readEntry(text) {
    const [seq, ...fields] = JSON.parse(text);
    const entry = { seq };
    exports.AUDIT_COLUMNS.forEach((column, i) => (entry[column] = fields[i] ?? null));
    return entry;
}
