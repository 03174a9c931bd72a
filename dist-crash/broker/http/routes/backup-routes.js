"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.backupRoutes = backupRoutes;
function backupRoutes(broker) {
    return [
        {
            method: 'GET',
            path: /^\/v1\/backup$/,
            handle: async () => ({ status: 200, ...(await broker.copy()) }),
        },
    ];
}
