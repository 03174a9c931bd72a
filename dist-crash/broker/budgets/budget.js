"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.ANY_ID = exports.APP_BUDGET_SCOPES = exports.BUDGET_SCOPES = void 0;
exports.subjectsOf = subjectsOf;
exports.budgetName = budgetName;
exports.ruleNames = ruleNames;
exports.dayOf = dayOf;
exports.endOfDay = endOfDay;
exports.dayBalanceName = dayBalanceName;
const instant_1 = require("../instant");
/** Whose spend a budget counts. A user counts within its tenant, a run within its tenant and user. */
exports.BUDGET_SCOPES = ['tenant', 'user', 'run', 'tool', 'vendor'];
/** The scopes of an application's own layer: it travels with each key. */
exports.APP_BUDGET_SCOPES = ['tenant', 'user', 'run', 'tool'];
/** Stands for every id of a scope that has no budget of its own. */
exports.ANY_ID = '*';
/** The subjects that a key's holds are counted under, whether or not a cap stands over them. */
function subjectsOf(subject, vendor) {
    const { tenant_id: tenant = '', user_id: user = '', run_id: run = '', tool = '' } = subject;
    return [
        { scope: 'tenant', tenant: '', user: '', id: tenant },
        { scope: 'user', tenant, user: '', id: user },
        { scope: 'run', tenant, user, id: run },
        { scope: 'tool', tenant: '', user: '', id: tool },
        { scope: 'vendor', tenant: '', user: '', id: vendor },
    ];
}
/** The name of a budget's rule. */
function budgetName({ scope, tenant, user, id }) {
    return JSON.stringify([scope, tenant, user, id]);
}
/**
 * The rules that could stand over a subject, the nearest first: its own, then the default of its
 * user, of its tenant, of all.
 */
function ruleNames(subject) {
    const defaults = [
        { ...subject, id: exports.ANY_ID },
        { ...subject, user: '', id: exports.ANY_ID },
        { ...subject, tenant: '', user: '', id: exports.ANY_ID },
    ];
    // The empty id is nobody's own: only a default can stand over it.
    const own = subject.id === '' || subject.id === exports.ANY_ID ? [] : [subject];
    return [...new Set([...own, ...defaults].map(budgetName))];
}
/** The UTC calendar day of an instant, `2026-11-23`. */
function dayOf(now) {
    return (0, instant_1.instantText)(now).slice(0, 10);
}
/** The midnight (UTC) at which a day ends, ISO 8601. */
function endOfDay(now) {
    const day = new Date(now);
    day.setUTCHours(24, 0, 0, 0);
    return day.toISOString();
}
/** The name of the balance in which one day of a subject is counted. */
function dayBalanceName(subject, day) {
    return `${budgetName(subject)}@${day}`;
}
