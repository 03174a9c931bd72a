"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.amountOf = amountOf;
exports.idOf = idOf;
exports.currencyOf = currencyOf;
exports.textOf = textOf;
exports.flagOf = flagOf;
exports.choiceOf = choiceOf;
exports.countOf = countOf;
exports.optional = optional;
const call_refused_exception_1 = require("../exceptions/call-refused.exception");
const MAX_AMOUNT = 99_999_999;
const ID = /^[A-Za-z0-9_]{1,255}$/;
/**
 * An amount in the currency's minor unit (cents).
 *
 * @throws CallRefusedException `invalid_amount` for anything but a whole number from 1 to 99,999,999.
 */
function amountOf(param, value) {
    if (typeof value !== 'number' ||
        !Number.isSafeInteger(value) ||
        value < 1 ||
        value > MAX_AMOUNT) {
        throw call_refused_exception_1.CallRefusedException.forArgument(param, `must be a whole number from 1 to ${MAX_AMOUNT} in the currency's minor unit, such as 1250 for $12.50`, 'invalid_amount');
    }
    return value;
}
/** @throws CallRefusedException where the value is no Stripe id, and so could change the path. */
function idOf(param, value, example) {
    if (typeof value !== 'string' || !ID.test(value)) {
        throw call_refused_exception_1.CallRefusedException.forArgument(param, `must be a Stripe id of letters, digits and "_", such as "${example}"`);
    }
    return value;
}
/** @throws CallRefusedException where the value is not a currency's three letters. */
function currencyOf(param, value) {
    if (typeof value !== 'string' || !/^[A-Za-z]{3}$/.test(value)) {
        throw call_refused_exception_1.CallRefusedException.forArgument(param, 'must be the three letters of a currency, such as "usd"');
    }
    return value.toLowerCase();
}
/** @throws CallRefusedException where the value is no string. */
function textOf(param, value) {
    if (typeof value !== 'string')
        throw call_refused_exception_1.CallRefusedException.forArgument(param, 'must be a string');
    return value;
}
/** @throws CallRefusedException where the value is no boolean. */
function flagOf(param, value) {
    if (typeof value !== 'boolean')
        throw call_refused_exception_1.CallRefusedException.forArgument(param, 'must be true or false');
    return value;
}
/** @throws CallRefusedException where the value is none of the choices. */
function choiceOf(param, value, choices) {
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined)
        throw call_refused_exception_1.CallRefusedException.forArgument(param, `must be one of ${choices.join(', ')}`);
    return choice;
}
/** @throws CallRefusedException where the value is no whole number in the range. */
function countOf(param, value, min, max) {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
        throw call_refused_exception_1.CallRefusedException.forArgument(param, `must be a whole number from ${min} to ${max}`);
    }
    return value;
}
/** A value that may be left out. */
function optional(value, read) {
    return value === undefined ? undefined : read(value);
}
