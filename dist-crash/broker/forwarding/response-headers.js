"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.relayedHeaders = relayedHeaders;
/** Hop-by-hop, or able to act on a browser or a proxy on the way, or ours. */
const DROPPED = new Set([
    'connection',
    'keep-alive',
    'proxy-connection',
    'proxy-authenticate',
    'proxy-authorization',
    'proxy-authentication-info',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'set-cookie',
    'set-cookie2',
    'location',
    'content-location',
    'strict-transport-security',
    'content-security-policy',
    'content-security-policy-report-only',
    'x-content-type-options',
    'www-authenticate',
    'alt-svc',
    'clear-site-data',
    'refresh',
    'link',
    'nel',
    'report-to',
    'reporting-endpoints',
    'service-worker-allowed',
    'sourcemap',
    'x-sourcemap',
    'timing-allow-origin',
    'x-sendfile',
    'x-powered-by',
    'server',
]);
const DROPPED_PREFIXES = ['access-control-', 'x-accel-', 'x-vault-key-'];
const MAX_KNOWN = 512;
/** Whether a header of that name is dropped. A vendor sends the same few with every answer. */
const known = new Map();
/** So that a browser runs nothing of an answer, whatever the vendor put into it. */
const INERT = {
    'x-content-type-options': 'nosniff',
    'content-security-policy': 'sandbox',
};
/** The vendor's headers as they go on to the caller. */
function relayedHeaders(headers, secret) {
    const named = namedBy(headers['connection']);
    const relayed = {};
    for (const name in headers) {
        const value = headers[name];
        if (value === undefined || isDropped(name) || named?.includes(name) === true)
            continue;
        const shows = typeof value === 'string'
            ? value.includes(secret)
            : value.some((text) => text.includes(secret));
        if (!shows)
            relayed[name] = value;
    }
    return Object.assign(relayed, INERT);
}
/** The headers that `Connection` makes hop-by-hop. */
function namedBy(connection) {
    if (connection === undefined || connection === 'keep-alive' || connection === 'close') {
        return undefined;
    }
    return String(connection)
        .toLowerCase()
        .split(',')
        .map((token) => token.trim());
}
function isDropped(name) {
    const answer = known.get(name);
    if (answer !== undefined)
        return answer;
    // Some readers take `X_Vault_Key_Verdict` for `X-Vault-Key-Verdict`.
    const spelled = name.replaceAll('_', '-');
    const dropped = DROPPED.has(spelled) || DROPPED_PREFIXES.some((prefix) => spelled.startsWith(prefix));
    if (known.size >= MAX_KNOWN)
        known.clear();
    known.set(name, dropped);
    return dropped;
}
