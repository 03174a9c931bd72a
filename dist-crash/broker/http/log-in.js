"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.LogIn = void 0;
const node_crypto_1 = require("node:crypto");
const node_perf_hooks_1 = require("node:perf_hooks");
const request_headers_1 = require("../forwarding/request-headers");
const refusal_1 = require("../refusal");
const WINDOW_MS = 60_000;
const MAX_FAILURES = 30;
const MAX_ADDRESSES = 10_000;
/**
 * Tells whoever holds the management token from all others. The token always gets in, however
 * often others at the same address have failed: nobody there can keep an operator from a brake.
 */
class LogIn {
    #tokenHash;
    #failures = new Map();
    constructor(token) {
        this.#tokenHash = sha256(token);
    }
    /** @throws BrokerRefusal 401, and 429 after too many of those. */
    check(req, now = node_perf_hooks_1.performance.now()) {
        const sent = req.headersDistinct['authorization'] ?? [];
        const token = sent.length === 1 ? (0, request_headers_1.bearerToken)(sent[0]) : undefined;
        if (token !== undefined && (0, node_crypto_1.timingSafeEqual)(sha256(token), this.#tokenHash))
            return;
        const wait = this.#countFailure(req.socket.remoteAddress ?? '', now);
        if (wait > 0) {
            throw new refusal_1.BrokerRefusal(429, 'too_many_log_ins', 'Too many requests from this address had no valid management token.', {}, { 'retry-after': String(Math.ceil(wait / 1_000)) });
        }
        throw new refusal_1.BrokerRefusal(401, 'unauthorized', 'The management API needs its token: Authorization: Bearer <KEYBRAKE_TOKEN>.', {}, { 'www-authenticate': 'Bearer' });
    }
    /** How long the address has to wait before it is told anything but to wait. */
    #countFailure(address, now) {
        const known = this.#failures.get(address);
        if (known !== undefined && now - known.since < WINDOW_MS) {
            known.count += 1;
            return known.count > MAX_FAILURES ? known.since + WINDOW_MS - now : 0;
        }
        this.#failures.delete(address);
        const [oldest] = this.#failures.keys();
        if (this.#failures.size >= MAX_ADDRESSES && oldest !== undefined)
            this.#failures.delete(oldest);
        this.#failures.set(address, { since: now, count: 1 });
        return 0;
    }
}
exports.LogIn = LogIn;
function sha256(text) {
    return (0, node_crypto_1.createHash)('sha256').update(text).digest();
}
