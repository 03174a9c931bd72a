"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.leaseRoutes = leaseRoutes;
const json_body_1 = require("../json-body");
const route_1 = require("../route");
function leaseRoutes(broker) {
    return [
        {
            method: 'POST',
            path: /^\/v1\/leases$/,
            handle: async ({ req }) => ({
                status: 201,
                body: await broker.beginLease(await (0, json_body_1.readJson)(req)),
            }),
        },
        {
            method: 'POST',
            path: new RegExp(`^/v1/leases/${route_1.ID}/renew$`),
            handle: async ({ req, params: [id = ''] }) => {
                await (0, json_body_1.readNoFields)(req);
                return { status: 200, body: await broker.renewLease(id) };
            },
        },
        {
            method: 'DELETE',
            path: new RegExp(`^/v1/leases/${route_1.ID}$`),
            handle: async ({ params: [id = ''] }) => ({ status: 200, body: await broker.endLease(id) }),
        },
    ];
}
