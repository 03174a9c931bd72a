"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.budgetRoutes = budgetRoutes;
const refusal_1 = require("../../refusal");
const json_body_1 = require("../json-body");
const list_query_1 = require("../list-query");
const ALL = /^\/v1\/budgets$/;
const ONE = /^\/v1\/budgets\/([^/]+)\/([^/]+)$/;
const SEGMENT = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+$/;
function budgetRoutes(broker) {
    return [
        {
            method: 'GET',
            path: ALL,
            handle: async () => ({ status: 200, body: await broker.budgets() }),
        },
        {
            method: 'PUT',
            path: ONE,
            handle: async ({ req, params: [scope = '', id = ''], remoteAddress }) => ({
                status: 200,
                body: await broker.putBudget(decoded(scope), decoded(id), await (0, json_body_1.readJson)(req), remoteAddress),
            }),
        },
        {
            method: 'GET',
            path: ONE,
            takesQuery: true,
            handle: async (request) => ({ status: 200, body: await broker.budget(pathOf(request)) }),
        },
        {
            method: 'DELETE',
            path: ONE,
            takesQuery: true,
            handle: async (request) => ({
                status: 200,
                body: await broker.deleteBudget(pathOf(request), request.remoteAddress),
            }),
        },
    ];
}
function pathOf({ params: [scope = '', id = ''], query }) {
    return {
        scope: decoded(scope),
        id: decoded(id),
        ...(0, list_query_1.readQuery)(query, { tenant_id: list_query_1.anyText, user_id: list_query_1.anyText }),
    };
}
/** A segment's text; an id may hold anything, so it is read in one way only. */
function decoded(segment) {
    try {
        if (SEGMENT.test(segment))
            return decodeURIComponent(segment);
    }
    catch {
        // It is not UTF-8.
    }
    throw new refusal_1.BrokerRefusal(400, 'invalid_request', 'The path must be percent-encoded UTF-8, and nothing in it raw that must be encoded.');
}
