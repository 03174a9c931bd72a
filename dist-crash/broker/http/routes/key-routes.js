"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.keyRoutes = keyRoutes;
exports.currentKeyRoute = currentKeyRoute;
const request_headers_1 = require("../../forwarding/request-headers");
const json_body_1 = require("../json-body");
const list_query_1 = require("../list-query");
const route_1 = require("../route");
const STATUSES = ['active', 'expired', 'revoked', 'braked'];
const ONE = new RegExp(`^/v1/keys/${route_1.ID}$`);
function keyRoutes(broker) {
    return [
        {
            method: 'POST',
            path: /^\/v1\/keys$/,
            takesQuery: true,
            handle: async ({ req, remoteAddress }) => ({
                status: 201,
                body: await broker.issue(await (0, json_body_1.readJson)(req), remoteAddress),
            }),
        },
        {
            method: 'GET',
            path: /^\/v1\/keys$/,
            takesQuery: true,
            handle: async ({ query }) => {
                const { filter, limit, cursor } = (0, list_query_1.readListQuery)(query, {
                    status: (0, list_query_1.oneOf)(STATUSES),
                    vendor: list_query_1.anyText,
                    tenant_id: list_query_1.anyText,
                    user_id: list_query_1.anyText,
                    run_id: list_query_1.anyText,
                    tool: list_query_1.anyText,
                });
                const { status, ...rest } = filter;
                return {
                    status: 200,
                    body: await broker.keys({ ...rest, ...(status === undefined ? {} : { status: status }) }, limit, cursor),
                };
            },
        },
        {
            method: 'POST',
            path: /^\/v1\/keys\/revoke$/,
            handle: async ({ req, remoteAddress }) => ({
                status: 200,
                body: await broker.revokeAll(await (0, json_body_1.readJson)(req), remoteAddress),
            }),
        },
        {
            method: 'GET',
            path: ONE,
            handle: async ({ params: [id = ''] }) => ({ status: 200, body: await broker.key(id) }),
        },
        {
            method: 'DELETE',
            path: ONE,
            takesQuery: true,
            handle: async ({ params: [id = ''], remoteAddress }) => ({
                status: 200,
                body: await broker.revoke(id, remoteAddress),
            }),
        },
    ];
}
/** The one call whose bearer is a vault key. */
function currentKeyRoute(broker) {
    return {
        method: 'GET',
        path: /^\/v1\/keys\/current$/,
        handle: async ({ req }) => {
            const sent = req.headersDistinct['authorization'];
            // Of two, no one can say which is meant.
            const token = sent?.length === 1 ? (0, request_headers_1.bearerToken)(sent[0]) : undefined;
            return {
                status: 200,
                body: await broker.currentKey(sent === undefined ? undefined : (token ?? '')),
            };
        },
    };
}
