"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.DEFAULT_VENDOR = void 0;
exports.toWholeCents = toWholeCents;
exports.dailyUsdCapFault = dailyUsdCapFault;
exports.allowedEndpointsFaults = allowedEndpointsFaults;
exports.vendorFault = vendorFault;
exports.expiresInFault = expiresInFault;
exports.policyFaults = policyFaults;
const pattern_1 = require("../broker/endpoints/pattern");
const expires_in_1 = require("../broker/keys/expires-in");
const usd_1 = require("../broker/money/usd");
/** The vendor a key is for where nobody names one. */
exports.DEFAULT_VENDOR = 'stripe';
const MAX_PATTERNS = 100;
const VENDOR = /^[a-z][a-z0-9-]{0,31}$/;
const RESERVED_VENDORS = new Set(['v1', 'healthz', 'readyz', 'metrics']);
/**
 * A cap as it is enforced: what a computation such as `12.34 * 1.2` leaves beyond the cent is cut off.
 * What is no number, or is below 0, is given back as it is.
 */
function toWholeCents(cap) {
    if (typeof cap !== 'number' || cap < 0)
        return cap;
    // By its digits: 0.29 * 100 is less than 29.
    const text = String(cap);
    if (text.includes('e-'))
        return 0;
    const [cents = text] = /^\d+\.\d\d/.exec(text) ?? [];
    return Number(cents);
}
/** The fault of a `dailyUsdCap`, if it has one. */
function dailyUsdCapFault(value) {
    const message = (0, usd_1.capFault)(toWholeCents(value));
    return message === undefined
        ? undefined
        : { field: 'dailyUsdCap', message, example: 'dailyUsdCap: 500' };
}
/** The faults of `allowedEndpoints`, each pattern's by its place. */
function allowedEndpointsFaults(value, vendor, dialect) {
    const example = "allowedEndpoints: ['/v1/payment_intents', '/v1/payment_intents/*']";
    if (!Array.isArray(value) || value.length < 1 || value.length > MAX_PATTERNS) {
        const message = `must be an array of 1 to ${MAX_PATTERNS} patterns`;
        return [{ field: 'allowedEndpoints', message, example }];
    }
    const prefix = vendor === undefined || vendor === exports.DEFAULT_VENDOR ? '/v1/' : '/';
    const faults = [];
    value.forEach((pattern, i) => {
        const fault = typeof pattern === 'string'
            ? ((0, pattern_1.patternFault)(pattern, prefix) ?? methodFault(pattern, dialect))
            : 'is not a string';
        if (fault === undefined)
            return;
        const shown = typeof pattern === 'string' ? `("${pattern.slice(0, 64)}") ` : '';
        faults.push({ field: `allowedEndpoints[${i}]`, message: `${shown}${fault}`, example });
    });
    return faults;
}
function methodFault(pattern, dialect) {
    return dialect === 'keybrake' && pattern.includes(' ')
        ? "names a method, which a server of Keybrake's dialect does not enforce"
        : undefined;
}
/** The fault of a `vendor`'s name, if it has one. */
function vendorFault(value) {
    if (value === undefined)
        return undefined;
    if (typeof value === 'string' && VENDOR.test(value) && !RESERVED_VENDORS.has(value)) {
        return undefined;
    }
    const message = 'must be the name of a vendor the broker is configured for, in lower-case letters, digits and dashes';
    return { field: 'vendor', message, example: "vendor: 'stripe'" };
}
/** The fault of an `expiresIn`, if it has one. */
function expiresInFault(value) {
    if (value === undefined || (0, expires_in_1.parseExpiresIn)(value) !== undefined)
        return undefined;
    return { field: 'expiresIn', message: expires_in_1.EXPIRES_IN_RULE, example: "expiresIn: '5m'" };
}
/** All that is wrong with a policy whose values are known. */
function policyFaults(policy, dialect) {
    return [
        dailyUsdCapFault(policy.dailyUsdCap),
        ...allowedEndpointsFaults(policy.allowedEndpoints, policy.vendor, dialect),
        vendorFault(policy.vendor),
        expiresInFault(policy.expiresIn),
    ].filter((fault) => fault !== undefined);
}
