"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.holdView = holdView;
const usd_1 = require("../money/usd");
function holdView(hold) {
    return {
        id: hold.callId,
        key_id: hold.keyId,
        vendor: hold.vendor,
        ...(hold.account === '' ? {} : { account: hold.account }),
        object_id: hold.objectId,
        state: hold.state,
        held_usd: (0, usd_1.toUsd)(hold.heldMicros),
        settled_usd: (0, usd_1.toUsd)(hold.settledMicros),
        idempotency_key_hash: hold.idempotencyKeyHash,
        created_at: new Date(hold.createdAt).toISOString(),
        ended_at: hold.endedAt === null ? null : new Date(hold.endedAt).toISOString(),
    };
}
