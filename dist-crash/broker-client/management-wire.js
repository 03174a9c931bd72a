"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.ownIssueFields = ownIssueFields;
exports.fieldsNotEchoed = fieldsNotEchoed;
exports.brakeBody = brakeBody;
exports.readBrake = readBrake;
exports.readBrakes = readBrakes;
exports.readStanding = readStanding;
exports.readLeaseId = readLeaseId;
const brake_1 = require("../broker/brakes/brake");
/** What a `vault-key` broker is told of a key beyond Keybrake's own fields. */
function ownIssueFields(request) {
    const { subject } = request;
    return {
        subject: {
            tenant_id: subject.tenantId,
            user_id: subject.userId,
            run_id: subject.runId,
            tool: subject.tool,
        },
        parent_id: request.parentId,
        budgets: request.budgets,
        lease_id: request.leaseId,
    };
}
/**
 * The fields of a key that its broker was sent and does not say it enforces, as the broker names
 * them: a broker that passes over a cap enforces none.
 */
function fieldsNotEchoed(request, answer) {
    return Object.entries(ownIssueFields(request)).flatMap(([field, sent]) => {
        const echoed = answer[field];
        if (!isRecord(sent))
            return sent === undefined || echoed === sent ? [] : [field];
        return Object.entries(sent)
            .filter(([name, value]) => {
            return value !== undefined && (!isRecord(echoed) || echoed[name] !== value);
        })
            .map(([name]) => `${field}.${name}`);
    });
}
/** The body of `POST /v1/brakes`. */
function brakeBody(request) {
    return {
        scope: request.scope,
        id: request.target,
        tenant_id: request.tenantId,
        reason: request.reason,
        expires_in: request.expiresIn,
    };
}
/** A brake as the management API shows it; `undefined` where it is none. */
function readBrake(body) {
    if (!isRecord(body))
        return undefined;
    const { id, target, tenant_id: tenantId, reason, hit } = body;
    const scope = brake_1.BRAKE_SCOPES.find((each) => each === body['scope']);
    const createdAt = instantOf(body['created_at']);
    const expiresAt = instantOf(body['expires_at']);
    if (typeof id !== 'string' || scope === undefined || createdAt === undefined)
        return undefined;
    return {
        id,
        scope,
        ...(typeof target === 'string' ? { target } : {}),
        ...(typeof tenantId === 'string' ? { tenantId } : {}),
        reason: typeof reason === 'string' ? reason : '',
        createdAt,
        ...(expiresAt === undefined ? {} : { expiresAt }),
        ...(typeof hit === 'number' ? { hit } : {}),
    };
}
/** A list of brakes; `undefined` where one of them is none. */
function readBrakes(body) {
    return readList(isRecord(body) ? body['brakes'] : undefined, readBrake);
}
/** What a key may know about itself; `undefined` where the answer does not tell every cap. */
function readStanding(body) {
    if (!isRecord(body))
        return undefined;
    const own = readCap({ ...body, scope: 'key', cap_usd: body['daily_usd_cap'] });
    const others = readList(body['budgets'], readCap);
    if (own === undefined || others === undefined)
        return undefined;
    return { braked: body['status'] === 'braked', caps: [own, ...others] };
}
/** The id of a lease that was begun. */
function readLeaseId(body) {
    const id = isRecord(body) ? body['id'] : undefined;
    return typeof id === 'string' && /^[A-Za-z0-9_-]{1,255}$/.test(id) ? id : undefined;
}
function readCap(cap) {
    if (!isRecord(cap))
        return undefined;
    const { scope, cap_usd, spent_usd, held_usd, remaining_usd } = cap;
    if (typeof scope !== 'string')
        return undefined;
    if (typeof cap_usd !== 'number' || typeof remaining_usd !== 'number')
        return undefined;
    if (typeof spent_usd !== 'number' || typeof held_usd !== 'number')
        return undefined;
    const resetsAt = instantOf(cap['resets_at'])?.toISOString();
    return {
        scope,
        cap: cap_usd,
        spent: spent_usd,
        held: held_usd,
        remaining: remaining_usd,
        ...(resetsAt === undefined ? {} : { resetsAt }),
    };
}
/** Every one, or nothing: a cap that is passed over would look as if there were none. */
function readList(list, read) {
    if (!Array.isArray(list))
        return undefined;
    const all = [];
    for (const each of list) {
        const one = read(each);
        if (one === undefined)
            return undefined;
        all.push(one);
    }
    return all;
}
function instantOf(value) {
    const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
    return Number.isNaN(time) ? undefined : new Date(time);
}
function isRecord(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}
