"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.HttpBrokerClient = void 0;
const axios_1 = require("@nestjs/axios");
const axios_2 = __importDefault(require("axios"));
const rxjs_1 = require("rxjs");
const target_1 = require("../broker/endpoints/target");
const expires_in_1 = require("../broker/keys/expires-in");
const call_refused_exception_1 = require("../exceptions/call-refused.exception");
const refusal_reader_1 = require("../exceptions/refusal-reader");
const vault_key_invalid_exception_1 = require("../exceptions/vault-key-invalid.exception");
const vault_key_unavailable_exception_1 = require("../exceptions/vault-key-unavailable.exception");
const vendor_outcome_unknown_exception_1 = require("../exceptions/vendor-outcome-unknown.exception");
const broker_client_1 = require("./broker-client");
const flight_1 = require("./flight");
const management_wire_1 = require("./management-wire");
const kept_connections_1 = require("./kept-connections");
const relay_connection_1 = require("./relay-connection");
const MAX_MANAGEMENT_ANSWER = 1024 * 1024;
const ISSUE_PATH = '/v1/keys';
const MAX_BATCH = 1_000;
const REVOKES_AT_ONCE = 8;
// What is beyond waits for as long as a connection may take, and is then given up, unsent.
const CALLS_AT_ONCE = 256;
// So few that even a broker with little of a core answers the last of them in time.
const ISSUES_AT_ONCE = 64;
/** Leases, brakes and revocations do not wait behind new keys. */
const QUESTIONS_AT_ONCE = 32;
const ID = /^[A-Za-z0-9_-]{1,255}$/;
const KEY_TOKEN = /^[\x21-\x7e]{1,4096}$/;
const VENDOR = /^[a-z][a-z0-9-]{0,31}$/;
/** The id in an answer that broke off, as long as nothing nested came before it. */
const ID_IN_FRAGMENT = /^\s*\{[^{}[\]]*?"id"\s*:\s*"([A-Za-z0-9_-]{1,255})"/;
/** Headers that are the connection's or the client's own; a call cannot set them. */
const OWN_HEADERS = new Set([
    'accept-encoding',
    'authorization',
    'connection',
    'content-length',
    'expect',
    'host',
    'keep-alive',
    'proxy-authorization',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
]);
/**
 * The broker as a server: Keybrake's, or this package's own `vault-key-broker`. Connections are
 * kept alive; redirects are not followed, and proxies named in the environment are not used, since
 * either would hand a token to another host.
 */
class HttpBrokerClient extends broker_client_1.BrokerClient {
    dialect;
    #api;
    #proxy;
    #token;
    #managementLimits;
    #callLimits;
    #issueConnections = new kept_connections_1.KeptConnections(ISSUES_AT_ONCE);
    #askConnections = new kept_connections_1.KeptConnections(QUESTIONS_AT_ONCE);
    #callConnections = new kept_connections_1.KeptConnections(CALLS_AT_ONCE);
    #http;
    #relays;
    constructor(options) {
        super();
        const connectMs = options.connectTimeoutMs ?? 2_000;
        this.dialect = options.dialect;
        this.#api = baseOf(options.url);
        this.#proxy = baseOf(options.proxyUrl);
        this.#token = options.token;
        this.#managementLimits = {
            connectMs,
            answerMs: options.answerTimeoutMs ?? 5_000,
            wholeAnswer: true,
        };
        this.#callLimits = {
            connectMs,
            answerMs: options.callTimeoutMs ?? 85_000,
            wholeAnswer: false,
        };
        const instance = axios_2.default.create({
            maxRedirects: 0,
            proxy: false,
            transformRequest: [(body) => body],
            transformResponse: [(body) => body],
            validateStatus: () => true,
        });
        // axios declares its types twice, for import and for require; @nestjs/axios takes the former.
        this.#http = new axios_1.HttpService(instance);
    }
    async issue(request) {
        const askedAt = Date.now();
        const { flight, answer } = await this.#manage('POST', ISSUE_PATH, this.#issueBody(request));
        if (answer === undefined)
            return { issued: false, error: this.#noIssueAnswer(flight) };
        const body = parseObject(answer.text);
        if (!answer.complete || body === undefined) {
            const keyId = ID_IN_FRAGMENT.exec(answer.text)?.[1];
            return this.#notIssued(answer, keyId, 'could not be read as JSON to its end');
        }
        const id = body['id'];
        const keyId = typeof id === 'string' && ID.test(id) ? id : undefined;
        if (answer.status !== 201)
            return this.#notIssued(answer, keyId);
        if (keyId === undefined)
            return this.#notIssued(answer, keyId, 'has no usable id');
        const tokens = [body['token'], body['vault_key']].filter((token) => token !== undefined);
        const token = tokens[0];
        if (tokens.length !== 1 || typeof token !== 'string' || !KEY_TOKEN.test(token)) {
            return this.#notIssued(answer, keyId, 'has not exactly one usable token');
        }
        const expiresAt = expiryOf(body['expires_at'], askedAt, request.expiresIn);
        if (expiresAt === undefined) {
            return this.#notIssued(answer, keyId, 'has an expires_at that is no point in time');
        }
        const missed = this.dialect === 'keybrake' ? [] : (0, management_wire_1.fieldsNotEchoed)(request, body);
        if (missed.length > 0) {
            const fault = `does not say that the broker enforces ${missed.join(', ')} (a version of the broker that is older than this application's passes over what it does not know)`;
            return this.#notIssued(answer, keyId, fault);
        }
        return { issued: true, key: { id: keyId, token, expiresAt } };
    }
    async revoke(ids) {
        const ended = [];
        const failed = [];
        const many = this.dialect === 'vault-key' && ids.length > 1;
        for (const batch of batches(ids, MAX_BATCH)) {
            const outcome = many ? await this.#revokeBatch(batch) : 'no_such_call';
            if (outcome === 'ended')
                ended.push(...batch);
            else if (outcome === 'no_such_call')
                await this.#revokeEach(batch, ended, failed);
            else
                failed.push(...batch.map((id) => ({ id, reason: outcome.reason })));
        }
        return { ended, failed };
    }
    async forward(call) {
        const headers = headersOf(call);
        this.#check(call);
        const { flight, exchange } = await this.#send({
            base: this.#proxy,
            method: call.method,
            path: `/${call.vendor}${call.target}`,
            headers,
            body: call.body,
        }, this.#callLimits, this.#callConnections);
        if (exchange.answered) {
            return { status: exchange.status, headers: exchange.headers, body: exchange.body };
        }
        throw this.#noCallAnswer(flight, call, headers['idempotency-key']);
    }
    async relay(call) {
        const headers = headersOf(call);
        this.#check(call);
        this.#relays ??= new relay_connection_1.RelayConnection(this.#proxy.origin, this.#callLimits, CALLS_AT_ONCE);
        const relayed = await this.#relays.send({
            method: call.method,
            path: `${this.#proxy.prefix}/${call.vendor}${call.target}`,
            headers,
            body: call.body,
        });
        if (relayed.answered) {
            return { status: relayed.status, headers: relayed.headers, body: relayed.body };
        }
        throw this.#noCallAnswer(relayed, call, headers['idempotency-key']);
    }
    async standing({ token, vendor, }) {
        const what = 'what remains under a cap';
        if (this.dialect === 'keybrake')
            return (0, broker_client_1.notInDialect)('What remains under a cap');
        const answer = await this.#ask({ method: 'GET', path: '/v1/keys/current', token, what });
        if (answer.status === 401)
            throw new vault_key_invalid_exception_1.VaultKeyInvalidException({ vendor });
        return this.#read(answer, what, 200, management_wire_1.readStanding);
    }
    async brake(request) {
        if (this.dialect === 'keybrake')
            return (0, broker_client_1.notInDialect)('A brake');
        const what = 'to put a brake';
        const body = (0, management_wire_1.brakeBody)(request);
        const answer = await this.#ask({ method: 'POST', path: '/v1/brakes', body, what });
        return this.#read(answer, what, 201, management_wire_1.readBrake);
    }
    async lift(brakeId) {
        if (this.dialect === 'keybrake')
            return (0, broker_client_1.notInDialect)('A brake');
        // What no id looks like is not asked for, since it could be another path.
        if (!ID.test(brakeId))
            throw call_refused_exception_1.CallRefusedException.noSuchBrake(brakeId);
        const what = 'to lift a brake';
        const answer = await this.#ask({ method: 'DELETE', path: `/v1/brakes/${brakeId}`, what });
        if (answer.status === 404)
            throw call_refused_exception_1.CallRefusedException.noSuchBrake(brakeId);
        if (answer.status !== 200)
            throw this.#refused(answer, what);
    }
    async brakes() {
        if (this.dialect === 'keybrake')
            return (0, broker_client_1.notInDialect)('A brake');
        const what = 'which brakes stand';
        const answer = await this.#ask({ method: 'GET', path: '/v1/brakes', what });
        return this.#read(answer, what, 200, management_wire_1.readBrakes);
    }
    async beginLease(ttlSeconds) {
        if (this.dialect === 'keybrake')
            return (0, broker_client_1.notInDialect)('A lease');
        const what = 'for a lease';
        const body = { ttl_seconds: ttlSeconds };
        const answer = await this.#ask({ method: 'POST', path: '/v1/leases', body, what });
        return this.#read(answer, what, 201, management_wire_1.readLeaseId);
    }
    async renewLease(leaseId) {
        if (this.dialect === 'keybrake')
            return (0, broker_client_1.notInDialect)('A lease');
        const what = 'to renew a lease';
        const path = `/v1/leases/${leaseId}/renew`;
        const answer = await this.#ask({ method: 'POST', path, body: {}, what });
        if (answer.status === 404 || answer.status === 422)
            return false;
        if (answer.status !== 200)
            throw this.#refused(answer, what);
        return true;
    }
    async endLease(leaseId) {
        if (this.dialect === 'keybrake')
            return (0, broker_client_1.notInDialect)('A lease');
        const what = 'to end a lease';
        const answer = await this.#ask({ method: 'DELETE', path: `/v1/leases/${leaseId}`, what });
        if (answer.status !== 200 && answer.status !== 404)
            throw this.#refused(answer, what);
    }
    async close() {
        this.#issueConnections.destroy();
        this.#askConnections.destroy();
        this.#callConnections.destroy();
        await this.#relays?.destroy();
    }
    #issueBody(request) {
        return JSON.stringify({
            label: request.label,
            vendor: request.vendor,
            daily_usd_cap: request.dailyUsdCap,
            allowed_endpoints: request.allowedEndpoints,
            expires_in: request.expiresIn,
            ...(this.dialect === 'keybrake' ? {} : (0, management_wire_1.ownIssueFields)(request)),
        });
    }
    async #revokeBatch(ids) {
        const { flight, answer } = await this.#manage('POST', '/v1/keys/revoke', JSON.stringify({ ids }));
        if (answer === undefined)
            return { reason: reasonOf(flight) };
        const { status } = answer;
        if (status === 404 || status === 405)
            return 'no_such_call';
        if (status < 200 || status > 299)
            return { reason: `the broker answered ${status}` };
        return typeof parseObject(answer.text)?.['revoked'] === 'number'
            ? 'ended'
            : { reason: 'the answer does not say how many keys were revoked' };
    }
    async #revokeEach(ids, ended, failed) {
        const rest = ids.values();
        const worker = async () => {
            for (const id of rest) {
                const reason = await this.#revokeOne(id);
                if (reason === undefined)
                    ended.push(id);
                else
                    failed.push({ id, reason });
            }
        };
        await Promise.all(Array.from({ length: Math.min(REVOKES_AT_ONCE, ids.length) }, worker));
    }
    /** `undefined`: it has ended. Else why it failed. */
    async #revokeOne(id) {
        const { flight, answer } = await this.#manage('DELETE', `/v1/keys/${encodeURIComponent(id)}`);
        if (answer === undefined)
            return reasonOf(flight);
        const { status } = answer;
        const over = (status >= 200 && status <= 299) || status === 404 || status === 410;
        return over ? undefined : `the broker answered ${status}`;
    }
    /** @throws VaultKeyUnavailableException where no answer came, or only part of one. */
    async #ask({ method, path, body, token, what }) {
        const text = body === undefined ? undefined : JSON.stringify(body);
        const { flight, answer } = await this.#manage(method, path, text, token);
        if (answer?.complete === true)
            return answer;
        throw new vault_key_unavailable_exception_1.VaultKeyUnavailableException({
            message: `The broker was asked ${what}, and no whole answer came: ${answer === undefined ? reasonOf(flight) : 'it broke off'}. Try again in a moment.`,
            cause: causeOf(flight),
        });
    }
    #read(answer, what, due, read) {
        if (answer.status !== due)
            throw this.#refused(answer, what);
        const value = read(parseObject(answer.text));
        if (value !== undefined)
            return value;
        throw new vault_key_unavailable_exception_1.VaultKeyUnavailableException({
            message: `The broker was asked ${what}, and its answer cannot be read. Check that the broker.url option is the address of this package's own broker.`,
        });
    }
    #refused(answer, what) {
        const body = parseObject(this.#withoutToken(answer.text));
        return (0, refusal_reader_1.readManagementRefusal)({ ...answer, body }, what);
    }
    async #manage(method, path, body, token = this.#token) {
        const { flight, exchange } = await this.#send({
            base: this.#api,
            method,
            path,
            headers: {
                accept: 'application/json',
                'accept-encoding': 'identity',
                authorization: `Bearer ${token}`,
                'user-agent': 'nestjs-vault-key',
                ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            },
            body,
        }, this.#managementLimits, path === ISSUE_PATH ? this.#issueConnections : this.#askConnections);
        if (!exchange.answered)
            return { flight };
        const { text, complete } = await readText(exchange.body, MAX_MANAGEMENT_ANSWER);
        return {
            flight,
            answer: { status: exchange.status, headers: exchange.headers, text, complete },
        };
    }
    async #send(request, limits, connections) {
        const { base, method, body } = request;
        const path = `${base.prefix}${request.path}`;
        const headers = { ...request.headers };
        if (body !== undefined)
            headers['content-length'] = String(Buffer.byteLength(body));
        const flight = new flight_1.Flight(path, headers, limits);
        const turn = connections.take(limits.connectMs);
        if (turn !== true && !(await turn)) {
            flight.timedOut = true;
            flight.queued = true;
            return { flight, exchange: { answered: false } };
        }
        try {
            const answer = await (0, rxjs_1.firstValueFrom)(this.#http.request({
                method,
                url: `${base.origin}${path}`,
                data: body,
                // Named here, since HttpService cancels a request it does not see to be a stream's.
                responseType: 'stream',
                transport: flight,
                httpAgent: connections.http,
                httpsAgent: connections.https,
            }));
            const answerBody = flight.bodyOf(answer.data);
            answerBody.once('close', () => connections.release());
            const exchange = {
                answered: true,
                status: answer.status,
                headers: lowerCase(answer.headers),
                body: answerBody,
            };
            return { flight, exchange };
        }
        catch (error) {
            connections.release();
            // Of axios' error only the code is taken: it carries the request, and so the token.
            flight.failure ??= bareError(error);
            return { flight, exchange: { answered: false } };
        }
    }
    #check(call) {
        const fault = (0, target_1.targetFault)(call.target);
        if (fault !== undefined) {
            throw call_refused_exception_1.CallRefusedException.forArgument('path', `cannot be sent: ${fault}`, 'invalid_path');
        }
        if (!VENDOR.test(call.vendor)) {
            throw call_refused_exception_1.CallRefusedException.forArgument('vendor', 'must be named by lower-case letters, digits and "-", such as "stripe"');
        }
    }
    #noCallAnswer(flight, call, idempotencyKey) {
        const cause = causeOf(flight);
        if (flight.sent) {
            return new vendor_outcome_unknown_exception_1.VendorOutcomeUnknownException({
                vendor: call.vendor,
                happened: flight.timedOut
                    ? `no answer came within ${secondsText(this.#callLimits.answerMs)}`
                    : `the connection to the broker broke (${codeOf(flight)})`,
                timedOut: flight.timedOut,
                idempotencyKey,
                readOnly: isReadOnly(call.method),
                cause,
            });
        }
        if (/^(?:ERR_(?!SSL_|TLS_)|UND_ERR_INVALID_ARG$)/.test(codeOf(flight))) {
            return new call_refused_exception_1.CallRefusedException({
                status: 400,
                code: 'invalid_request',
                message: `The call to ${call.vendor} was not sent: its method or a header cannot go over HTTP (${codeOf(flight)}).`,
                cause,
            });
        }
        if (flight.queued) {
            return this.#overloaded(`The call to ${call.vendor} was not sent`, CALLS_AT_ONCE, 'calls', cause);
        }
        return new vault_key_unavailable_exception_1.VaultKeyUnavailableException({
            message: `The broker's proxy could not be reached (${this.#unreached(flight)}), so nothing was sent to ${call.vendor}. Try again in a moment; if it stays so, check the broker.proxyUrl option and that the broker runs.`,
            cause,
        });
    }
    #noIssueAnswer(flight) {
        const cause = causeOf(flight);
        if (flight.queued) {
            return this.#overloaded('No vault key was issued', ISSUES_AT_ONCE, 'requests for one', cause);
        }
        if (!flight.sent) {
            return new vault_key_unavailable_exception_1.VaultKeyUnavailableException({
                message: `The broker could not be reached (${this.#unreached(flight)}), so no vault key was issued. Try again in a moment; if it stays so, check the broker.url option and that the broker runs.`,
                cause,
            });
        }
        return new vault_key_unavailable_exception_1.VaultKeyUnavailableException({
            message: `The broker was asked for a vault key and its answer was lost: ${reasonOf(flight)}. Try again in a moment.`,
            keyMayExist: true,
            cause,
        });
    }
    #notIssued(answer, keyId, fault) {
        // A refusal (4xx) says that there is no key; of any other answer only a named key is known.
        const keyMayExist = keyId === undefined && (answer.status < 400 || answer.status > 499);
        const read = { ...answer, body: parseObject(this.#withoutToken(answer.text)) };
        const refusal = answer.status === 201 ? undefined : (0, refusal_reader_1.readIssueRefusal)(read);
        const named = {
            ...(keyId === undefined ? {} : { keyId }),
            ...((0, refusal_reader_1.refusesLease)(read) ? { leaseRefused: true } : {}),
        };
        if (refusal !== undefined && !keyMayExist)
            return { issued: false, error: refusal, ...named };
        const message = refusal?.message ??
            `The broker's answer to an issue request ${fault}, so there is no vault key to work with. Check that the broker.url option is the address of a broker's management API.`;
        return {
            issued: false,
            error: new vault_key_unavailable_exception_1.VaultKeyUnavailableException({
                message,
                keyMayExist,
                retryAfter: refusal instanceof vault_key_unavailable_exception_1.VaultKeyUnavailableException ? refusal.retryAfter : undefined,
            }),
            ...named,
        };
    }
    /** More is asked of the broker than it does in time, so what waits is given up early. */
    #overloaded(what, most, ofThem, cause) {
        return new vault_key_unavailable_exception_1.VaultKeyUnavailableException({
            message: `${what} (overloaded): ${most} ${ofThem} were with the broker, as many as one process may have there, and this one waited ${secondsText(this.#callLimits.connectMs)} for its turn. Try again in a moment.`,
            retryAfter: 1,
            cause,
        });
    }
    #unreached(flight) {
        return flight.timedOut
            ? `no connection within ${secondsText(this.#callLimits.connectMs)}`
            : codeOf(flight);
    }
    #withoutToken(text) {
        return this.#token === '' ? text : text.replaceAll(this.#token, '[token]');
    }
}
exports.HttpBrokerClient = HttpBrokerClient;
function baseOf(url) {
    const { origin, pathname } = new URL(url);
    return { origin, prefix: pathname.replace(/\/+$/, '') };
}
function headersOf(call) {
    const headers = {};
    for (const [name, value] of Object.entries(call.headers)) {
        const lower = name.toLowerCase();
        if (!OWN_HEADERS.has(lower))
            headers[lower] = value;
    }
    headers['accept-encoding'] = 'identity';
    headers['authorization'] = `Bearer ${call.token}`;
    return headers;
}
function lowerCase(headers) {
    return Object.fromEntries(Object.entries(headers).map(([name, value]) => [
        name.toLowerCase(),
        Array.isArray(value) ? value.join(', ') : String(value),
    ]));
}
function expiryOf(value, askedAt, expiresIn) {
    if (value === undefined) {
        const life = (0, expires_in_1.parseExpiresIn)(expiresIn) ?? (0, expires_in_1.parseExpiresIn)(expires_in_1.DEFAULT_EXPIRES_IN) ?? 0;
        return new Date(askedAt + life);
    }
    const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
    return Number.isNaN(time) ? undefined : new Date(time);
}
async function readText(body, limit) {
    const chunks = [];
    let size = 0;
    let complete = true;
    try {
        for await (const chunk of body) {
            size += chunk.length;
            if (size > limit) {
                complete = false;
                break;
            }
            chunks.push(chunk);
        }
    }
    catch {
        complete = false;
    }
    return { text: Buffer.concat(chunks).toString('utf8'), complete };
}
function parseObject(text) {
    try {
        const value = JSON.parse(text);
        return typeof value === 'object' && value !== null && !Array.isArray(value)
            ? value
            : undefined;
    }
    catch {
        return undefined;
    }
}
function* batches(ids, size) {
    for (let start = 0; start < ids.length; start += size)
        yield ids.slice(start, start + size);
}
function isReadOnly(method) {
    return method === 'GET' || method === 'HEAD';
}
function codeOf(flight) {
    return flight.failure?.code ?? 'the connection was closed';
}
function reasonOf(flight) {
    if (flight.queued)
        return 'overloaded: no connection to the broker was free in time';
    if (flight.timedOut)
        return flight.sent ? 'no answer in time' : 'no connection in time';
    return flight.sent
        ? `the connection broke (${codeOf(flight)})`
        : `the broker could not be reached (${codeOf(flight)})`;
}
function causeOf(flight) {
    return flight.failure === undefined ? undefined : bareError(flight.failure);
}
/** An error of which only the code is left and, where they are Node's own, the words. */
function bareError(error) {
    const { code, message } = (error ?? {});
    const codeText = typeof code === 'string' ? code : undefined;
    const words = axios_2.default.isAxiosError(error) ? undefined : message;
    const bare = new Error(typeof words === 'string' ? words : (codeText ?? 'no answer'));
    if (codeText !== undefined)
        bare.code = codeText;
    return bare;
}
function secondsText(ms) {
    return `${ms / 1_000} s`;
}
