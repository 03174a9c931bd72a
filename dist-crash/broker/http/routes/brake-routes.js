"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.brakeRoutes = brakeRoutes;
const json_body_1 = require("../json-body");
const route_1 = require("../route");
function brakeRoutes(broker) {
    return [
        {
            method: 'POST',
            path: /^\/v1\/brakes$/,
            handle: async ({ req, remoteAddress }) => ({
                status: 201,
                body: await broker.brake(await (0, json_body_1.readJson)(req), remoteAddress),
            }),
        },
        {
            method: 'GET',
            path: /^\/v1\/brakes$/,
            handle: async () => ({ status: 200, body: await broker.brakes() }),
        },
        {
            method: 'DELETE',
            path: new RegExp(`^/v1/brakes/${route_1.ID}$`),
            handle: async ({ params: [id = ''], remoteAddress }) => ({
                status: 200,
                body: await broker.lift(id, remoteAddress),
            }),
        },
    ];
}
