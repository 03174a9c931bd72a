"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.parseIssueRequest = parseIssueRequest;
const budget_1 = require("../budgets/budget");
const pattern_1 = require("../endpoints/pattern");
const known_fields_1 = require("../known-fields");
const usd_1 = require("../money/usd");
const expires_in_1 = require("./expires-in");
const label_rule_1 = require("./label-rule");
const LINKS = [
    ['parent_id', 'parentId', 'key'],
    ['lease_id', 'leaseId', 'lease'],
];
const SUBJECT_FIELDS = ['tenant_id', 'user_id', 'run_id', 'tool'];
const MAX_PATTERNS = 100;
/**
 * Reads the body of `POST /v1/keys`. Nothing is coerced, and nothing missing, empty or `null` ever
 * means "unlimited" or "all". Fields that nobody knows are passed over at the top, as Keybrake does,
 * and are faults in `subject` and `budgets`.
 *
 * @param prefixes Each configured vendor's path prefix, by the vendor's name.
 */
function parseIssueRequest(body, prefixes) {
    if (!isRecord(body)) {
        return { faults: [{ field: '', message: 'the body must be a JSON object' }], links: {} };
    }
    const faults = [];
    const fault = (field, message) => {
        if (message !== undefined)
            faults.push({ field, message });
    };
    fault('label', (0, label_rule_1.labelFault)(body['label'], 200));
    const vendor = body['vendor'];
    const prefix = typeof vendor === 'string' ? prefixes.get(vendor) : undefined;
    if (prefix === undefined) {
        fault('vendor', `must be one of the configured vendors: ${[...prefixes.keys()].join(', ')}`);
    }
    const cap = body['daily_usd_cap'];
    fault('daily_usd_cap', (0, usd_1.capFault)(cap));
    const endpoints = body['allowed_endpoints'];
    if (!Array.isArray(endpoints) || endpoints.length < 1 || endpoints.length > MAX_PATTERNS) {
        fault('allowed_endpoints', `must be an array of 1 to ${MAX_PATTERNS} patterns`);
    }
    else {
        endpoints.forEach((pattern, i) => {
            if (typeof pattern !== 'string') {
                fault(`allowed_endpoints[${i}]`, 'must be a string such as "/v1/payment_intents/*"');
                return;
            }
            const parsed = (0, pattern_1.parsePattern)(pattern, prefix);
            if ('fault' in parsed)
                fault(`allowed_endpoints[${i}]`, parsed.fault);
        });
    }
    const expiresIn = body['expires_in'] === undefined ? expires_in_1.DEFAULT_EXPIRES_IN : body['expires_in'];
    const lifeMs = (0, expires_in_1.parseExpiresIn)(expiresIn);
    if (lifeMs === undefined)
        fault('expires_in', expires_in_1.EXPIRES_IN_RULE);
    const subject = parseSubject(body['subject'], fault);
    const links = {};
    for (const [field, name, what] of LINKS) {
        const id = body[field];
        if (typeof id === 'string')
            links[name] = id;
        else if (id !== undefined)
            fault(field, `must be the id of a live ${what}`);
    }
    const budgets = parseBudgets(body['budgets'], fault);
    if (faults.length > 0)
        return { faults, links };
    return {
        request: {
            label: body['label'],
            vendor: vendor,
            capMicros: (0, usd_1.capToMicros)(cap),
            allowedEndpoints: endpoints,
            lifeMs: lifeMs,
            subject,
            ...links,
            budgets,
        },
    };
}
function parseBudgets(value, fault) {
    if (value === undefined)
        return {};
    if (!isRecord(value)) {
        fault('budgets', 'must be an object');
        return {};
    }
    for (const { field, message } of (0, known_fields_1.unknownFields)(value, budget_1.APP_BUDGET_SCOPES, 'budgets')) {
        fault(field, message);
    }
    const budgets = {};
    for (const scope of budget_1.APP_BUDGET_SCOPES) {
        const cap = value[scope];
        if (cap === undefined)
            continue;
        const message = (0, usd_1.capFault)(cap);
        if (message === undefined)
            budgets[scope] = (0, usd_1.capToMicros)(cap);
        else
            fault(`budgets.${scope}`, message);
    }
    return budgets;
}
function parseSubject(value, fault) {
    if (value === undefined)
        return {};
    if (!isRecord(value)) {
        fault('subject', 'must be an object');
        return {};
    }
    for (const { field, message } of (0, known_fields_1.unknownFields)(value, SUBJECT_FIELDS, 'subject')) {
        fault(field, message);
    }
    const subject = {};
    for (const field of SUBJECT_FIELDS) {
        const text = value[field];
        if (text === undefined)
            continue;
        const message = (0, label_rule_1.labelFault)(text, 128);
        if (message === undefined)
            subject[field] = text;
        else
            fault(`subject.${field}`, message);
    }
    return subject;
}
function isRecord(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}
