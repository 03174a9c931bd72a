"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.VendorConnection = void 0;
const undici_1 = require("undici");
const answer_body_1 = require("./answer-body");
const connection_shares_1 = require("./connection-shares");
/** More of an answer than this is not read for what it says of money. */
const MAX_CAPTURE_BYTES = 1_048_576;
const CONNECT_TIMEOUT_MS = 10_000;
/** Keep-alive connections to one vendor's API. Follows no redirects, retries nothing. */
class VendorConnection {
    origin;
    #pool;
    #shares;
    timeoutMs;
    constructor(origin, { timeoutMs, connections = connection_shares_1.DEFAULT_CONNECTIONS, maxPerKey, proxy }) {
        this.origin = origin;
        this.timeoutMs = timeoutMs;
        this.#shares = new connection_shares_1.ConnectionShares(connections, maxPerKey);
        const connectMs = Math.min(CONNECT_TIMEOUT_MS, timeoutMs);
        const options = { connections, pipelining: 1, headersTimeout: 0, bodyTimeout: timeoutMs };
        // Said here, so that no NODE_TLS_REJECT_UNAUTHORIZED in the environment unsays it.
        const tls = { timeout: connectMs, rejectUnauthorized: true };
        this.#pool =
            proxy === undefined
                ? new undici_1.Pool(origin, { ...options, connect: tls })
                : new undici_1.ProxyAgent({
                    ...options,
                    uri: proxy.href,
                    requestTls: tls,
                    proxyTls: tls,
                    // A proxy that takes the connection and says nothing more must not keep it.
                    clientFactory: (to, pool) => new undici_1.Pool(to, { ...pool, headersTimeout: connectMs }),
                });
    }
    /**
     * Takes a connection for one exchange; it is the caller's to give back when the exchange ends.
     *
     * @throws BrokerRefusal 503 `overloaded` where none is free within a second, also by rejecting.
     */
    reserve(caller) {
        return this.#shares.reserve(caller);
    }
    /**
     * Sends a request. Resolves with the head of the answer, or with `undefined` where none came;
     * `onEnd` is called once, before the answer's body ends, with what became of the exchange. The
     * exchange is followed even where the answer's body is destroyed; the rest of it then has one
     * time-out to arrive. A body that nobody reads for a time-out is destroyed.
     */
    exchange(request, capture, onEnd) {
        return new Promise((resolve) => {
            const exchange = new Exchange(this.timeoutMs, capture, onEnd, resolve);
            this.#pool.dispatch({
                origin: this.origin,
                method: request.method,
                path: request.path,
                headers: request.headers,
                body: request.body ?? null,
            }, exchange);
        });
    }
    async close() {
        await this.#pool.close();
    }
    async destroy() {
        await this.#pool.destroy();
    }
}
exports.VendorConnection = VendorConnection;
class Exchange {
    readTimeoutMs;
    onEnd;
    onHead;
    #controller;
    #sent = false;
    #timedOut = false;
    #status = 0;
    #headers = {};
    #body;
    #ended = false;
    #captured;
    #capturedBytes = 0;
    /** For the head first, then for what is left after the reader. */
    #timer;
    constructor(readTimeoutMs, capture, onEnd, onHead) {
        this.readTimeoutMs = readTimeoutMs;
        this.onEnd = onEnd;
        this.onHead = onHead;
        if (capture)
            this.#captured = [];
        this.#timer = setTimeout(() => {
            this.#timedOut = true;
            if (this.#controller === undefined)
                this.#fail('no connection in time');
            else
                this.#controller.abort(new Error('the vendor did not answer in time'));
        }, readTimeoutMs);
    }
    onRequestStart(controller) {
        this.#controller = controller;
        // Given up while it waited for a connection: it must not leave any more.
        if (this.#ended)
            controller.abort(new Error('the call has ended'));
        else
            this.#sent = true;
    }
    onResponseStart(_controller, status, headers) {
        if (status < 200)
            return;
        clearTimeout(this.#timer);
        this.#status = status;
        this.#headers = headers;
        this.#body = new answer_body_1.AnswerBody(this);
        this.onHead({ status, headers, body: this.#body });
    }
    onResponseData(_controller, chunk) {
        if (this.#captured !== undefined) {
            this.#capturedBytes += chunk.length;
            if (this.#capturedBytes > MAX_CAPTURE_BYTES)
                this.#captured = undefined;
            else
                this.#captured.push(chunk);
        }
        this.#body?.push(chunk);
    }
    onResponseEnd() {
        clearTimeout(this.#timer);
        if (this.#ended)
            return;
        this.#ended = true;
        this.onEnd({
            kind: 'complete',
            status: this.#status,
            headers: this.#headers,
            ...(this.#captured === undefined ? {} : { body: whole(this.#captured) }),
        });
        this.#body?.end();
    }
    onResponseError(_controller, error) {
        this.#fail(causeOf(error));
    }
    pause() {
        this.#controller?.pause();
    }
    resume() {
        this.#controller?.resume();
    }
    /** The rest flows and is dropped, so that the call can be settled. */
    drain() {
        if (this.#ended)
            return;
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#controller?.abort(new Error('the vendor did not end its answer in time')), this.readTimeoutMs);
        this.#controller?.resume();
    }
    #fail(cause) {
        clearTimeout(this.#timer);
        if (this.#ended)
            return;
        this.#ended = true;
        if (this.#body === undefined) {
            this.onEnd({ kind: 'failed', sent: this.#sent, timedOut: this.#timedOut, cause });
            this.onHead(undefined);
        }
        else {
            this.onEnd({ kind: 'cut', status: this.#status, headers: this.#headers });
            this.#body.cut();
        }
    }
}
function whole(chunks) {
    const [only] = chunks;
    return only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks);
}
/** The code of an error: its words may hold what a proxy or a vendor has sent. */
function causeOf(error) {
    const proxyStatus = /^Proxy response \((\d{3})\)/.exec(error.message)?.[1];
    if (proxyStatus !== undefined)
        return `the proxy answered ${proxyStatus}`;
    const { code, cause } = error;
    return code ?? cause?.code ?? error.name;
}
