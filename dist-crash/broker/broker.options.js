"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.BrokerOptionsError = exports.DEFAULT_VENDOR_TIMEOUT = exports.DEFAULT_STORE = exports.MIN_AUDIT_KEY_LENGTH = exports.BROKER_LIMITS = void 0;
exports.parseTimeout = parseTimeout;
exports.parseStore = parseStore;
exports.auditKeyFault = auditKeyFault;
exports.acceptedDoubtsFault = acceptedDoubtsFault;
exports.brokerOptionFaults = brokerOptionFaults;
exports.brokerRuleFaults = brokerRuleFaults;
exports.baseUrlFault = baseUrlFault;
exports.isLoopback = isLoopback;
const node_net_1 = require("node:net");
const store_doubt_1 = require("./ledger/store-doubt");
const vendors_1 = require("./pricing/vendors");
const vendor_options_1 = require("./vendor.options");
/** The highest that each limit may be set to. */
exports.BROKER_LIMITS = {
    callsPerKey: 65_536,
};
/** The shortest audit key that is taken. */
exports.MIN_AUDIT_KEY_LENGTH = 32;
/** Where the store is unless the options say otherwise. */
exports.DEFAULT_STORE = 'sqlite:./vault-key.db';
/** How long a vendor may take unless the options say otherwise. */
exports.DEFAULT_VENDOR_TIMEOUT = '80s';
const TIMEOUT_UNIT_MS = { ms: 1, s: 1_000, m: 60_000 };
const MAX_TIMEOUT_MS = 600_000;
const SECRET = /^[\x21-\x7e]+$/;
/** The set-up is not valid: every fault at once. */
class BrokerOptionsError extends Error {
    faults;
    constructor(faults) {
        super(faults.map(({ path, message }) => `${path} ${message}`.trim()).join('; '));
        this.faults = faults;
        this.name = 'BrokerOptionsError';
    }
}
exports.BrokerOptionsError = BrokerOptionsError;
/** A vendor time-out in milliseconds; `undefined` where the text is none from 1ms to 10m. */
function parseTimeout(text) {
    const match = /^([1-9]\d{0,8})(ms|s|m)$/.exec(text);
    if (match === null)
        return undefined;
    const ms = Number(match[1]) * (TIMEOUT_UNIT_MS[match[2] ?? ''] ?? Number.NaN);
    return ms <= MAX_TIMEOUT_MS ? ms : undefined;
}
/** The file of a `sqlite:` store, or what is wrong with the setting. */
function parseStore(store) {
    const file = store.startsWith('sqlite:') ? store.slice('sqlite:'.length) : '';
    if (file === '' || file.includes('\0')) {
        return { fault: 'must be sqlite:<path> or sqlite::memory:, such as "sqlite:./vault-key.db"' };
    }
    return { file };
}
/** What is wrong with an audit key; `undefined` where nothing is. */
function auditKeyFault(key) {
    if (key.length < exports.MIN_AUDIT_KEY_LENGTH) {
        return `must have at least ${exports.MIN_AUDIT_KEY_LENGTH} characters`;
    }
    return key.trim() === key
        ? undefined
        : 'must not begin or end with a blank or a line break: with one more or less, the log never verifies again';
}
/** What is wrong with the doubts that are to be accepted; `undefined` where nothing is. */
function acceptedDoubtsFault(doubts) {
    const known = store_doubt_1.STORE_DOUBTS;
    return Array.isArray(doubts) && doubts.every((doubt) => known.includes(doubt))
        ? undefined
        : `must be some of ${store_doubt_1.STORE_DOUBTS.join(', ')}`;
}
/** Everything wrong with the options; empty where nothing is. */
function brokerOptionFaults(options) {
    const faults = [];
    const fault = (path, message) => {
        if (message !== undefined)
            faults.push({ path, message });
    };
    const store = parseStore(options.store ?? exports.DEFAULT_STORE);
    if ('fault' in store)
        fault('store', store.fault);
    if (parseTimeout(options.vendorTimeout ?? exports.DEFAULT_VENDOR_TIMEOUT) === undefined) {
        fault('vendorTimeout', 'must be a number and ms, s or m, from 1ms to 10m, such as "80s"');
    }
    if (options.auditKey !== undefined)
        fault('auditKey', auditKeyFault(options.auditKey));
    if (options.acceptStore !== undefined) {
        fault('acceptStore', acceptedDoubtsFault(options.acceptStore));
    }
    brokerRuleFaults(options, fault);
    const names = Object.keys(options.vendors);
    if (names.length === 0)
        fault('vendors', 'must have at least one vendor, such as "stripe"');
    for (const name of names) {
        const vendor = options.vendors[name];
        if (!vendors_1.vendors.has(name))
            continue;
        if (typeof vendor?.secretKey !== 'string' || !SECRET.test(vendor.secretKey)) {
            fault(`vendors.${name}.secretKey`, 'must be the account\'s secret key without spaces, such as a restricted key "rk_live_…"');
        }
        if (vendor?.baseUrl !== undefined)
            fault(`vendors.${name}.baseUrl`, baseUrlFault(vendor.baseUrl));
    }
    return faults;
}
/** Finds everything wrong with what options and config file have in common. */
function brokerRuleFaults(rules, fault) {
    if (rules.limits !== undefined)
        (0, vendor_options_1.limitFaults)(rules.limits, exports.BROKER_LIMITS, 'limits', fault);
    for (const [name, vendor] of Object.entries((0, vendor_options_1.isObject)(rules.vendors) ? rules.vendors : {})) {
        const known = vendors_1.vendors.get(name);
        if (known === undefined) {
            fault(`vendors.${name}`, `is not a known vendor: ${[...vendors_1.vendors.keys()].join(', ')}`);
        }
        else if ((0, vendor_options_1.isObject)(vendor)) {
            (0, vendor_options_1.vendorRuleFaults)(vendor, known, `vendors.${name}`, fault);
        }
        else {
            fault(`vendors.${name}`, 'must be an object');
        }
    }
}
/** What is wrong with a vendor's URL; `undefined` where nothing is. */
function baseUrlFault(text) {
    let url;
    try {
        url = new URL(text);
    }
    catch {
        return 'must be a URL such as "https://api.stripe.com"';
    }
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
        return 'must be an https: URL (http: is taken only to loopback)';
    }
    if (url.pathname !== '/' ||
        url.search !== '' ||
        url.hash !== '' ||
        url.username !== '' ||
        url.password !== '') {
        return 'must be an origin alone, without path, query or credentials';
    }
    return undefined;
}
/** Whether a URL's host is this machine. */
function isLoopback(hostname) {
    if (hostname === 'localhost' || hostname === '[::1]')
        return true;
    return (0, node_net_1.isIP)(hostname) === 4 && hostname.startsWith('127.');
}
