"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.NO_VENDOR_SETTINGS = exports.VENDOR_RULES = void 0;
exports.vendorRuleFaults = vendorRuleFaults;
exports.limitFaults = limitFaults;
exports.unknownKeys = unknownKeys;
exports.isObject = isObject;
exports.vendorSettings = vendorSettings;
const pattern_1 = require("./endpoints/pattern");
const connection_shares_1 = require("./forwarding/connection-shares");
const body_limits_1 = require("./pricing/body-limits");
const call_table_1 = require("./pricing/call-table");
const currency_1 = require("./pricing/currency");
exports.VENDOR_RULES = [
    'rates',
    'prices',
    'free',
    'accounts',
    'headers',
    'limits',
    'connections',
];
/** Below four, a quarter would be no connection. */
const MIN_CONNECTIONS = 4;
const MAX_CONNECTIONS = 4_096;
const MAX_PER_UNIT = 1_000_000;
const MAX_FLAT_USD = 1_000_000;
const BODY_LIMITS = {
    bodyBytes: 1_048_576,
    parameters: 10_000,
    levels: 32,
};
/** A header that carries the call, its credentials, its account or its body is never added. */
const OWN_HEADERS = /^(?:authorization|host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|accept-encoding|content-.*|proxy-.*|cookie|stripe-account|stripe-context|stripe-version|x-http-method(?:-override)?|x-method-override|x-vault-key-.*)$/;
const ACCOUNT = /^[A-Za-z0-9_]{1,128}(?:\/[A-Za-z0-9_]{1,128})*$/;
/** Finds everything wrong with an operator's rules for a vendor. */
function vendorRuleFaults(rules, vendor, path, fault) {
    const { rates, prices, free, accounts, headers, limits, connections } = rules;
    if (rates !== undefined)
        rateFaults(rates, vendor, `${path}.rates`, fault);
    const calls = new Set();
    eachOf(prices, `${path}.prices`, fault, (price, at) => priceFaults(price, vendor, at, calls, fault));
    eachOf(free, `${path}.free`, fault, (call, at) => callFaults(call, vendor, at, calls, fault));
    eachOf(accounts, `${path}.accounts`, fault, (account, at) => {
        if (typeof account !== 'string' || !ACCOUNT.test(account)) {
            fault(at, 'must be the id of a connected account, such as "acct_…"');
        }
    });
    eachOf(headers, `${path}.headers`, fault, (name, at) => {
        if (typeof name !== 'string' || !/^[a-z][a-z0-9-]{0,63}$/.test(name)) {
            fault(at, 'must be the name of a header in lower case');
        }
        else if (OWN_HEADERS.test(name)) {
            fault(at, `is ${name}, which only the broker itself may set`);
        }
    });
    if (limits !== undefined)
        limitFaults(limits, BODY_LIMITS, `${path}.limits`, fault);
    if (connections !== undefined &&
        !(Number.isInteger(connections) &&
            Number(connections) >= MIN_CONNECTIONS &&
            Number(connections) <= MAX_CONNECTIONS)) {
        fault(`${path}.connections`, `must be an integer from ${MIN_CONNECTIONS} to ${MAX_CONNECTIONS}: one key may have a quarter of them`);
    }
}
/** Finds everything wrong with an object of limits; each is an integer from 1 to its highest. */
function limitFaults(limits, highest, path, fault) {
    if (!isObject(limits))
        return fault(path, 'must be an object');
    unknownKeys(limits, Object.keys(highest), path, fault);
    for (const [name, max] of Object.entries(highest)) {
        const value = limits[name];
        if (value === undefined)
            continue;
        if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > max) {
            fault(`${path}.${name}`, `must be an integer from 1 to ${max}`);
        }
    }
}
/** Names each key of an object that is not among those known. */
function unknownKeys(object, known, path, fault) {
    for (const key of Object.keys(object)) {
        if (known.includes(key))
            continue;
        const name = /^[\w.-]{1,64}$/.test(key) ? key : JSON.stringify(key.slice(0, 64));
        fault(path === '' ? name : `${path}.${name}`, `is not a setting: ${known.join(', ')}`);
    }
}
function isObject(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}
/** An operator's rules, already checked with {@link vendorRuleFaults}. */
function vendorSettings(rules, vendor) {
    const rates = new Map();
    for (const [currency, value] of Object.entries(rules.rates ?? {})) {
        const rate = (0, currency_1.rateOf)(value);
        if (rate !== undefined)
            rates.set(currency, rate);
    }
    const calls = [
        ...(rules.prices ?? []).map(({ call, usd, field, currency }) => [
            tableCall(call, vendor),
            field === undefined
                ? { kind: 'flat', micros: flatMicros(usd) }
                : { kind: 'field', field, ...(currency === undefined ? {} : { currency }) },
        ]),
        // After the prices: a call that has one is not free by a wider pattern.
        ...(rules.free ?? []).map((call) => [
            tableCall(call, vendor),
            { kind: 'free' },
        ]),
    ];
    return {
        connections: rules.connections ?? connection_shares_1.DEFAULT_CONNECTIONS,
        prices: { rates, calls: new call_table_1.CallTable(calls) },
        accounts: new Set(rules.accounts),
        headers: new Set(rules.headers),
        limits: { ...body_limits_1.DEFAULT_BODY_LIMITS, ...rules.limits },
    };
}
function rateFaults(rates, vendor, path, fault) {
    if (!isObject(rates))
        return fault(path, 'must be an object of rates by currency');
    for (const [currency, rate] of Object.entries(rates)) {
        const at = `${path}.${/^\w{1,16}$/.test(currency) ? currency : JSON.stringify(currency.slice(0, 16))}`;
        if (currency === 'usd')
            fault(at, 'is fixed: a US dollar costs 1');
        else if (!vendor.isCurrency(currency)) {
            fault(at, `is no currency of ${vendor.name}: its three-letter code in lower case`);
        }
        if (typeof rate !== 'number' || !(rate > 0 && rate <= MAX_PER_UNIT)) {
            fault(at, `must be the US dollars of one unit: a number above 0, up to ${MAX_PER_UNIT}`);
        }
    }
}
function priceFaults(price, vendor, path, calls, fault) {
    if (!isObject(price))
        return fault(path, 'must be an object with call, and usd or field');
    unknownKeys(price, ['call', 'usd', 'field', 'currency'], path, fault);
    const { call, usd, field, currency } = price;
    callFaults(call, vendor, `${path}.call`, calls, fault);
    if ((usd === undefined) === (field === undefined)) {
        fault(path, 'must have either usd or field');
    }
    if (usd !== undefined && !isFlatPrice(usd)) {
        fault(`${path}.usd`, `must be a number of US dollars above 0, up to ${MAX_FLAT_USD}, with at most 6 decimals: what costs nothing stands under free`);
    }
    if (field !== undefined && (typeof field !== 'string' || !/^[a-z][a-z0-9_]*$/.test(field))) {
        fault(`${path}.field`, 'must be the name of a top-level parameter');
    }
    if (field === 'currency' || field === 'metadata') {
        fault(`${path}.field`, `is ${field}, which is no amount`);
    }
    if (currency === undefined)
        return;
    if (field === undefined)
        fault(`${path}.currency`, 'says something only beside field');
    if (typeof currency !== 'string' || !vendor.isCurrency(currency)) {
        fault(`${path}.currency`, `is no currency of ${vendor.name}: its three-letter code in lower case`);
    }
}
function callFaults(call, vendor, path, calls, fault) {
    if (typeof call !== 'string')
        return fault(path, 'must be a call such as "POST /v1/invoices"');
    const pattern = (0, pattern_1.parsePattern)(call, vendor.pathPrefix);
    if ('fault' in pattern)
        return fault(path, pattern.fault);
    if (pattern.method === undefined || pattern.method === 'GET') {
        return fault(path, 'must begin with a method other than GET, such as "POST /v1/invoices"');
    }
    const name = tableCall(call, vendor);
    if (name.split(' ')[1]?.startsWith('*') === true) {
        return fault(path, 'must name its resource: "*" cannot stand first');
    }
    if (vendor.pricedCalls.includes(name))
        return fault(path, 'has a price that the broker knows itself');
    if (calls.has(name))
        return fault(path, 'is given twice');
    calls.add(name);
}
/** Every entry of a list, or the fault of what is none. */
function eachOf(list, path, fault, check) {
    if (list === undefined)
        return;
    if (!Array.isArray(list))
        return fault(path, 'must be an array');
    list.forEach((entry, i) => check(entry, `${path}[${i}]`));
}
function isFlatPrice(usd) {
    return (typeof usd === 'number' &&
        usd > 0 &&
        usd <= MAX_FLAT_USD &&
        (/^\d+(?:\.\d{1,6})?$/.test(String(usd)) || usd === 1e-6));
}
function flatMicros(usd = 0) {
    const rate = (0, currency_1.rateOf)(usd);
    return rate === undefined ? currency_1.MAX_MICROS : (0, currency_1.microsAt)(rate, 1, 0);
}
/** `POST /v1/invoices` as a {@link CallTable} names it: `POST invoices`. */
function tableCall(call, vendor) {
    return call.replace(` ${vendor.pathPrefix}`, ' ');
}
/** The settings of a vendor of which the operator says nothing. */
exports.NO_VENDOR_SETTINGS = {
    connections: connection_shares_1.DEFAULT_CONNECTIONS,
    prices: { rates: currency_1.NO_RATES, calls: new call_table_1.CallTable([]) },
    accounts: new Set(),
    headers: new Set(),
    limits: body_limits_1.DEFAULT_BODY_LIMITS,
};
