"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.decodeForm = decodeForm;
exports.canonicalForm = canonicalForm;
const stripe_error_1 = require("./stripe-error");
const NAME = /^([^[\]]+)((?:\[[^[\]]*\])*)$/;
const MAX_DEPTH = 16;
/** Decodes query strings and bodies the way Stripe does; of two spellings of one name the last wins. */
function decodeForm(...forms) {
    const params = Object.create(null);
    for (const form of forms) {
        if (form === '')
            continue;
        for (const pair of form.split('&')) {
            if (pair === '')
                continue;
            const split = pair.indexOf('=');
            const name = decode(split === -1 ? pair : pair.slice(0, split));
            assign(params, name, split === -1 ? '' : decode(pair.slice(split + 1)));
        }
    }
    for (const name in params)
        params[name] = settleLists(params[name]);
    return params;
}
/** The same parameters in another order are the same request: what idempotency compares. */
function canonicalForm(params) {
    if (typeof params === 'string')
        return JSON.stringify(params);
    if (Array.isArray(params))
        return `[${params.map(canonicalForm).join()}]`;
    const fields = Object.keys(params).sort();
    return `{${fields.map((key) => `${JSON.stringify(key)}:${canonicalForm(params[key])}`).join()}}`;
}
function decode(text) {
    if (!text.includes('%') && !text.includes('+'))
        return text;
    try {
        return decodeURIComponent(text.replaceAll('+', ' '));
    }
    catch {
        throw stripe_error_1.StripeError.invalid('Invalid request: the form holds a broken percent escape.');
    }
}
function assign(params, name, value) {
    if (!name.includes('[') && !name.includes(']')) {
        params[name] = value;
        return;
    }
    const match = NAME.exec(name);
    const brackets = match?.[2];
    if (match === null || !brackets)
        throw malformed(name);
    const path = [match[1], ...brackets.slice(1, -1).split('][')];
    if (path.length > MAX_DEPTH)
        throw malformed(name);
    let map = params;
    for (const [depth, key] of path.entries()) {
        // `a[]=x&a[]=y` appends: an empty key is the next free index.
        const slot = key === '' && depth > 0 ? String(Object.keys(map).length) : key;
        if (depth === path.length - 1) {
            map[slot] = value;
            return;
        }
        const existing = map[slot];
        if (typeof existing === 'string' || Array.isArray(existing))
            throw malformed(name);
        map = existing ?? (map[slot] = Object.create(null));
    }
}
function settleLists(value) {
    if (typeof value === 'string' || Array.isArray(value))
        return value;
    const keys = Object.keys(value);
    for (const key of keys)
        value[key] = settleLists(value[key]);
    if (keys.length === 0 || !keys.every((key, index) => key === String(index)))
        return value;
    return keys.map((key) => value[key]);
}
function malformed(name) {
    return stripe_error_1.StripeError.invalid(`Invalid request: malformed parameter name: ${name}`);
}
