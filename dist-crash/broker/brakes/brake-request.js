"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.parseBrakeRequest = parseBrakeRequest;
const expires_in_1 = require("../keys/expires-in");
const label_rule_1 = require("../keys/label-rule");
const known_fields_1 = require("../known-fields");
const brake_1 = require("./brake");
const MAX_ID = 128;
const MAX_REASON = 200;
const KEY_ID = /^[A-Za-z0-9_-]{1,255}$/;
const BRAKE_FIELDS = ['scope', 'id', 'tenant_id', 'reason', 'expires_in'];
/** The scopes that a tenant can narrow. */
const WITHIN_TENANT = new Set(['user', 'run', 'tool', 'vendor']);
/** Reads the body of `POST /v1/brakes`, without coercing anything. */
function parseBrakeRequest(body, vendors) {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
        return { faults: [{ field: '', message: 'the body must be a JSON object' }] };
    }
    const { scope: given, id, tenant_id: tenant, reason, expires_in, } = body;
    const faults = (0, known_fields_1.unknownFields)(body, BRAKE_FIELDS);
    const fault = (field, message) => {
        if (message !== undefined)
            faults.push({ field, message });
    };
    const scope = brake_1.BRAKE_SCOPES.find((each) => each === given);
    if (scope === undefined)
        fault('scope', `must be one of ${brake_1.BRAKE_SCOPES.join(', ')}`);
    else {
        fault('id', idFault(scope, id, vendors));
        if (tenant !== undefined) {
            fault('tenant_id', WITHIN_TENANT.has(scope)
                ? (0, label_rule_1.labelFault)(tenant, MAX_ID)
                : `does not go with the scope ${scope}`);
        }
    }
    fault('reason', (0, label_rule_1.labelFault)(reason, MAX_REASON));
    const lifeMs = expires_in === undefined ? undefined : (0, expires_in_1.parseExpiresIn)(expires_in);
    if (expires_in !== undefined && lifeMs === undefined)
        fault('expires_in', expires_in_1.EXPIRES_IN_RULE);
    if (faults.length > 0 || scope === undefined)
        return { faults };
    return {
        request: {
            scope,
            target: scope === 'all' ? '' : id,
            ...(tenant === undefined ? {} : { tenant: tenant }),
            reason: reason,
            ...(lifeMs === undefined ? {} : { lifeMs }),
        },
    };
}
// A brake over what is not there would stop nothing, and look as if it did.
function idFault(scope, id, vendors) {
    if (scope === 'all')
        return undefined;
    if (scope === 'vendor' && (typeof id !== 'string' || !vendors.has(id))) {
        return `must be one of the configured vendors: ${[...vendors].join(', ')}`;
    }
    if (scope === 'key' && (typeof id !== 'string' || !KEY_ID.test(id))) {
        return 'must be the id of a key';
    }
    return (0, label_rule_1.labelFault)(id, MAX_ID);
}
