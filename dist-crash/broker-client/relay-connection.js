"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.RelayConnection = void 0;
const node_stream_1 = require("node:stream");
const node_zlib_1 = require("node:zlib");
const undici_1 = require("undici");
const DECODERS = {
    br: node_zlib_1.createBrotliDecompress,
    deflate: node_zlib_1.createInflate,
    gzip: node_zlib_1.createUnzip,
    'x-gzip': node_zlib_1.createUnzip,
};
/** Kept connections to a broker's proxy, over undici. Follows no redirect, repeats nothing. */
class RelayConnection {
    limits;
    maxConnections;
    #pool;
    constructor(origin, limits, maxConnections) {
        this.limits = limits;
        this.maxConnections = maxConnections;
        this.#pool = new undici_1.Pool(origin, {
            connections: maxConnections,
            pipelining: 1,
            headersTimeout: 0,
            // Does not run while it is the reader who stands still.
            bodyTimeout: limits.answerMs,
            // Whatever NODE_TLS_REJECT_UNAUTHORIZED says: a vault key goes to nobody else.
            connect: { timeout: limits.connectMs, rejectUnauthorized: true },
        });
    }
    /** Never rejects. */
    send({ method, path, headers, body }) {
        return new Promise((resolve) => {
            const isFull = () => this.#pool.stats.running >= this.maxConnections;
            const flight = new RelayFlight(this.limits, isFull, resolve);
            this.#pool.dispatch({ method: method, path, headers, body: body ?? null }, flight);
        });
    }
    destroy() {
        return this.#pool.destroy();
    }
}
exports.RelayConnection = RelayConnection;
class RelayFlight {
    limits;
    isFull;
    onAnswer;
    #controller;
    #sent = false;
    #timedOut = false;
    #ended = false;
    #body;
    /** For the connection first, then for the head. */
    #timer;
    #lastTurn;
    constructor(limits, isFull, onAnswer) {
        this.limits = limits;
        this.isFull = isFull;
        this.onAnswer = onAnswer;
        this.#arm(limits.connectMs);
    }
    onRequestStart(controller) {
        this.#controller = controller;
        // Given up while it waited for a connection: it must not leave any more.
        if (this.#timedOut) {
            controller.abort(new Error('The call has ended.'));
            return;
        }
        this.#sent = true;
        this.#arm(this.limits.answerMs);
    }
    onResponseStart(controller, status, headers) {
        if (status < 200)
            return;
        this.#disarm();
        const body = new node_stream_1.Readable({
            read: () => controller.resume(),
            destroy: (error, done) => {
                if (!this.#ended)
                    controller.abort(error ?? new Error('Nobody reads the answer.'));
                done(error);
            },
        });
        // An answer nobody reads must not bring the process down when it breaks off.
        body.on('error', () => undefined);
        this.#body = body;
        const given = {};
        for (const [name, value] of Object.entries(headers)) {
            if (value !== undefined)
                given[name] = Array.isArray(value) ? value.join(', ') : value;
        }
        this.onAnswer({ answered: true, status, headers: given, body: decoded(body, given) });
    }
    onResponseData(controller, chunk) {
        if (this.#body?.push(chunk) === false)
            controller.pause();
    }
    onResponseEnd() {
        this.#ended = true;
        this.#body?.push(null);
    }
    onResponseError(_controller, error) {
        if (this.#body === undefined)
            this.#fail(error);
        else
            this.#body.destroy(error);
    }
    #arm(ms) {
        this.#disarm();
        const end = () => {
            this.#timedOut = true;
            if (this.#controller === undefined)
                this.#fail();
            else
                this.#controller.abort(new Error(`No answer within ${ms} ms.`));
        };
        this.#timer = setTimeout(() => {
            // A process that was busy hears of its timers first, and then of what has come meanwhile.
            this.#lastTurn = setImmediate(end);
        }, ms);
    }
    #disarm() {
        clearTimeout(this.#timer);
        clearImmediate(this.#lastTurn);
    }
    #fail(failure) {
        this.#disarm();
        const timedOut = this.#timedOut || failure?.code === 'UND_ERR_CONNECT_TIMEOUT';
        this.onAnswer({
            answered: false,
            sent: this.#sent,
            timedOut,
            queued: timedOut && !this.#sent && this.isFull(),
            ...(failure === undefined ? {} : { failure }),
        });
    }
}
/** The body as it was before something on the way compressed it unasked. */
function decoded(body, headers) {
    const decoder = DECODERS[headers['content-encoding']?.toLowerCase() ?? ''];
    if (decoder === undefined)
        return body;
    delete headers['content-encoding'];
    delete headers['content-length'];
    const plain = decoder();
    (0, node_stream_1.pipeline)(body, plain, () => undefined);
    plain.on('error', () => undefined);
    return plain;
}
