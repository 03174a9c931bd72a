"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.OperationTable = void 0;
const rows_1 = require("./rows");
/** What is known of each `Idempotency-Key`, by vendor and the key's hash. */
class OperationTable {
    connection;
    rows;
    constructor(connection) {
        this.connection = connection;
        const changing = [
            'fingerprint',
            'hold_id',
            'first_sent_at',
            'in_flight',
            'dearest',
            'ended_at',
        ];
        this.rows = new rows_1.Rows(connection, {
            table: 'operations',
            columns: ['vendor', 'idempotency_key_hash', ...changing],
            keyColumns: 2,
            changing,
            keyOf: ({ vendor, keyHash }) => nameOf(vendor, keyHash),
            valuesOf,
            rowOf,
        });
    }
    /** What was in flight when its process died is in flight no more. To be done before anything else. */
    forgetFlights() {
        this.connection.exec('UPDATE operations SET in_flight = 0, dearest = NULL WHERE in_flight > 0');
    }
    /** Those with a call in flight. To be asked once all rows are written. */
    inFlight() {
        const found = this.connection
            .prepare('SELECT * FROM operations WHERE in_flight > 0')
            .all();
        return found.map((row) => this.rows.remember(row));
    }
    get(vendor, keyHash) {
        return this.rows.get(nameOf(vendor, keyHash), [vendor, keyHash])?.operation;
    }
    put(vendor, keyHash, operation) {
        this.rows.put({ vendor, keyHash, operation });
    }
}
exports.OperationTable = OperationTable;
function nameOf(vendor, keyHash) {
    return `${vendor}/${keyHash}`;
}
function valuesOf({ vendor, keyHash, operation }) {
    return [
        vendor,
        keyHash,
        operation.fingerprint,
        operation.holdId ?? null,
        operation.firstSentAt,
        operation.inFlight,
        operation.dearest === undefined ? null : JSON.stringify(operation.dearest),
        operation.endedAt ?? null,
    ];
}
function rowOf(values) {
    const [vendor, keyHash, fingerprint, holdId, firstSentAt, inFlight, dearest, endedAt] = values;
    return {
        vendor: vendor,
        keyHash: keyHash,
        operation: {
            fingerprint: fingerprint,
            ...(holdId === null ? {} : { holdId: holdId }),
            firstSentAt: firstSentAt,
            inFlight: inFlight,
            ...(dearest === null ? {} : { dearest: JSON.parse(dearest) }),
            ...(endedAt === null ? {} : { endedAt: endedAt }),
        },
    };
}
