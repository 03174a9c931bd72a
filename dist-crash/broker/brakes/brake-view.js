"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.brakeView = brakeView;
function brakeView(brake) {
    return {
        id: brake.id,
        scope: brake.scope,
        ...(brake.scope === 'all' ? {} : { target: brake.target }),
        ...(brake.tenant === undefined ? {} : { tenant_id: brake.tenant }),
        reason: brake.reason,
        created_at: new Date(brake.createdAt).toISOString(),
        ...(brake.expiresAt === undefined
            ? {}
            : { expires_at: new Date(brake.expiresAt).toISOString() }),
        hit: brake.hit ?? null,
    };
}
