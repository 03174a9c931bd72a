"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.proxyFor = proxyFor;
const broker_options_1 = require("../broker.options");
const VARIABLES = ['https_proxy', 'HTTPS_PROXY'];
/**
 * The proxy for a vendor, by `HTTPS_PROXY` and `NO_PROXY`. Only an `https:` vendor beyond this
 * machine has one: a proxy would read what goes to any other, and its secret with it.
 */
function proxyFor(vendor, env) {
    if (vendor.protocol !== 'https:' || (0, broker_options_1.isLoopback)(vendor.hostname))
        return undefined;
    const variable = VARIABLES.find((name) => (env[name] ?? '') !== '');
    if (variable === undefined || isExcepted(vendor, env['no_proxy'] ?? env['NO_PROXY'] ?? '')) {
        return undefined;
    }
    const url = proxyUrl(env[variable] ?? '');
    return url === undefined
        ? { variable, fault: 'must be a URL such as "http://proxy.example.com:3128"' }
        : { variable, url };
}
function proxyUrl(text) {
    try {
        const url = new URL(text);
        // Credentials that are not well-formed would only fail with the first call.
        decodeURIComponent(url.username + url.password);
        const isProxy = url.protocol === 'http:' || url.protocol === 'https:';
        return isProxy && url.pathname === '/' && url.search === '' ? url : undefined;
    }
    catch {
        return undefined;
    }
}
/** A name in the list stands for its subdomains too; one that begins with a dot for those alone. */
function isExcepted({ hostname, port }, list) {
    return list.split(/[\s,]+/).some((entry) => {
        const [, name = '', entryPort = ''] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
        if (name === '' || (entryPort !== '' && entryPort !== (port || '443')))
            return false;
        if (name === '*')
            return true;
        const suffix = name.replace(/^\*?\./, '.');
        return suffix.startsWith('.')
            ? hostname.endsWith(suffix)
            : hostname === suffix || hostname.endsWith(`.${suffix}`);
    });
}
