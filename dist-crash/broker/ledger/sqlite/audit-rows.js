"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.auditOfCap = auditOfCap;
exports.operatorRow = operatorRow;
exports.auditOfHold = auditOfHold;
exports.auditOfSubject = auditOfSubject;
const audit_entry_1 = require("../../audit/audit-entry");
const instant_1 = require("../../instant");
const decide_1 = require("../decide");
/** What a row says of a cap and of the balance under it. */
function auditOfCap(cap) {
    const { capMicros, balance } = cap;
    return {
        cap_micros: capMicros,
        spent_after_micros: balance.spent,
        held_after_micros: balance.held,
        remaining_after_micros: (0, decide_1.remainingOf)(cap),
    };
}
/** A row about what an operator did. */
function operatorRow(event, now, remoteAddress) {
    return { at: (0, instant_1.instantText)(now), event, remote_address: remoteAddress ?? null };
}
/**
 * A row about a hold, under the key that it is charged to. Its `call_id` is that of the call which
 * took the hold: on that call's day the money counts.
 */
function auditOfHold(event, now, hold, key, remoteAddress) {
    const about = key === undefined
        ? {
            at: (0, instant_1.instantText)(now),
            event,
            key_id: hold.keyId,
            vendor: hold.vendor,
            remote_address: remoteAddress ?? null,
        }
        : (0, audit_entry_1.auditRowOf)(event, now, key, remoteAddress);
    return { ...about, call_id: hold.callId, idempotency_key_hash: hold.idempotencyKeyHash };
}
/** The columns that name the subject of a budget. */
function auditOfSubject({ scope, tenant, user, id }) {
    const named = {
        tenant: 'tenant_id',
        user: 'user_id',
        run: 'run_id',
        tool: 'tool',
        vendor: 'vendor',
    };
    return {
        tenant_id: tenant === '' ? null : tenant,
        user_id: user === '' ? null : user,
        [named[scope]]: id,
    };
}
