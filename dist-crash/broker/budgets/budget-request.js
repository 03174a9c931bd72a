"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.parseBudgetSubject = parseBudgetSubject;
exports.parseBudgetRequest = parseBudgetRequest;
const label_rule_1 = require("../keys/label-rule");
const known_fields_1 = require("../known-fields");
const usd_1 = require("../money/usd");
const budget_1 = require("./budget");
const MAX_ID = 128;
/** Within what the ids of a scope are counted; the rest stand alone. */
const WITHIN = {
    tenant: [],
    user: ['tenant_id'],
    run: ['tenant_id', 'user_id'],
    tool: [],
    vendor: [],
};
/** Reads whom a budget is over, without coercing anything. */
function parseBudgetSubject(path, vendors) {
    const { id } = path;
    const scope = budget_1.BUDGET_SCOPES.find((each) => each === path.scope);
    if (scope === undefined) {
        return { faults: [{ field: 'scope', message: `must be one of ${budget_1.BUDGET_SCOPES.join(', ')}` }] };
    }
    const faults = [];
    const idFault = (0, label_rule_1.labelFault)(id, MAX_ID);
    if (idFault !== undefined)
        faults.push({ field: 'id', message: idFault });
    else if (scope === 'vendor' && id !== budget_1.ANY_ID && !vendors.has(id)) {
        faults.push({
            field: 'id',
            message: `must be one of the configured vendors: ${[...vendors].join(', ')}`,
        });
    }
    const within = { tenant_id: '', user_id: '' };
    for (const field of ['tenant_id', 'user_id']) {
        const value = path[field];
        if (value === undefined)
            continue;
        const message = WITHIN[scope].includes(field)
            ? (0, label_rule_1.labelFault)(value, MAX_ID)
            : `does not go with the scope ${scope}`;
        if (message === undefined)
            within[field] = value;
        else
            faults.push({ field, message });
    }
    if (faults.length > 0)
        return { faults };
    return { subject: { scope, tenant: within.tenant_id, user: within.user_id, id } };
}
/** Reads the body of `PUT /v1/budgets/{scope}/{id}`. */
function parseBudgetRequest(scope, id, body, vendors) {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
        return { faults: [{ field: '', message: 'the body must be a JSON object' }] };
    }
    const { daily_usd_cap: cap, tenant_id, user_id } = body;
    const parsed = parseBudgetSubject({ scope, id, tenant_id, user_id }, vendors);
    const message = (0, usd_1.capFault)(cap);
    const faults = [
        ...(0, known_fields_1.unknownFields)(body, ['daily_usd_cap', 'tenant_id', 'user_id']),
        ...('faults' in parsed ? parsed.faults : []),
        ...(message === undefined ? [] : [{ field: 'daily_usd_cap', message }]),
    ];
    if (faults.length > 0 || 'faults' in parsed)
        return { faults };
    return { budget: { ...parsed.subject, capMicros: (0, usd_1.capToMicros)(cap) } };
}
