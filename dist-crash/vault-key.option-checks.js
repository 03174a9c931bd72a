"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.optional = void 0;
exports.Sound = Sound;
exports.section = section;
exports.budgetsSection = budgetsSection;
exports.budgetCap = budgetCap;
exports.leaseSection = leaseSection;
exports.leaseTtl = leaseTtl;
exports.callable = callable;
exports.managementToken = managementToken;
exports.vendorSecret = vendorSecret;
exports.auditKey = auditKey;
exports.acceptedDoubts = acceptedDoubts;
exports.dialectName = dialectName;
exports.vendorUrl = vendorUrl;
exports.storeUrl = storeUrl;
exports.duration = duration;
exports.brokerUrl = brokerUrl;
exports.serverUrl = serverUrl;
exports.hostNames = hostNames;
exports.isRecord = isRecord;
const class_validator_1 = require("class-validator");
const broker_options_1 = require("./broker/broker.options");
const budget_1 = require("./broker/budgets/budget");
const usd_1 = require("./broker/money/usd");
const vault_key_policy_1 = require("./vault-key/vault-key-policy");
const MAX_LEASE_TTL_SECONDS = 86_400;
const SECRET = /^[\x21-\x7e]{1,4096}$/;
/** A class-validator rule that is a {@link Check}, with what right looks like. */
function Sound(check, example) {
    const fault = (value, args) => check(value, (args?.object ?? {}));
    return (0, class_validator_1.ValidateBy)({
        name: check.name,
        validator: {
            validate: (value, args) => fault(value, args) === undefined,
            defaultMessage: (args) => fault(args?.value, args) ?? 'is invalid',
        },
    }, { context: { example } });
}
exports.optional = (0, class_validator_1.ValidateIf)((_options, value) => value !== undefined);
function section(value) {
    if (isRecord(value))
        return undefined;
    return value === undefined ? 'is missing' : 'must be an object';
}
function budgetsSection(value) {
    if (!isRecord(value))
        return section(value);
    return budget_1.APP_BUDGET_SCOPES.some((scope) => value[scope] !== undefined)
        ? undefined
        : `must hold a cap for at least one of ${budget_1.APP_BUDGET_SCOPES.join(', ')}`;
}
function budgetCap(value) {
    return (0, usd_1.capFault)((0, vault_key_policy_1.toWholeCents)(value));
}
function leaseSection(value) {
    return isRecord(value) ? undefined : 'must be true, false or an object';
}
function leaseTtl(value) {
    return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_LEASE_TTL_SECONDS
        ? undefined
        : `must be a whole number of seconds from 1 to ${MAX_LEASE_TTL_SECONDS}`;
}
function callable(value) {
    return typeof value === 'function' ? undefined : 'must be a function';
}
function managementToken(value) {
    if (value === undefined || value === '') {
        return 'is missing: set KEYBRAKE_TOKEN in the environment of this process, or pass it';
    }
    return SECRET.test(typeof value === 'string' ? value : '')
        ? undefined
        : 'must be a string of printable ASCII characters without spaces or line breaks';
}
function vendorSecret(value) {
    if (value === undefined || value === '')
        return 'is missing';
    return SECRET.test(typeof value === 'string' ? value : '')
        ? undefined
        : 'must be a string of printable ASCII characters without spaces or line breaks';
}
function auditKey(value) {
    if (typeof value !== 'string')
        return 'must be a string of at least 32 characters';
    return (0, broker_options_1.auditKeyFault)(value);
}
function acceptedDoubts(value) {
    return (0, broker_options_1.acceptedDoubtsFault)(value);
}
function dialectName(value) {
    return value === 'keybrake' || value === 'vault-key'
        ? undefined
        : 'must be "keybrake" or "vault-key"';
}
function vendorUrl(value) {
    return typeof value === 'string' ? (0, broker_options_1.baseUrlFault)(value) : 'must be a string';
}
function storeUrl(value) {
    if (typeof value !== 'string')
        return 'must be a string';
    const store = (0, broker_options_1.parseStore)(value);
    return 'fault' in store ? store.fault : undefined;
}
function duration(value) {
    return typeof value === 'string' && (0, broker_options_1.parseTimeout)(value) !== undefined
        ? undefined
        : 'must be digits and ms, s or m, from 1ms to 10m';
}
/** As {@link serverUrl}, of what has no default. */
function brokerUrl(value, options) {
    return value === undefined
        ? "is missing: pass it, or set KEYBRAKE_URL in the environment of this process; Keybrake's own is https://api.keybrake.com"
        : serverUrl(value, options);
}
// What was given is never shown: a URL may hold credentials.
function serverUrl(value, { allowPlainHttp }) {
    if (typeof value !== 'string' || !URL.canParse(value))
        return 'must be an absolute URL';
    const url = new URL(value);
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
        return 'must be an https: URL';
    if (url.protocol === 'http:' && !(0, broker_options_1.isLoopback)(url.hostname)) {
        const allowed = hostNames(allowPlainHttp) === undefined ? allowPlainHttp : [];
        if (!allowed.some((host) => hostOf(host) === url.hostname)) {
            return 'must be an https: URL: plain http:, with which the token goes in the clear, is for loopback and for the hosts that allowPlainHttp names';
        }
    }
    if (url.username !== '' || url.password !== '')
        return 'must not hold credentials';
    if (url.search !== '' || url.hash !== '')
        return 'must have no query and no fragment';
    return undefined;
}
function hostNames(value) {
    const sound = Array.isArray(value) &&
        value.every((host) => typeof host === 'string' && hostOf(host) !== undefined);
    return sound
        ? undefined
        : 'must be an array of host names or addresses, without scheme, port or wildcard';
}
/** The host as a URL spells it; `undefined` for what is no host alone. */
function hostOf(host) {
    const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
    if (!/^[\w.[\]:-]+$/.test(name) || !URL.canParse(`http://${name}`))
        return undefined;
    const url = new URL(`http://${name}`);
    return url.port === '' ? url.hostname : undefined;
}
function isRecord(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}
