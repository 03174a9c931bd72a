"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.BRAKE_SCOPES = void 0;
exports.brakeOver = brakeOver;
/** What a brake stops. */
exports.BRAKE_SCOPES = ['tenant', 'user', 'run', 'tool', 'vendor', 'key', 'all'];
/** The first standing brake over a subject. */
function brakeOver(brakes, subject, now) {
    for (const brake of brakes) {
        if (brake.expiresAt !== undefined && brake.expiresAt <= now)
            continue;
        if (stops(brake, subject))
            return brake;
    }
    return undefined;
}
function stops(brake, { keyIds = [], vendor, subject }) {
    if (brake.tenant !== undefined && brake.tenant !== subject.tenant_id)
        return false;
    switch (brake.scope) {
        case 'all':
            return true;
        case 'key':
            return keyIds.includes(brake.target);
        case 'vendor':
            return brake.target === vendor;
        case 'tenant':
            return brake.target === subject.tenant_id;
        case 'user':
            return brake.target === subject.user_id;
        case 'run':
            return brake.target === subject.run_id;
        case 'tool':
            return brake.target === subject.tool;
    }
}
