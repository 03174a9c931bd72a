"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.StripeVendor = void 0;
exports.createStripeVendor = createStripeVendor;
const node_http_1 = require("node:http");
const node_stream_1 = require("node:stream");
const promises_1 = require("node:stream/promises");
const promises_2 = require("node:timers/promises");
const endpoints_1 = require("./stripe/endpoints");
const expansion_1 = require("./stripe/expansion");
const form_params_1 = require("./stripe/form-params");
const idempotency_keys_1 = require("./stripe/idempotency-keys");
const stripe_account_1 = require("./stripe/stripe-account");
const stripe_book_1 = require("./stripe/stripe-book");
const stripe_error_1 = require("./stripe/stripe-error");
const stripe_script_1 = require("./stripe/stripe-script");
const test_cards_1 = require("./stripe/test-cards");
const HOST = '127.0.0.1';
const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/i;
const DEFAULT_KEEP = 10_000;
const DEFAULT_SECRET_KEY = 'sk_test_offline';
const DEFAULT_API_VERSION = '2026-10-28.endive';
const FORM = 'application/x-www-form-urlencoded';
const DEFAULT_CHUNK_BYTES = 65_536;
// Longer than clients keep idle connections, so that none meets a connection just being closed.
const KEEP_ALIVE_MS = 75_000;
/**
 * A Stripe with no network and no account: PaymentIntents, charges, refunds, customers and payouts as
 * Stripe's API v1 has them, over HTTP on 127.0.0.1, with test cards, `Idempotency-Key` and Stripe's own
 * errors; everything else is Stripe's 404. It keeps a {@link StripeBook} of what it executed, and does
 * wrong what a spec tells it to.
 *
 * Not modelled: balances (a payout never fails for lack of funds), fees, disputes, webhooks.
 *
 * @example
 * ```ts
 * const vendor = await createStripeVendor();
 * const stripe = new Stripe(vendor.secretKey, { host: '127.0.0.1', port: vendor.port, protocol: 'http' });
 *
 * await stripe.paymentIntents.create({ amount: 1200, currency: 'usd', confirm: true, payment_method: 'pm_card_visa', allowed_payment_method_types: ['card'] });
 * expect(vendor.book.total('usd')).toBe(1200);
 *
 * await vendor.close();
 * ```
 */
class StripeVendor {
    /** What the vendor received and executed. */
    book;
    #server;
    #secretKey;
    #script = new stripe_script_1.StripeScript();
    /** The responses a fault keeps waiting. */
    #waiting = new Set();
    #keep;
    #account;
    #idempotencyKeys;
    #sequence = 0;
    #port = 0;
    #closed;
    /** Use {@link createStripeVendor}, which also listens. */
    constructor(options = {}) {
        this.#secretKey = options.secretKey ?? DEFAULT_SECRET_KEY;
        if (!/^[\x21-\x7e]+$/.test(this.#secretKey)) {
            throw new TypeError('secretKey must be printable ASCII without spaces, and not empty.');
        }
        this.#keep = options.keep ?? DEFAULT_KEEP;
        if (!(this.#keep >= 1))
            throw new RangeError('keep must be a number of calls, 1 or more.');
        this.book = new stripe_book_1.StripeBook(this.#keep);
        this.#account = new stripe_account_1.StripeAccount(this.#keep);
        this.#idempotencyKeys = new idempotency_keys_1.IdempotencyKeys(this.#keep);
        this.#server = (0, node_http_1.createServer)({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => this.#onRequest(request, response));
    }
    /** `http://127.0.0.1:<port>`, without a path. */
    get url() {
        return `http://${HOST}:${this.#port}`;
    }
    get port() {
        return this.#port;
    }
    /** The secret key that calls must come with. Shown by no `inspect`, JSON or error. */
    get secretKey() {
        return this.#secretKey;
    }
    /**
     * How many calls, movements, idempotency keys and objects it holds in memory.
     *
     * @internal
     */
    get size() {
        const { entries, executed } = this.book;
        return entries.length + executed.length + this.#idempotencyKeys.size + this.#account.size;
    }
    /** The received calls that match, oldest first: `vendor.calls('POST /v1/refunds')`. */
    calls(match = '*') {
        return this.book.entries.filter((0, stripe_script_1.compileMatch)(match));
    }
    /**
     * Does the next calls that match wrong, in the way the fault says. Of several scripts that match a
     * call the one scripted first takes it.
     *
     * @param options.times how many calls, `Infinity` for all to come; 1 by default
     * @throws {TypeError | RangeError} for a fault or a pattern that says nothing
     * @example
     * ```ts
     * vendor.next('POST /v1/payment_intents', { decline: 'insufficient_funds' });
     * vendor.next('POST /v1/payment_intents/*', { status: 429, headers: { 'Retry-After': '1' } }, { times: 2 });
     * vendor.next('*', { reset: 'after' }); // executes, then the connection breaks
     * vendor.next('POST /v1/refunds', { status: 502, at: 'after' }); // executes, then a gateway fails
     * vendor.next('GET /v1/charges', { stream: { bytes: 100 * 1024 * 1024 } });
     * ```
     */
    next(match, fault, options = {}) {
        (0, stripe_script_1.assertFault)(fault);
        return this.#script.add(match, fault, options.times ?? 1);
    }
    /**
     * Holds the next calls that match until they are released, and then answers them as usual.
     * Held `'after'`, a call has executed and only its answer waits; held `'before'`, it executes at its
     * release, and a second call under its `Idempotency-Key` gets Stripe's 409 meanwhile.
     *
     * @param options.times how many calls; 1 by default
     * @param options.at `'after'` by default
     * @example
     * ```ts
     * const held = vendor.hold('POST /v1/payment_intents');
     * const answer = stripe.paymentIntents.create({ amount: 1200, currency: 'usd' });
     * await held.arrived;
     * // … the call is in flight
     * held.release();
     * await answer;
     * ```
     */
    hold(match = '*', options = {}) {
        return this.#script.add(match, { hold: options.at ?? 'after' }, options.times ?? 1);
    }
    /** Forgets every object, key, call and script, and breaks what is in flight. Goes on listening. */
    reset() {
        this.#script.clear('The vendor was reset before the calls arrived.');
        for (const response of this.#waiting)
            response.destroy();
        this.#waiting.clear();
        this.#account = new stripe_account_1.StripeAccount(this.#keep);
        this.#idempotencyKeys = new idempotency_keys_1.IdempotencyKeys(this.#keep);
        this.#sequence = 0;
        this.book.clear();
    }
    /** Stops listening and ends every connection at once. May be called again. */
    close() {
        this.#closed ??= new Promise((resolve) => {
            this.#script.clear('The vendor was closed before the calls arrived.');
            this.#server.close(() => resolve());
            this.#server.closeAllConnections();
        });
        return this.#closed;
    }
    /** @internal */
    listen(port) {
        return new Promise((resolve, reject) => {
            this.#server.once('error', reject);
            this.#server.listen(port, HOST, () => {
                this.#server.off('error', reject);
                this.#port = this.#server.address().port;
                resolve(this);
            });
        });
    }
    #onRequest(request, response) {
        if (isOfWebPage(request)) {
            request.resume();
            response.writeHead(403, { 'content-type': 'text/plain' }).end('This Stripe serves no page.');
            return;
        }
        const chunks = [];
        request.on('data', (chunk) => chunks.push(chunk));
        request.on('end', () => {
            const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
            const exchange = this.#openExchange(request, response, body);
            const turn = this.#script.take(exchange.call);
            if (turn === undefined) {
                this.#send(exchange, this.#execute(exchange, this.#admit(exchange)));
                return;
            }
            this.#waiting.add(response);
            void this.#play(exchange, turn)
                .catch((error) => this.#send(exchange, answerTo(error)))
                .finally(() => this.#waiting.delete(response));
        });
    }
    #openExchange(request, response, body) {
        const method = request.method ?? 'GET';
        const target = request.url ?? '/';
        const query = target.indexOf('?');
        const form = readForm(request, query === -1 ? '' : target.slice(query + 1), body);
        const apiKey = presentedKey(request.headers.authorization);
        this.#sequence += 1;
        const call = {
            sequence: this.#sequence,
            method,
            path: query === -1 ? target : target.slice(0, query),
            params: form.params,
            idempotencyKey: headerOf(request, 'idempotency-key'),
            keyLast4: apiKey === undefined ? undefined : last4(apiKey),
            headerNames: request.rawHeaders
                .filter((_, index) => index % 2 === 0)
                .map((name) => name.toLowerCase()),
            requestId: (0, stripe_account_1.newId)('req_'),
            status: undefined,
            executed: false,
            replayed: false,
            answer: 'pending',
        };
        this.book.open(call);
        response.once('close', () => {
            call.answer = response.writableFinished ? 'complete' : 'cut';
        });
        return { call, request, response, apiKey, malformed: form.malformed };
    }
    /** Everything Stripe does before an endpoint starts to execute: what fails here is stored under no key. */
    #admit(exchange) {
        const { call } = exchange;
        try {
            this.#authenticate(exchange);
            const { endpoint, id } = (0, endpoints_1.findEndpoint)(call.method, call.path);
            if (exchange.malformed !== undefined)
                throw exchange.malformed;
            const key = idempotencyKeyOf(call);
            if (key !== undefined) {
                const stored = this.#idempotencyKeys.recall(key, call.path, call.params);
                if (stored !== undefined)
                    return { answer: stored };
            }
            const prepared = endpoint.prepare(call.params);
            if (key !== undefined) {
                this.#idempotencyKeys.begin(key, call.path, call.params, call.requestId);
            }
            return { prepared, id };
        }
        catch (error) {
            return { answer: answerTo(error) };
        }
    }
    #authenticate({ request, apiKey }) {
        if (apiKey === undefined) {
            throw new stripe_error_1.StripeError(401, 'invalid_request_error', 'You did not provide an API key. You need to provide your API key in the Authorization header, ' +
                "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').");
        }
        if (apiKey !== this.#secretKey) {
            throw new stripe_error_1.StripeError(401, 'invalid_request_error', `Invalid API Key provided: ${masked(apiKey)}`);
        }
        const account = headerOf(request, 'stripe-account') ?? headerOf(request, 'stripe-context');
        if (account !== undefined) {
            throw new stripe_error_1.StripeError(403, 'invalid_request_error', `The provided key '${masked(apiKey)}' does not have access to account '${account}' (or that account does not exist).`, { code: 'account_invalid' });
        }
    }
    #execute({ call, request }, admission, decline) {
        if ('answer' in admission) {
            call.replayed = admission.answer.replayOf !== undefined;
            return admission.answer;
        }
        const { prepared, id } = admission;
        const account = this.#account;
        call.executed = true;
        let answer;
        try {
            const shown = prepared.execute({
                account,
                apiVersion: apiVersionOf(request),
                id,
                decline,
                move: (movement) => this.book.record({
                    ...movement,
                    idempotencyKey: call.idempotencyKey,
                    call: call.sequence,
                }),
            });
            answer = { status: 200, body: JSON.stringify((0, expansion_1.expand)(account, shown, prepared.expand)) };
        }
        catch (error) {
            answer = answerTo(error);
        }
        const key = idempotencyKeyOf(call);
        if (key !== undefined)
            this.#idempotencyKeys.save(key, answer);
        return answer;
    }
    async #play(exchange, turn) {
        const { call, response } = exchange;
        const { fault } = turn;
        const account = this.#account;
        // A call that waited through a reset belongs to an account that is gone, and so is its connection.
        const isStale = () => this.#account !== account;
        const delayMs = 'delayMs' in fault ? (fault.delayMs ?? 0) : 0;
        if ('status' in fault && fault.at !== 'after') {
            if (delayMs > 0)
                await (0, promises_2.setTimeout)(delayMs, undefined, { ref: false });
            if (isStale())
                return;
            const answer = scriptedAnswer(fault, call);
            if (isSaved(fault, call))
                this.#saveInstead(call, this.#admit(exchange), answer);
            this.#send(exchange, answer);
            turn.arrive();
            return;
        }
        const admission = this.#admit(exchange);
        if (delayMs > 0)
            await (0, promises_2.setTimeout)(delayMs, undefined, { ref: false });
        if (isStale())
            return;
        const strikesBefore = ('hold' in fault && fault.hold === 'before') ||
            ('hang' in fault && fault.hang === 'before') ||
            ('reset' in fault && fault.reset === 'before');
        if (strikesBefore) {
            turn.arrive();
            if ('hold' in fault) {
                await turn.released;
            }
            else {
                if ('reset' in fault)
                    response.socket?.resetAndDestroy();
                await ended(exchange);
            }
            if (isStale())
                return;
            if (!('hold' in fault)) {
                const key = idempotencyKeyOf(call);
                if (key !== undefined && 'prepared' in admission)
                    this.#idempotencyKeys.abandon(key);
                return;
            }
        }
        const decline = 'decline' in fault ? fault.decline : undefined;
        const answer = this.#execute(exchange, admission, decline);
        if (!strikesBefore)
            turn.arrive();
        if ('hold' in fault) {
            if (!strikesBefore)
                await turn.released;
            if (!isStale())
                this.#send(exchange, answer);
        }
        else if ('status' in fault) {
            const scripted = scriptedAnswer(fault, call);
            if (isSaved(fault, call))
                this.#saveInstead(call, admission, scripted);
            this.#send(exchange, scripted);
        }
        else if ('hang' in fault) {
            await ended(exchange);
        }
        else if ('reset' in fault) {
            response.socket?.resetAndDestroy();
        }
        else if ('truncate' in fault) {
            this.#sendHalf(exchange, answer);
        }
        else if ('stream' in fault) {
            await this.#sendPadded(exchange, answer, fault.stream);
        }
        else {
            this.#send(exchange, answer);
        }
    }
    #saveInstead(call, admission, answer) {
        const key = idempotencyKeyOf(call);
        if (key !== undefined && 'prepared' in admission)
            this.#idempotencyKeys.save(key, answer);
    }
    #send(exchange, answer) {
        const { call, response } = exchange;
        if (call.answer !== 'pending' || response.headersSent)
            return;
        call.status = answer.status;
        response.writeHead(answer.status, headersOf(exchange, answer, Buffer.byteLength(answer.body)));
        response.end(answer.body);
    }
    #sendHalf(exchange, answer) {
        const { call, response } = exchange;
        const body = Buffer.from(answer.body);
        call.status = answer.status;
        response.writeHead(answer.status, headersOf(exchange, answer, body.length));
        response.write(body.subarray(0, body.length >> 1), () => response.destroy());
    }
    async #sendPadded(exchange, answer, { bytes, chunkBytes = DEFAULT_CHUNK_BYTES }) {
        const { call, response } = exchange;
        const isUnknownPath = answer.status === 404 && !call.executed;
        const json = isUnknownPath ? '{}' : answer.body.toString();
        const start = Buffer.from(`${json.slice(0, -1)}${json === '{}' ? '' : ','}"padding":"`);
        const end = Buffer.from('"}');
        const padding = Math.max(0, bytes - start.length - end.length);
        const sent = isUnknownPath ? { status: 200, body: '' } : answer;
        call.status = sent.status;
        response.writeHead(sent.status, headersOf(exchange, sent, start.length + padding + end.length));
        function* body() {
            yield start;
            const chunk = Buffer.alloc(Math.min(chunkBytes, padding), 'x');
            for (let left = padding; left > 0; left -= chunk.length)
                yield chunk.subarray(0, left);
            yield end;
        }
        // A reader that goes away is the reader's affair: the book says `cut`.
        await (0, promises_1.pipeline)(node_stream_1.Readable.from(body(), { highWaterMark: 1 }), response).catch(() => undefined);
    }
}
exports.StripeVendor = StripeVendor;
/** Stripe takes keys on POST only; the other methods repeat without harm. */
function idempotencyKeyOf(call) {
    return call.method === 'POST' ? call.idempotencyKey : undefined;
}
function ended({ call, response }) {
    if (call.answer !== 'pending')
        return Promise.resolve();
    return new Promise((resolve) => response.once('close', resolve));
}
function headerOf(request, name) {
    const value = request.headers[name];
    return typeof value === 'string' ? value : undefined;
}
function headersOf({ call, request }, answer, length) {
    const headers = {
        'content-type': 'application/json',
        'cache-control': 'no-cache, no-store',
        'request-id': call.requestId,
        'stripe-version': apiVersionOf(request),
    };
    if (answer.status !== 204 && answer.status !== 304)
        headers['content-length'] = length;
    if (call.idempotencyKey !== undefined && call.method === 'POST') {
        headers['idempotency-key'] = call.idempotencyKey;
        headers['original-request'] = answer.replayOf ?? call.requestId;
        if (answer.replayOf !== undefined)
            headers['idempotent-replayed'] = 'true';
    }
    if (answer.status === 401)
        headers['www-authenticate'] = 'Basic realm="Stripe"';
    for (const name in answer.headers)
        headers[name.toLowerCase()] = answer.headers[name];
    return headers;
}
function readForm(request, query, body) {
    try {
        if (request.method === 'GET' || body.length === 0) {
            return { params: (0, form_params_1.decodeForm)(query), malformed: undefined };
        }
        const type = request.headers['content-type']?.split(';', 1)[0].trim().toLowerCase();
        if (type !== undefined && type !== FORM) {
            throw stripe_error_1.StripeError.invalid(`Invalid request (check that your POST content type is ${FORM}).`);
        }
        return { params: (0, form_params_1.decodeForm)(query, body.toString()), malformed: undefined };
    }
    catch (error) {
        if (!(error instanceof stripe_error_1.StripeError))
            throw error;
        return { params: {}, malformed: error };
    }
}
/** What only a browser sends: another site's page, or one that had its own name lead to this machine. */
function isOfWebPage({ headers: { host, origin } }) {
    return origin !== undefined || (host !== undefined && !LOOPBACK.test(host));
}
function apiVersionOf(request) {
    return headerOf(request, 'stripe-version') ?? DEFAULT_API_VERSION;
}
function presentedKey(authorization) {
    const [, scheme, credentials] = /^(bearer|basic) +(\S+) *$/i.exec(authorization ?? '') ?? [];
    if (credentials === undefined)
        return undefined;
    if (scheme.toLowerCase() === 'bearer')
        return credentials;
    return Buffer.from(credentials, 'base64').toString().split(':', 1)[0] || undefined;
}
function last4(apiKey) {
    return apiKey.length > 8 ? apiKey.slice(-4) : '****';
}
function masked(apiKey) {
    const prefix = /^(?:pk|rk|sk)_(?:live|test)_/.exec(apiKey)?.[0] ?? '';
    return `${prefix}****${last4(apiKey)}`;
}
function isSaved(fault, call) {
    return idempotencyKeyOf(call) !== undefined && (fault.saved ?? fault.status === 500);
}
function scriptedAnswer(fault, call) {
    const { body = defaultBody(fault.status) } = fault;
    return {
        status: fault.status,
        body: typeof body === 'string'
            ? body
            : body instanceof Uint8Array
                ? Buffer.from(body)
                : JSON.stringify(body),
        // Repeating a call whose failure is stored only repeats the failure, and Stripe says so.
        headers: {
            ...(isSaved(fault, call) ? { 'stripe-should-retry': 'false' } : {}),
            ...fault.headers,
        },
    };
}
function defaultBody(status) {
    if (status < 300)
        return {};
    if (status < 400)
        return '';
    if (status === 402) {
        const { code, declineCode, message } = (0, test_cards_1.declineOf)('generic_decline');
        return new stripe_error_1.StripeError(402, 'card_error', message, {
            code,
            decline_code: declineCode,
        }).toBody();
    }
    if (status === 429) {
        return new stripe_error_1.StripeError(429, 'invalid_request_error', 'Request rate limit exceeded.', {
            code: 'rate_limit',
        }).toBody();
    }
    return status < 500
        ? new stripe_error_1.StripeError(status, 'invalid_request_error', `A scripted ${status}.`).toBody()
        : new stripe_error_1.StripeError(status, 'api_error', 'An unknown error occurred.').toBody();
}
function answerTo(error) {
    if (error instanceof stripe_error_1.StripeError) {
        return { status: error.status, body: JSON.stringify(error.toBody()) };
    }
    const message = error instanceof Error ? error.message : String(error);
    return {
        status: 500,
        body: JSON.stringify(new stripe_error_1.StripeError(500, 'api_error', `The offline Stripe itself failed: ${message}`).toBody()),
    };
}
/**
 * Starts an offline Stripe on 127.0.0.1: see {@link StripeVendor} for what it does.
 *
 * @throws where the port is taken, or the secret key could not stand in a header
 */
async function createStripeVendor(options = {}) {
    return new StripeVendor(options).listen(options.port ?? 0);
}
