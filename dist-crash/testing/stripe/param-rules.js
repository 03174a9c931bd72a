"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.unmodelled = exports.hash = exports.createdRange = exports.texts = exports.metadata = exports.currency = exports.listLimit = exports.signedAmount = exports.feeAmount = exports.amount = exports.flag = exports.unsettableText = exports.text = void 0;
exports.readParams = readParams;
exports.missingParam = missingParam;
exports.required = required;
exports.oneOf = oneOf;
exports.allUnmodelled = allUnmodelled;
const currencies_1 = require("./currencies");
const stripe_error_1 = require("./stripe-error");
/** @throws {StripeError} for an unknown, missing or malformed parameter, in that order. */
function readParams(rules, form) {
    const unknown = Object.keys(form).filter((name) => !Object.hasOwn(rules, name));
    if (unknown.length > 0) {
        throw stripe_error_1.StripeError.invalid(`Received unknown parameter${unknown.length > 1 ? 's' : ''}: ${unknown.join(', ')}`, { code: 'parameter_unknown', param: unknown[0] });
    }
    const params = {};
    for (const name in rules) {
        const value = form[name];
        if (value !== undefined)
            params[name] = rules[name].read(value, name);
        else if (rules[name].required)
            throw missingParam(name);
    }
    return params;
}
function missingParam(name) {
    return stripe_error_1.StripeError.invalid(`Missing required param: ${name}.`, {
        code: 'parameter_missing',
        param: name,
    });
}
function required(rule) {
    return { required: true, read: rule.read };
}
function optional(read) {
    return { required: false, read };
}
function textOf(value, name, kind) {
    if (typeof value !== 'string') {
        throw stripe_error_1.StripeError.invalid(`Invalid ${kind}: ${JSON.stringify(value)}`, { param: name });
    }
    if (value === '') {
        throw stripe_error_1.StripeError.invalid(`You passed an empty string for '${name}'. We assume empty values are an attempt to unset a parameter; ` +
            `however '${name}' cannot be unset. You should remove '${name}' from your request or supply a non-empty value.`, { code: 'parameter_invalid_empty', param: name });
    }
    return value;
}
exports.text = optional((value, name) => textOf(value, name, 'string'));
/** Text which an empty value unsets. */
exports.unsettableText = optional((value, name) => value === '' ? null : textOf(value, name, 'string'));
exports.flag = optional((value, name) => {
    const written = textOf(value, name, 'boolean');
    if (written === 'true' || written === 'false')
        return written === 'true';
    throw stripe_error_1.StripeError.invalid(`Invalid boolean: ${written}`, { param: name });
});
function integer(min, max) {
    return optional((value, name) => {
        const written = textOf(value, name, 'integer');
        const read = Number(written);
        if (!/^-?\d+$/.test(written) || !Number.isSafeInteger(read)) {
            throw stripe_error_1.StripeError.invalid(`Invalid integer: ${written}`, {
                code: 'parameter_invalid_integer',
                param: name,
            });
        }
        if (read < min || read > max) {
            throw stripe_error_1.StripeError.invalid(`This value must be ${read < min ? `greater than or equal to ${min}` : `less than or equal to ${max}`}.`, { code: 'parameter_invalid_integer', param: name });
        }
        return read;
    });
}
const LARGEST_AMOUNT = 99_999_999;
const anyPositive = integer(1, Number.MAX_SAFE_INTEGER);
/** Minor units of a currency: 1 … 99,999,999. */
exports.amount = optional((value, name) => {
    const read = anyPositive.read(value, name);
    if (read > LARGEST_AMOUNT) {
        throw stripe_error_1.StripeError.invalid(`Amount must be no more than ${LARGEST_AMOUNT}`, {
            code: 'amount_too_large',
            param: name,
        });
    }
    return read;
});
exports.feeAmount = integer(0, LARGEST_AMOUNT);
/** Minor units of either sign. */
exports.signedAmount = integer(-LARGEST_AMOUNT, LARGEST_AMOUNT);
exports.listLimit = integer(1, 100);
exports.currency = optional((value, name) => {
    const written = textOf(value, name, 'currency');
    const code = written.toLowerCase();
    if ((0, currencies_1.isCurrency)(code))
        return code;
    throw stripe_error_1.StripeError.invalid(`Invalid currency: ${written}`, { param: name });
});
function oneOf(...choices) {
    return optional((value, name) => {
        const written = textOf(value, name, 'string');
        const choice = choices.find((candidate) => candidate === written);
        if (choice !== undefined)
            return choice;
        throw stripe_error_1.StripeError.invalid(`Invalid ${name}: must be one of ${choices.join(', ')}`, {
            param: name,
        });
    });
}
/** `metadata[key]=value`; an empty value drops the key, an empty `metadata` drops them all. */
exports.metadata = optional((value, name) => {
    if (value === '')
        return null;
    if (typeof value === 'string' || Array.isArray(value))
        throw invalidHash(name);
    const entries = Object.entries(value);
    for (const [key, entry] of entries) {
        if (typeof entry !== 'string')
            throw invalidHash(`${name}[${key}]`);
        if (key.length > 40 || entry.length > 500) {
            throw stripe_error_1.StripeError.invalid('Metadata keys have at most 40 characters and metadata values at most 500.', { param: name });
        }
    }
    if (entries.length > 50) {
        throw stripe_error_1.StripeError.invalid('Metadata can have at most 50 keys.', { param: name });
    }
    return Object.fromEntries(entries);
});
exports.texts = optional((value, name) => {
    if (!Array.isArray(value))
        throw stripe_error_1.StripeError.invalid('Invalid array', { param: name });
    return value.map((entry) => textOf(entry, name, 'string'));
});
/** `created=…` or `created[gte]=…&created[lt]=…`, Unix seconds. */
exports.createdRange = optional((value, name) => {
    if (typeof value === 'string') {
        const exact = seconds.read(value, name);
        return (at) => at === exact;
    }
    if (Array.isArray(value))
        throw invalidHash(name);
    const bound = (key, otherwise) => value[key] === undefined ? otherwise : seconds.read(value[key], `${name}[${key}]`);
    const [gt, gte] = [bound('gt', -1), bound('gte', 0)];
    const [lt, lte] = [bound('lt', Infinity), bound('lte', Infinity)];
    return (at) => at > gt && at >= gte && at < lt && at <= lte;
});
const seconds = integer(0, Number.MAX_SAFE_INTEGER);
/** A nested object, kept as it was written. */
exports.hash = optional((value, name) => {
    if (value === '')
        return null;
    if (typeof value === 'string' || Array.isArray(value))
        throw invalidHash(name);
    return value;
});
/** A parameter Stripe knows and this vendor takes without acting on it. */
exports.unmodelled = optional((value) => value);
function allUnmodelled(...names) {
    return Object.fromEntries(names.map((name) => [name, exports.unmodelled]));
}
function invalidHash(name) {
    return stripe_error_1.StripeError.invalid('Invalid object', { param: name });
}
