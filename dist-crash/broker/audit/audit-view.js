"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.auditEntryView = auditEntryView;
const usd_1 = require("../money/usd");
function auditEntryView({ row, outcome }) {
    const last = outcome ?? row;
    const { event } = row;
    const subject = {};
    for (const field of ['tenant_id', 'user_id', 'run_id', 'tool']) {
        const value = row[field];
        if (value !== null)
            subject[field] = value;
    }
    return {
        seq: row.seq,
        outcome_seq: outcome?.seq ?? null,
        at: row.at,
        ended_at: outcome?.at ?? null,
        event: event === 'intent' || event === 'outcome' ? 'call' : event,
        call_id: row.call_id,
        key_id: row.key_id,
        label: row.label,
        subject,
        vendor: row.vendor,
        method: row.method,
        path: row.path,
        verdict: last.verdict,
        reason: last.reason,
        requested_usd: usdOf(row.requested_micros),
        settled_usd: usdOf(last.settled_micros),
        amount: last.amount,
        currency: last.currency,
        cap_usd: usdOf(last.cap_micros),
        spent_usd: usdOf(last.spent_after_micros),
        held_usd: usdOf(last.held_after_micros),
        remaining_usd: usdOf(last.remaining_after_micros),
        idempotency_key_hash: row.idempotency_key_hash,
        vendor_status: last.vendor_status,
        vendor_request_id: last.vendor_request_id,
        latency_ms: last.latency_ms,
        remote_address: row.remote_address,
        count: row.count ?? 1,
    };
}
function usdOf(micros) {
    return micros === null ? null : (0, usd_1.toUsd)(micros);
}
