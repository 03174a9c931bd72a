"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.holdRoutes = holdRoutes;
const json_body_1 = require("../json-body");
const list_query_1 = require("../list-query");
const route_1 = require("../route");
const STATES = ['held', 'settled', 'released', 'unknown'];
function holdRoutes(broker) {
    return [
        {
            method: 'GET',
            path: /^\/v1\/holds$/,
            takesQuery: true,
            handle: async ({ query }) => {
                const { filter, limit, cursor } = (0, list_query_1.readListQuery)(query, {
                    state: (0, list_query_1.oneOf)(STATES),
                    vendor: list_query_1.anyText,
                    key_id: list_query_1.anyText,
                });
                const { state, ...rest } = filter;
                return {
                    status: 200,
                    body: await broker.holds({ ...rest, ...(state === undefined ? {} : { state: state }) }, limit, cursor),
                };
            },
        },
        {
            method: 'POST',
            path: new RegExp(`^/v1/holds/${route_1.ID}/settle$`),
            handle: async ({ req, params: [id = ''], remoteAddress }) => ({
                status: 200,
                body: await broker.settleHold(id, await (0, json_body_1.readJson)(req), remoteAddress),
            }),
        },
        {
            method: 'POST',
            path: new RegExp(`^/v1/holds/${route_1.ID}/release$`),
            handle: async ({ req, params: [id = ''], remoteAddress }) => {
                await (0, json_body_1.readNoFields)(req);
                return { status: 200, body: await broker.releaseHold(id, remoteAddress) };
            },
        },
    ];
}
