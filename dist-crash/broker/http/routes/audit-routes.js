"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.auditRoutes = auditRoutes;
const list_query_1 = require("../list-query");
const EVENTS = [
    'call',
    'refusal',
    'issue',
    'revoke',
    'brake',
    'lift',
    'budget',
    'settlement',
    'give_back',
];
const STREAM_PAGE = 250;
const FILTERS = {
    event: (0, list_query_1.oneOf)(EVENTS),
    call_id: list_query_1.anyText,
    key_id: list_query_1.anyText,
    vendor: list_query_1.anyText,
    tenant_id: list_query_1.anyText,
    user_id: list_query_1.anyText,
    run_id: list_query_1.anyText,
    tool: list_query_1.anyText,
    verdict: list_query_1.anyText,
    from: instantFault,
    to: instantFault,
};
function auditRoutes(broker) {
    return [
        {
            method: 'GET',
            path: /^\/v1\/audit$/,
            takesQuery: true,
            handle: (request) => list(broker, request),
        },
        {
            method: 'GET',
            path: /^\/v1\/audit\/verify$/,
            takesQuery: true,
            handle: async ({ query }) => {
                const { head } = (0, list_query_1.readQuery)(query, { head: headFault });
                return { status: 200, body: await broker.verifyAudit(head) };
            },
        },
    ];
}
async function list(broker, { req, query }) {
    if (wantsLines(req.headers.accept)) {
        const filter = filterOf((0, list_query_1.readQuery)(query, FILTERS));
        return { status: 200, lines: everyEntry(broker, filter) };
    }
    const { filter, limit, cursor } = (0, list_query_1.readListQuery)(query, FILTERS);
    return { status: 200, body: await broker.audit(filterOf(filter), limit, cursor) };
}
async function* everyEntry(broker, filter) {
    let cursor;
    do {
        const page = await broker.audit(filter, STREAM_PAGE, cursor);
        yield* page.entries;
        cursor = page.cursor;
    } while (cursor !== undefined);
}
function wantsLines(accept) {
    return /(?:^|,)\s*application\/x-ndjson\s*(?:$|[,;])/i.test(accept ?? '');
}
/** Instants are compared as texts, so they are brought to the one form in which they are stored. */
function filterOf({ from, to, ...equal }) {
    return {
        ...equal,
        ...(from === undefined ? {} : { from: new Date(from).toISOString() }),
        ...(to === undefined ? {} : { to: new Date(to).toISOString() }),
    };
}
function instantFault(text) {
    const form = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z)?$/;
    return form.test(text) && !Number.isNaN(Date.parse(text))
        ? undefined
        : 'must be a UTC instant, such as 2026-11-23T10:00:00Z, or a day';
}
function headFault(head) {
    // An empty one, from a variable that was never set, must not pass for a check.
    return /^[0-9a-f]{64}$/.test(head) ? undefined : 'must be the head of an earlier answer';
}
