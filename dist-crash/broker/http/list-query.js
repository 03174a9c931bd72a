"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.anyText = void 0;
exports.oneOf = oneOf;
exports.readListQuery = readListQuery;
exports.readQuery = readQuery;
const refusal_1 = require("../refusal");
const MAX_LIMIT = 1_000;
const DEFAULT_LIMIT = 100;
/** Any text: what nothing matches is an empty list. */
const anyText = () => undefined;
exports.anyText = anyText;
function oneOf(values) {
    return (value) => (values.includes(value) ? undefined : `must be one of ${values.join(', ')}`);
}
/**
 * Reads the query of a list.
 *
 * @throws BrokerRefusal 422 with every bad parameter.
 */
function readListQuery(query, rules) {
    const { limit = String(DEFAULT_LIMIT), cursor, ...filter } = readQuery(query, {
        limit: limitFault,
        cursor: cursorFault,
        ...rules,
    });
    return {
        filter: filter,
        limit: Number(limit),
        ...(cursor === undefined ? {} : { cursor }),
    };
}
/**
 * Reads a query whose parameters are all known and given once.
 *
 * @throws BrokerRefusal 422 with every bad parameter.
 */
function readQuery(query, rules) {
    const faults = [];
    const values = {};
    for (const name of new Set(query.keys())) {
        const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
        const [value = '', ...more] = query.getAll(name);
        const message = rule === undefined
            ? 'is no parameter of this call'
            : more.length > 0
                ? 'must be given once'
                : rule(value);
        if (message === undefined)
            values[name] = value;
        else
            faults.push({ field: name, message });
    }
    if (faults.length > 0)
        throw (0, refusal_1.invalidFields)(faults);
    return values;
}
function limitFault(limit) {
    return /^[1-9]\d{0,3}$/.test(limit) && Number(limit) <= MAX_LIMIT
        ? undefined
        : `must be a whole number from 1 to ${MAX_LIMIT}`;
}
function cursorFault(cursor) {
    return /^\d{1,15}$/.test(cursor) ? undefined : 'must be the cursor of an earlier page';
}
