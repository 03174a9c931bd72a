"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.createBrokerServer = createBrokerServer;
const node_http_1 = require("node:http");
const node_https_1 = require("node:https");
const node_stream_1 = require("node:stream");
const call_counts_1 = require("../metrics/call-counts");
const refusal_log_1 = require("../metrics/refusal-log");
const refusal_1 = require("../refusal");
const answers_1 = require("./answers");
const management_1 = require("./management");
const open_answers_1 = require("./open-answers");
const MAX_HEADER_BYTES = 16_384;
/** What Node calls a request that did not arrive in time. */
const REQUEST_TIMEOUT = 'ERR_HTTP_REQUEST_TIMEOUT';
/** The codes that tell a caller of the management API that it is not known. */
const UNKNOWN_CALLER = new Set([
    'unauthorized',
    'too_many_log_ins',
    'invalid_key',
]);
const LIMITS = {
    headersMs: 10_000,
    requestMs: 30_000,
    // Longer than clients keep an idle connection, so that it is they who close it.
    idleMs: 75_000,
};
/** The broker on a socket: the management API below `/v1/`, the proxy below `/{vendor}/`. */
function createBrokerServer(broker, options) {
    const limits = { ...LIMITS, ...options.limits };
    const handler = new BrokerHandler(broker, options.token, options.log ?? (() => { }));
    const settings = {
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: limits.headersMs,
        requestTimeout: limits.requestMs,
        keepAliveTimeout: limits.idleMs,
        connectionsCheckingInterval: Math.min(1_000, limits.headersMs),
        // Node's own refusal of it would have no body.
        requireHostHeader: false,
    };
    const listener = (req, res) => handler.handle(req, res);
    const server = options.tls === undefined
        ? (0, node_http_1.createServer)(settings, listener)
        : (0, node_https_1.createServer)({ ...settings, ...options.tls }, listener);
    // Headers past Node's default count would be dropped without a word.
    server.maxHeadersCount = 0;
    server.on('checkExpectation', (req, res) => handler.handle(req, res, invalidRequest('The only expectation that is met is 100-continue.')));
    server.on('connect', (req, socket) => handler.refuseUnparsed(socket, (0, refusal_1.notFound)('There is no such vendor, and no tunnel.')));
    server.on('clientError', (error, socket) => {
        handler.refuseBroken(socket, error.code);
    });
    return server;
}
class BrokerHandler {
    broker;
    #counts = new call_counts_1.CallCounts();
    #openAnswers = new open_answers_1.OpenAnswers();
    #management;
    #refusals;
    constructor(broker, token, log) {
        this.broker = broker;
        this.#management = new management_1.Management(broker, token, this.#counts);
        this.#refusals = new refusal_log_1.RefusalLog(log);
    }
    handle(req, res, fault = framingFault(req)) {
        this.#openAnswers.begin(req, res);
        // What is left of a body that was refused half read would stand before the next request.
        res.once('finish', () => req.resume());
        const url = req.url ?? '';
        const mark = url.indexOf('?');
        const path = mark === -1 ? url : url.slice(0, mark);
        const query = mark === -1 ? '' : url.slice(mark + 1);
        const route = fault === undefined ? this.#route(req, res, path, query) : Promise.reject(fault);
        route.catch((error) => {
            const refusal = error instanceof refusal_1.BrokerRefusal ? error : (0, refusal_1.storeUnavailable)(error);
            if (!this.#management.serves(path) || UNKNOWN_CALLER.has(refusal.code)) {
                this.#noteUnknown(refusal.status, refusal.code, req.socket.remoteAddress);
            }
            (0, answers_1.sendRefusal)(res, refusal);
        });
    }
    /** Refuses what never became a request, in the one shape. */
    refuseUnparsed(socket, refusal) {
        const { remoteAddress } = socket;
        if (this.#openAnswers.refuse(socket, refusal)) {
            this.#noteUnknown(refusal.status, refusal.code, remoteAddress);
        }
    }
    /** Refuses what Node's parser could not read; a connection that broke has nobody to be told. */
    refuseBroken(socket, code = '') {
        if (code === 'HPE_INVALID_EOF_STATE') {
            // A caller that went away in mid-request: it may still listen, but it is no one's fault.
            this.#openAnswers.refuse(socket, unparsed(code));
        }
        else if (code.startsWith('HPE_') || code === REQUEST_TIMEOUT) {
            this.refuseUnparsed(socket, unparsed(code));
        }
        else {
            socket.destroy();
        }
    }
    async #route(req, res, path, query) {
        if (path === '/healthz' || path === '/readyz') {
            if (req.method !== 'GET')
                throw (0, refusal_1.methodNotAllowed)(['GET']);
            if (path === '/healthz')
                (0, answers_1.sendJson)(res, 200, { status: 'alive' });
            else
                (0, answers_1.sendJson)(res, 200, { status: 'ready', store: await this.broker.state() });
            return;
        }
        if (this.#management.serves(path))
            return this.#management.handle(req, res, path, query);
        await this.#forward(req, res);
    }
    async #forward(req, res) {
        const url = req.url ?? '';
        const vendor = /^\/([a-z][a-z0-9-]{0,31})\//.exec(url)?.[1];
        if (vendor === undefined || !this.broker.hasVendor(vendor)) {
            throw (0, refusal_1.notFound)('There is no such vendor, and nothing else at this path.');
        }
        const { headers } = req;
        const { remoteAddress } = req.socket;
        const hasBody = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
        const answer = await this.broker.forward({
            vendor,
            method: req.method ?? '',
            target: url.slice(vendor.length + 1),
            rawHeaders: req.rawHeaders,
            ...(hasBody ? { body: req.iterator({ destroyOnReturn: false }) } : {}),
            ...(remoteAddress === undefined ? {} : { remoteAddress }),
        });
        const verdict = String(answer.headers['x-vault-key-verdict']);
        if (answer.unknownCaller === true)
            this.#noteUnknown(answer.status, verdict, remoteAddress);
        else
            this.#counts.call(vendor, verdict);
        if (verdict === refusal_1.CALLER_GONE)
            return;
        if (res.destroyed) {
            // Its caller has gone: the call is followed to its end without it.
            answer.body.destroy();
            return;
        }
        try {
            res.writeHead(answer.status, answer.headers);
        }
        catch (error) {
            answer.body.destroy();
            throw error;
        }
        // An answer that breaks off takes the connection with it, so that no one reads a clean end; a
        // client that goes away destroys the body, and the call is followed to its end without it.
        // To HTTP/1.0 the end of the connection is the end of the answer, unless it is reset.
        if (req.httpVersionMinor === 0)
            answer.body.once('error', () => req.socket.resetAndDestroy());
        (0, node_stream_1.pipeline)(answer.body, res, () => { });
    }
    #noteUnknown(status, code, address) {
        this.#counts.unknownCaller(code);
        this.#refusals.note(status, code, address);
    }
}
/** What is wrong with a request that Node has parsed, before anything else is looked at. */
function framingFault({ httpVersion, rawHeaders }) {
    let hosts = 0;
    for (let i = 0; i < rawHeaders.length; i += 2) {
        const name = rawHeaders[i] ?? '';
        if (name.length === 4 && name.toLowerCase() === 'host')
            hosts += 1;
    }
    if (hosts === 1 || (hosts === 0 && httpVersion === '1.0'))
        return undefined;
    return invalidRequest(`The header host is given ${hosts === 0 ? 'nowhere' : 'more than once'}.`);
}
/** What Node's own parser refuses. */
function unparsed(code) {
    switch (code) {
        case 'HPE_HEADER_OVERFLOW':
            return new refusal_1.BrokerRefusal(431, 'headers_too_large', `The headers are larger than ${MAX_HEADER_BYTES} bytes.`);
        case REQUEST_TIMEOUT:
            return new refusal_1.BrokerRefusal(408, 'request_timeout', 'The request did not arrive in time.');
        default:
            return invalidRequest('The request is not valid HTTP.');
    }
}
function invalidRequest(message) {
    return new refusal_1.BrokerRefusal(400, 'invalid_request', message);
}
