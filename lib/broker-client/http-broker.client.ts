import type { Readable } from 'node:stream';
import { HttpService } from '@nestjs/axios';
import axios from 'axios';
import { firstValueFrom } from 'rxjs';
import { targetFault } from '../broker/endpoints/target';
import { DEFAULT_EXPIRES_IN, parseExpiresIn } from '../broker/keys/expires-in';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import {
  readIssueRefusal,
  readManagementRefusal,
  refusesLease,
} from '../exceptions/refusal-reader';
import type { VaultKeyException } from '../exceptions/vault-key.exception';
import { VaultKeyInvalidException } from '../exceptions/vault-key-invalid.exception';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { VendorOutcomeUnknownException } from '../exceptions/vendor-outcome-unknown.exception';
import { BrokerClient, notInDialect } from './broker-client';
import type {
  Brake,
  BrakeRequest,
  BrokerDialect,
  IssueKeyRequest,
  IssueResult,
  KeyStanding,
  RevokeResult,
  VendorAnswer,
  VendorCall,
} from './broker-client';
import { Flight } from './flight';
import type { FlightLimits, OutgoingHeaders } from './flight';
import {
  brakeBody,
  fieldsNotEchoed,
  ownIssueFields,
  readBrakes,
  readLeaseId,
  readBrake,
  readStanding,
} from './management-wire';
import { KeptConnections } from './kept-connections';
import { RelayConnection } from './relay-connection';

/** Where the broker is, and how to speak with it. */
export interface HttpBrokerClientOptions {
  /** The management API; `/v1/keys` is added. */
  url: string;
  /** The proxy; `/{vendor}/…` is added. */
  proxyUrl: string;
  /** The management token. */
  token: string;
  dialect: BrokerDialect;
  /**
   * Milliseconds a proxied call may wait for its answer: the broker's own vendor time-out, and some
   * more.
   *
   * @default 85_000
   */
  callTimeoutMs?: number;
  /**
   * Milliseconds until a connection stands.
   *
   * @default 2_000
   */
  connectTimeoutMs?: number;
  /**
   * Milliseconds an issue or a revocation may take, once the connection stands.
   *
   * @default 5_000
   */
  answerTimeoutMs?: number;
}

/** A URL's parts, the path without a trailing slash; what else a URL may hold is left out. */
interface Base {
  origin: string;
  prefix: string;
}

interface OutgoingRequest {
  base: Base;
  method: string;
  path: string;
  headers: OutgoingHeaders;
  body?: string;
}

/** The head of an answer; or what became of a request that got none. */
type Exchange =
  | { answered: true; status: number; headers: Record<string, string>; body: Readable }
  | { answered: false };

/** What became of a request that got no answer. */
type Outcome = Pick<Flight, 'sent' | 'timedOut' | 'queued' | 'failure'>;

/** One management call that is no issue and no revocation. */
interface ManagementQuestion {
  method: string;
  path: string;
  body?: Record<string, unknown>;
  /** In place of the management token. */
  token?: string;
  /** What is asked, as a clause: `to put a brake`. */
  what: string;
}

/** A management answer read to its end, or as far as it came. */
interface ManagementAnswer {
  status: number;
  headers: Record<string, string>;
  text: string;
  complete: boolean;
}

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
const OWN_HEADERS: ReadonlySet<string> = new Set([
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
export class HttpBrokerClient extends BrokerClient {
  readonly dialect: BrokerDialect;

  readonly #api: Base;
  readonly #proxy: Base;
  readonly #token: string;
  readonly #managementLimits: FlightLimits;
  readonly #callLimits: FlightLimits;
  readonly #issueConnections = new KeptConnections(ISSUES_AT_ONCE);
  readonly #askConnections = new KeptConnections(QUESTIONS_AT_ONCE);
  readonly #callConnections = new KeptConnections(CALLS_AT_ONCE);
  readonly #http: HttpService;
  #relays: RelayConnection | undefined;

  constructor(options: HttpBrokerClientOptions) {
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
    const instance: unknown = axios.create({
      maxRedirects: 0,
      proxy: false,
      transformRequest: [(body: unknown) => body],
      transformResponse: [(body: unknown) => body],
      validateStatus: () => true,
    });
    // axios declares its types twice, for import and for require; @nestjs/axios takes the former.
    this.#http = new HttpService(instance as ConstructorParameters<typeof HttpService>[0]);
  }

  async issue(request: IssueKeyRequest): Promise<IssueResult> {
    const askedAt = Date.now();
    const { flight, answer } = await this.#manage('POST', ISSUE_PATH, this.#issueBody(request));
    if (answer === undefined) return { issued: false, error: this.#noIssueAnswer(flight) };

    const body = parseObject(answer.text);
    if (!answer.complete || body === undefined) {
      const keyId = ID_IN_FRAGMENT.exec(answer.text)?.[1];
      return this.#notIssued(answer, keyId, 'could not be read as JSON to its end');
    }
    const id = body['id'];
    const keyId = typeof id === 'string' && ID.test(id) ? id : undefined;
    if (answer.status !== 201) return this.#notIssued(answer, keyId);
    if (keyId === undefined) return this.#notIssued(answer, keyId, 'has no usable id');

    const tokens = [body['token'], body['vault_key']].filter((token) => token !== undefined);
    const token = tokens[0];
    if (tokens.length !== 1 || typeof token !== 'string' || !KEY_TOKEN.test(token)) {
      return this.#notIssued(answer, keyId, 'has not exactly one usable token');
    }
    const expiresAt = expiryOf(body['expires_at'], askedAt, request.expiresIn);
    if (expiresAt === undefined) {
      return this.#notIssued(answer, keyId, 'has an expires_at that is no point in time');
    }
    const missed = this.dialect === 'keybrake' ? [] : fieldsNotEchoed(request, body);
    if (missed.length > 0) {
      const fault = `does not say that the broker enforces ${missed.join(', ')} (a version of the broker that is older than this application's passes over what it does not know)`;
      return this.#notIssued(answer, keyId, fault);
    }
    return { issued: true, key: { id: keyId, token, expiresAt } };
  }

  async revoke(ids: readonly string[]): Promise<RevokeResult> {
    const ended: string[] = [];
    const failed: { id: string; reason: string }[] = [];
    const many = this.dialect === 'vault-key' && ids.length > 1;
    for (const batch of batches(ids, MAX_BATCH)) {
      const outcome = many ? await this.#revokeBatch(batch) : 'no_such_call';
      if (outcome === 'ended') ended.push(...batch);
      else if (outcome === 'no_such_call') await this.#revokeEach(batch, ended, failed);
      else failed.push(...batch.map((id) => ({ id, reason: outcome.reason })));
    }
    return { ended, failed };
  }

  async forward(call: VendorCall): Promise<VendorAnswer> {
    const headers = headersOf(call);
    this.#check(call);
    const { flight, exchange } = await this.#send(
      {
        base: this.#proxy,
        method: call.method,
        path: `/${call.vendor}${call.target}`,
        headers,
        body: call.body,
      },
      this.#callLimits,
      this.#callConnections,
    );
    if (exchange.answered) {
      return { status: exchange.status, headers: exchange.headers, body: exchange.body };
    }
    throw this.#noCallAnswer(flight, call, headers['idempotency-key']);
  }

  override async relay(call: VendorCall): Promise<VendorAnswer> {
    const headers = headersOf(call);
    this.#check(call);
    this.#relays ??= new RelayConnection(this.#proxy.origin, this.#callLimits, CALLS_AT_ONCE);
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

  override async standing({
    token,
    vendor,
  }: {
    token: string;
    vendor: string;
  }): Promise<KeyStanding> {
    const what = 'what remains under a cap';
    if (this.dialect === 'keybrake') return notInDialect('What remains under a cap');
    const answer = await this.#ask({ method: 'GET', path: '/v1/keys/current', token, what });
    if (answer.status === 401) throw new VaultKeyInvalidException({ vendor });
    return this.#read(answer, what, 200, readStanding);
  }

  override async brake(request: BrakeRequest): Promise<Brake> {
    if (this.dialect === 'keybrake') return notInDialect('A brake');
    const what = 'to put a brake';
    const body = brakeBody(request);
    const answer = await this.#ask({ method: 'POST', path: '/v1/brakes', body, what });
    return this.#read(answer, what, 201, readBrake);
  }

  override async lift(brakeId: string): Promise<void> {
    if (this.dialect === 'keybrake') return notInDialect('A brake');
    // What no id looks like is not asked for, since it could be another path.
    if (!ID.test(brakeId)) throw CallRefusedException.noSuchBrake(brakeId);
    const what = 'to lift a brake';
    const answer = await this.#ask({ method: 'DELETE', path: `/v1/brakes/${brakeId}`, what });
    if (answer.status === 404) throw CallRefusedException.noSuchBrake(brakeId);
    if (answer.status !== 200) throw this.#refused(answer, what);
  }

  override async brakes(): Promise<readonly Brake[]> {
    if (this.dialect === 'keybrake') return notInDialect('A brake');
    const what = 'which brakes stand';
    const answer = await this.#ask({ method: 'GET', path: '/v1/brakes', what });
    return this.#read(answer, what, 200, readBrakes);
  }

  override async beginLease(ttlSeconds: number): Promise<string> {
    if (this.dialect === 'keybrake') return notInDialect('A lease');
    const what = 'for a lease';
    const body = { ttl_seconds: ttlSeconds };
    const answer = await this.#ask({ method: 'POST', path: '/v1/leases', body, what });
    return this.#read(answer, what, 201, readLeaseId);
  }

  override async renewLease(leaseId: string): Promise<boolean> {
    if (this.dialect === 'keybrake') return notInDialect('A lease');
    const what = 'to renew a lease';
    const path = `/v1/leases/${leaseId}/renew`;
    const answer = await this.#ask({ method: 'POST', path, body: {}, what });
    if (answer.status === 404 || answer.status === 422) return false;
    if (answer.status !== 200) throw this.#refused(answer, what);
    return true;
  }

  override async endLease(leaseId: string): Promise<void> {
    if (this.dialect === 'keybrake') return notInDialect('A lease');
    const what = 'to end a lease';
    const answer = await this.#ask({ method: 'DELETE', path: `/v1/leases/${leaseId}`, what });
    if (answer.status !== 200 && answer.status !== 404) throw this.#refused(answer, what);
  }

  async close(): Promise<void> {
    this.#issueConnections.destroy();
    this.#askConnections.destroy();
    this.#callConnections.destroy();
    await this.#relays?.destroy();
  }

  #issueBody(request: IssueKeyRequest): string {
    return JSON.stringify({
      label: request.label,
      vendor: request.vendor,
      daily_usd_cap: request.dailyUsdCap,
      allowed_endpoints: request.allowedEndpoints,
      expires_in: request.expiresIn,
      ...(this.dialect === 'keybrake' ? {} : ownIssueFields(request)),
    });
  }

  async #revokeBatch(
    ids: readonly string[],
  ): Promise<'ended' | 'no_such_call' | { reason: string }> {
    const { flight, answer } = await this.#manage(
      'POST',
      '/v1/keys/revoke',
      JSON.stringify({ ids }),
    );
    if (answer === undefined) return { reason: reasonOf(flight) };
    const { status } = answer;
    if (status === 404 || status === 405) return 'no_such_call';
    if (status < 200 || status > 299) return { reason: `the broker answered ${status}` };
    return typeof parseObject(answer.text)?.['revoked'] === 'number'
      ? 'ended'
      : { reason: 'the answer does not say how many keys were revoked' };
  }

  async #revokeEach(
    ids: readonly string[],
    ended: string[],
    failed: { id: string; reason: string }[],
  ): Promise<void> {
    const rest = ids.values();
    const worker = async (): Promise<void> => {
      for (const id of rest) {
        const reason = await this.#revokeOne(id);
        if (reason === undefined) ended.push(id);
        else failed.push({ id, reason });
      }
    };
    await Promise.all(Array.from({ length: Math.min(REVOKES_AT_ONCE, ids.length) }, worker));
  }

  /** `undefined`: it has ended. Else why it failed. */
  async #revokeOne(id: string): Promise<string | undefined> {
    const { flight, answer } = await this.#manage('DELETE', `/v1/keys/${encodeURIComponent(id)}`);
    if (answer === undefined) return reasonOf(flight);
    const { status } = answer;
    const over = (status >= 200 && status <= 299) || status === 404 || status === 410;
    return over ? undefined : `the broker answered ${status}`;
  }

  /** @throws VaultKeyUnavailableException where no answer came, or only part of one. */
  async #ask({ method, path, body, token, what }: ManagementQuestion): Promise<ManagementAnswer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const { flight, answer } = await this.#manage(method, path, text, token);
    if (answer?.complete === true) return answer;
    throw new VaultKeyUnavailableException({
      message: `The broker was asked ${what}, and no whole answer came: ${answer === undefined ? reasonOf(flight) : 'it broke off'}. Try again in a moment.`,
      cause: causeOf(flight),
    });
  }

  #read<T>(
    answer: ManagementAnswer,
    what: string,
    due: number,
    read: (body: unknown) => T | undefined,
  ): T {
    if (answer.status !== due) throw this.#refused(answer, what);
    const value = read(parseObject(answer.text));
    if (value !== undefined) return value;
    throw new VaultKeyUnavailableException({
      message: `The broker was asked ${what}, and its answer cannot be read. Check that the broker.url option is the address of this package's own broker.`,
    });
  }

  #refused(answer: ManagementAnswer, what: string): VaultKeyException {
    const body = parseObject(this.#withoutToken(answer.text));
    return readManagementRefusal({ ...answer, body }, what);
  }

  async #manage(
    method: string,
    path: string,
    body?: string,
    token = this.#token,
  ): Promise<{ flight: Flight; answer?: ManagementAnswer }> {
    const { flight, exchange } = await this.#send(
      {
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
      },
      this.#managementLimits,
      path === ISSUE_PATH ? this.#issueConnections : this.#askConnections,
    );
    if (!exchange.answered) return { flight };
    const { text, complete } = await readText(exchange.body, MAX_MANAGEMENT_ANSWER);
    return {
      flight,
      answer: { status: exchange.status, headers: exchange.headers, text, complete },
    };
  }

  async #send(
    request: OutgoingRequest,
    limits: FlightLimits,
    connections: KeptConnections,
  ): Promise<{ flight: Flight; exchange: Exchange }> {
    const { base, method, body } = request;
    const path = `${base.prefix}${request.path}`;
    const headers: Record<string, string> = { ...request.headers };
    if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body));
    const flight = new Flight(path, headers, limits);
    const turn = connections.take(limits.connectMs);
    if (turn !== true && !(await turn)) {
      flight.timedOut = true;
      flight.queued = true;
      return { flight, exchange: { answered: false } };
    }
    try {
      const answer = await firstValueFrom(
        this.#http.request<Readable>({
          method,
          url: `${base.origin}${path}`,
          data: body,
          // Named here, since HttpService cancels a request it does not see to be a stream's.
          responseType: 'stream',
          transport: flight,
          httpAgent: connections.http,
          httpsAgent: connections.https,
        }),
      );
      const answerBody = flight.bodyOf(answer.data);
      answerBody.once('close', () => connections.release());
      const exchange: Exchange = {
        answered: true,
        status: answer.status,
        headers: lowerCase(answer.headers),
        body: answerBody,
      };
      return { flight, exchange };
    } catch (error) {
      connections.release();
      // Of axios' error only the code is taken: it carries the request, and so the token.
      flight.failure ??= bareError(error);
      return { flight, exchange: { answered: false } };
    }
  }

  #check(call: VendorCall): void {
    const fault = targetFault(call.target);
    if (fault !== undefined) {
      throw CallRefusedException.forArgument('path', `cannot be sent: ${fault}`, 'invalid_path');
    }
    if (!VENDOR.test(call.vendor)) {
      throw CallRefusedException.forArgument(
        'vendor',
        'must be named by lower-case letters, digits and "-", such as "stripe"',
      );
    }
  }

  #noCallAnswer(flight: Outcome, call: VendorCall, idempotencyKey?: string): VaultKeyException {
    const cause = causeOf(flight);
    if (flight.sent) {
      return new VendorOutcomeUnknownException({
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
      return new CallRefusedException({
        status: 400,
        code: 'invalid_request',
        message: `The call to ${call.vendor} was not sent: its method or a header cannot go over HTTP (${codeOf(flight)}).`,
        cause,
      });
    }
    if (flight.queued) {
      return this.#overloaded(
        `The call to ${call.vendor} was not sent`,
        CALLS_AT_ONCE,
        'calls',
        cause,
      );
    }
    return new VaultKeyUnavailableException({
      message: `The broker's proxy could not be reached (${this.#unreached(flight)}), so nothing was sent to ${call.vendor}. Try again in a moment; if it stays so, check the broker.proxyUrl option and that the broker runs.`,
      cause,
    });
  }

  #noIssueAnswer(flight: Flight): VaultKeyException {
    const cause = causeOf(flight);
    if (flight.queued) {
      return this.#overloaded('No vault key was issued', ISSUES_AT_ONCE, 'requests for one', cause);
    }
    if (!flight.sent) {
      return new VaultKeyUnavailableException({
        message: `The broker could not be reached (${this.#unreached(flight)}), so no vault key was issued. Try again in a moment; if it stays so, check the broker.url option and that the broker runs.`,
        cause,
      });
    }
    return new VaultKeyUnavailableException({
      message: `The broker was asked for a vault key and its answer was lost: ${reasonOf(flight)}. Try again in a moment.`,
      keyMayExist: true,
      cause,
    });
  }

  #notIssued(answer: ManagementAnswer, keyId?: string, fault?: string): IssueResult {
    // A refusal (4xx) says that there is no key; of any other answer only a named key is known.
    const keyMayExist = keyId === undefined && (answer.status < 400 || answer.status > 499);
    const read = { ...answer, body: parseObject(this.#withoutToken(answer.text)) };
    const refusal = answer.status === 201 ? undefined : readIssueRefusal(read);
    const named = {
      ...(keyId === undefined ? {} : { keyId }),
      ...(refusesLease(read) ? { leaseRefused: true } : {}),
    };
    if (refusal !== undefined && !keyMayExist) return { issued: false, error: refusal, ...named };

    const message =
      refusal?.message ??
      `The broker's answer to an issue request ${fault}, so there is no vault key to work with. Check that the broker.url option is the address of a broker's management API.`;
    return {
      issued: false,
      error: new VaultKeyUnavailableException({
        message,
        keyMayExist,
        retryAfter:
          refusal instanceof VaultKeyUnavailableException ? refusal.retryAfter : undefined,
      }),
      ...named,
    };
  }

  /** More is asked of the broker than it does in time, so what waits is given up early. */
  #overloaded(
    what: string,
    most: number,
    ofThem: string,
    cause: Error | undefined,
  ): VaultKeyUnavailableException {
    return new VaultKeyUnavailableException({
      message: `${what} (overloaded): ${most} ${ofThem} were with the broker, as many as one process may have there, and this one waited ${secondsText(this.#callLimits.connectMs)} for its turn. Try again in a moment.`,
      retryAfter: 1,
      cause,
    });
  }

  #unreached(flight: Outcome): string {
    return flight.timedOut
      ? `no connection within ${secondsText(this.#callLimits.connectMs)}`
      : codeOf(flight);
  }

  #withoutToken(text: string): string {
    return this.#token === '' ? text : text.replaceAll(this.#token, '[token]');
  }
}

function baseOf(url: string): Base {
  const { origin, pathname } = new URL(url);
  return { origin, prefix: pathname.replace(/\/+$/, '') };
}

function headersOf(call: VendorCall): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(call.headers)) {
    const lower = name.toLowerCase();
    if (!OWN_HEADERS.has(lower)) headers[lower] = value;
  }
  headers['accept-encoding'] = 'identity';
  headers['authorization'] = `Bearer ${call.token}`;
  return headers;
}

function lowerCase(headers: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]: [string, unknown]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : String(value),
    ]),
  );
}

function expiryOf(value: unknown, askedAt: number, expiresIn: string): Date | undefined {
  if (value === undefined) {
    const life = parseExpiresIn(expiresIn) ?? parseExpiresIn(DEFAULT_EXPIRES_IN) ?? 0;
    return new Date(askedAt + life);
  }
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : new Date(time);
}

async function readText(
  body: Readable,
  limit: number,
): Promise<{ text: string; complete: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  let complete = true;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) {
        complete = false;
        break;
      }
      chunks.push(chunk);
    }
  } catch {
    complete = false;
  }
  return { text: Buffer.concat(chunks).toString('utf8'), complete };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function* batches(ids: readonly string[], size: number): Generator<readonly string[]> {
  for (let start = 0; start < ids.length; start += size) yield ids.slice(start, start + size);
}

function isReadOnly(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

function codeOf(flight: Outcome): string {
  return flight.failure?.code ?? 'the connection was closed';
}

function reasonOf(flight: Flight): string {
  if (flight.queued) return 'overloaded: no connection to the broker was free in time';
  if (flight.timedOut) return flight.sent ? 'no answer in time' : 'no connection in time';
  return flight.sent
    ? `the connection broke (${codeOf(flight)})`
    : `the broker could not be reached (${codeOf(flight)})`;
}

function causeOf(flight: Outcome): Error | undefined {
  return flight.failure === undefined ? undefined : bareError(flight.failure);
}

/** An error of which only the code is left and, where they are Node's own, the words. */
function bareError(error: unknown): NodeJS.ErrnoException {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const codeText = typeof code === 'string' ? code : undefined;
  const words = axios.isAxiosError(error) ? undefined : message;
  const bare: NodeJS.ErrnoException = new Error(
    typeof words === 'string' ? words : (codeText ?? 'no answer'),
  );
  if (codeText !== undefined) bare.code = codeText;
  return bare;
}

function secondsText(ms: number): string {
  return `${ms / 1_000} s`;
}
