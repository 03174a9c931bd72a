"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.isLive = isLive;
exports.statusOf = statusOf;
exports.viewOf = viewOf;
exports.usdOf = usdOf;
const usd_1 = require("../money/usd");
/** Whether a key still serves calls, so long as no brake stops it. */
function isLive(key, now) {
    return (key.revokedAt === undefined &&
        key.expiresAt > now &&
        (key.lease === undefined || key.lease.expiresAt > now));
}
function statusOf({ key, braked }, now) {
    if (key.revokedAt !== undefined)
        return 'revoked';
    if (!isLive(key, now))
        return 'expired';
    return braked ? 'braked' : 'active';
}
function viewOf(found, now) {
    const { key, balance } = found;
    return {
        id: key.id,
        label: key.label,
        vendor: key.vendor,
        daily_usd_cap: (0, usd_1.toUsd)(key.capMicros),
        allowed_endpoints: key.allowedEndpoints,
        subject: key.subject,
        ...(key.parentId === undefined ? {} : { parent_id: key.parentId }),
        ...(key.lease === undefined ? {} : { lease_id: key.lease.id }),
        ...(Object.keys(key.budgets).length === 0 ? {} : { budgets: usdOf(key.budgets) }),
        status: statusOf(found, now),
        created_at: new Date(key.createdAt).toISOString(),
        expires_at: new Date(key.expiresAt).toISOString(),
        ...(key.revokedAt === undefined ? {} : { revoked_at: new Date(key.revokedAt).toISOString() }),
        spent_usd: (0, usd_1.toUsd)(balance.spent),
        held_usd: (0, usd_1.toUsd)(balance.held),
        remaining_usd: (0, usd_1.toUsd)(key.capMicros - balance.spent - balance.held),
    };
}
/** The application's own daily caps as the management API shows them. */
function usdOf(budgets) {
    return Object.fromEntries(Object.entries(budgets).map(([scope, micros]) => [scope, (0, usd_1.toUsd)(micros)]));
}
