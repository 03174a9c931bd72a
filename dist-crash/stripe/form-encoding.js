"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.encodeForm = encodeForm;
const call_refused_exception_1 = require("../exceptions/call-refused.exception");
const MAX_LEVELS = 8;
/**
 * Parameters in the form Stripe reads: `amount=500&metadata[order]=o_1&expand[0]=customer`. A value
 * that has no one way to be written is refused and named, since a guess could be another sum.
 *
 * @throws CallRefusedException `invalid_request`, with the parameter's name.
 */
function encodeForm(params) {
    const pairs = [];
    if (!isPlainObject(params))
        throw call_refused_exception_1.CallRefusedException.forArgument('params', 'must be a plain object');
    for (const [name, value] of Object.entries(params))
        write(pairs, nameOf(name, name), value, 1);
    return pairs.join('&');
}
function write(pairs, name, value, level) {
    if (value === undefined)
        return;
    if (level > MAX_LEVELS)
        throw call_refused_exception_1.CallRefusedException.forArgument(name, `is nested deeper than ${MAX_LEVELS} levels`);
    if (Array.isArray(value)) {
        value.forEach((item, i) => {
            if (item === undefined)
                throw call_refused_exception_1.CallRefusedException.forArgument(`${name}[${i}]`, 'must not be undefined');
            write(pairs, `${name}[${i}]`, item, level + 1);
        });
    }
    else if (isPlainObject(value)) {
        for (const [inner, item] of Object.entries(value)) {
            write(pairs, `${name}[${nameOf(inner, `${name}[${inner}]`)}]`, item, level + 1);
        }
    }
    else {
        pairs.push(`${encodeName(name)}=${encodeURIComponent(textOf(name, value))}`);
    }
}
function textOf(name, value) {
    switch (typeof value) {
        case 'string':
            if (!value.isWellFormed())
                throw call_refused_exception_1.CallRefusedException.forArgument(name, 'must be well-formed Unicode');
            return value;
        case 'boolean':
        case 'bigint':
            return String(value);
        case 'number':
            return numberText(name, value);
        default:
            if (value === null)
                return '';
            if (value instanceof Date) {
                throw call_refused_exception_1.CallRefusedException.forArgument(name, 'is a Date: give seconds since 1970 as a whole number instead');
            }
            throw call_refused_exception_1.CallRefusedException.forArgument(name, 'must be a string, number, boolean, array, plain object or null');
    }
}
function numberText(name, value) {
    const text = String(value);
    if (!Number.isFinite(value))
        throw call_refused_exception_1.CallRefusedException.forArgument(name, 'must be a finite number');
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
        throw call_refused_exception_1.CallRefusedException.forArgument(name, 'is a whole number too large to be exact: give it as a bigint or a string');
    }
    if (text.includes('e'))
        throw call_refused_exception_1.CallRefusedException.forArgument(name, 'is too small to be written in plain digits');
    return text;
}
function nameOf(name, whole) {
    if (name === '' || /[[\]]/.test(name) || !name.isWellFormed()) {
        throw call_refused_exception_1.CallRefusedException.forArgument(whole.slice(0, 100), 'must have a name without square brackets');
    }
    return name;
}
function encodeName(name) {
    return encodeURIComponent(name).replaceAll('%5B', '[').replaceAll('%5D', ']');
}
function isPlainObject(value) {
    if (typeof value !== 'object' || value === null)
        return false;
    const prototype = Object.getPrototypeOf(value);
    return prototype === Object.prototype || prototype === null;
}
