"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.parseLeaseRequest = parseLeaseRequest;
exports.leaseView = leaseView;
const known_fields_1 = require("../known-fields");
const MAX_TTL_SECONDS = 86_400;
/** Reads the body of `POST /v1/leases`: how long a lease lasts after each renewal. */
function parseLeaseRequest(body) {
    const { ttl_seconds: ttl, ...others } = (0, known_fields_1.fieldsOf)(body);
    const faults = (0, known_fields_1.unknownFields)(others, ['ttl_seconds']);
    if (typeof ttl !== 'number' || !Number.isInteger(ttl) || ttl < 1 || ttl > MAX_TTL_SECONDS) {
        const message = `must be a whole number of seconds from 1 to ${MAX_TTL_SECONDS}`;
        faults.push({ field: 'ttl_seconds', message });
    }
    if (faults.length > 0)
        return { faults };
    return { ttlMs: ttl * 1_000 };
}
function leaseView(lease) {
    return {
        id: lease.id,
        ttl_seconds: lease.ttlMs / 1_000,
        expires_at: new Date(lease.expiresAt).toISOString(),
    };
}
