import type { Readable } from 'node:stream';
import { targetFault } from '../contract/target';
import { DEFAULT_EXPIRES_IN, parseExpiresIn } from '../contract/expires-in';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import { readIssueRefusal, refusesLease } from './refusal-reader';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { BrokerClient } from './broker-client';
import type {
  BrokerDialect,
  IssueKeyRequest,
  IssueResult,
  RevokeResult,
  VendorAnswer,
  VendorCall,
} from './broker-client';
import type { Flight, FlightLimits } from './flight';
import type { HttpBrokerClientOptions } from './http-broker.options';
import { KeptConnections } from './kept-connections';
import { instantOf } from './management-wire';
import { noCallAnswer, noIssueAnswer, reasonOf } from './no-answer';
import { RelayConnection } from './relay-connection';
import { RequestSender, baseOf } from './request-sender';
import type { BaseUrl } from './request-sender';

/** A management answer read to its end, or as far as it came. */
export interface ManagementAnswer {
  status: number;
  headers: Record<string, string>;
  text: string;
  complete: boolean;
}

const MAX_MANAGEMENT_ANSWER = 1024 * 1024;
const ISSUE_PATH = '/v1/keys';
const REVOKES_AT_ONCE = 8;
// What is beyond waits for as long as a connection may take, and is then given up, unsent.
const CALLS_AT_ONCE = 256;
// So few that even a broker with little of a core answers the last of them in time.
const ISSUES_AT_ONCE = 64;
/** Leases, brakes and revocations do not wait behind new keys. */
const QUESTIONS_AT_ONCE = 32;

/** What an id looks like. Anything else could be another path. */
export const ID = /^[A-Za-z0-9_-]{1,255}$/;
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
 * A broker that speaks Keybrake's own contract: issue, revoke and forward, and nothing that its
 * documentation does not name.
 */
export class KeybrakeClient extends BrokerClient {
  readonly dialect: BrokerDialect = 'keybrake';

  readonly #api: BaseUrl;
  readonly #proxy: BaseUrl;
  readonly #token: string;
  readonly #managementLimits: FlightLimits;
  readonly #callLimits: FlightLimits;
  readonly #issueConnections = new KeptConnections(ISSUES_AT_ONCE);
  readonly #askConnections = new KeptConnections(QUESTIONS_AT_ONCE);
  readonly #callConnections = new KeptConnections(CALLS_AT_ONCE);
  readonly #sender = new RequestSender();
  #relays: RelayConnection | undefined;

  constructor(options: HttpBrokerClientOptions) {
    super();
    const connectMs = options.connectTimeoutMs ?? 2_000;
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
  }

  async issue(request: IssueKeyRequest): Promise<IssueResult> {
    const askedAt = Date.now();
    const { flight, answer } = await this.manage(
      'POST',
      ISSUE_PATH,
      JSON.stringify(this.issueBody(request)),
    );
    if (answer === undefined)
      return {
        issued: false,
        error: noIssueAnswer(flight, this.#managementLimits, ISSUES_AT_ONCE),
      };

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
    const expiresAt = expiryOf(body, askedAt, request.expiresIn);
    if (expiresAt === undefined) {
      return this.#notIssued(answer, keyId, 'has an expires_at that is no point in time');
    }
    const missed = this.notEchoed(request, body);
    if (missed.length > 0) {
      const fault = `does not say that the broker enforces ${missed.join(', ')} (a version of the broker that is older than this application's passes over what it does not know)`;
      return this.#notIssued(answer, keyId, fault);
    }
    return { issued: true, key: { id: keyId, token, expiresAt } };
  }

  async revoke(ids: readonly string[]): Promise<RevokeResult> {
    const ended: string[] = [];
    const failed: { id: string; reason: string }[] = [];
    const rest = ids.values();
    const worker = async (): Promise<void> => {
      for (const id of rest) {
        const reason = await this.#revokeOne(id);
        if (reason === undefined) ended.push(id);
        else failed.push({ id, reason });
      }
    };
    await Promise.all(Array.from({ length: Math.min(REVOKES_AT_ONCE, ids.length) }, worker));
    return { ended, failed };
  }

  async forward(call: VendorCall): Promise<VendorAnswer> {
    const headers = headersOf(call);
    this.#check(call);
    const { flight, answer } = await this.#sender.send(
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
    if (answer !== undefined) return answer;
    throw noCallAnswer(flight, call, this.#callLimits, CALLS_AT_ONCE, headers['idempotency-key']);
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
    throw noCallAnswer(relayed, call, this.#callLimits, CALLS_AT_ONCE, headers['idempotency-key']);
  }

  async close(): Promise<void> {
    this.#issueConnections.destroy();
    this.#askConnections.destroy();
    this.#callConnections.destroy();
    await this.#relays?.destroy();
  }

  /** What an issue sends. */
  protected issueBody(request: IssueKeyRequest): object {
    return {
      label: request.label,
      vendor: request.vendor,
      daily_usd_cap: request.dailyUsdCap,
      allowed_endpoints: request.allowedEndpoints,
      expires_in: request.expiresIn,
    };
  }

  /** The fields of an issue that the answer does not say are enforced. */
  protected notEchoed(_request: IssueKeyRequest, _body: Record<string, unknown>): string[] {
    return [];
  }

  /** One management call, its answer read to its end or as far as it came. */
  protected async manage(
    method: string,
    path: string,
    body?: string,
    token = this.#token,
  ): Promise<{ flight: Flight; answer?: ManagementAnswer }> {
    const { flight, answer } = await this.#sender.send(
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
    if (answer === undefined) return { flight };
    const { text, complete } = await readText(answer.body, MAX_MANAGEMENT_ANSWER);
    return {
      flight,
      answer: { status: answer.status, headers: answer.headers, text, complete },
    };
  }

  /** A text without the management token, which a broker may have quoted. */
  protected withoutToken(text: string): string {
    return this.#token === '' ? text : text.replaceAll(this.#token, '[token]');
  }

  /** `undefined`: it has ended. Else why it failed. */
  async #revokeOne(id: string): Promise<string | undefined> {
    const { flight, answer } = await this.manage('DELETE', `/v1/keys/${encodeURIComponent(id)}`);
    if (answer === undefined) return reasonOf(flight);
    const { status } = answer;
    const over = (status >= 200 && status <= 299) || status === 404 || status === 410;
    return over ? undefined : `the broker answered ${status}`;
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

  #notIssued(answer: ManagementAnswer, keyId?: string, fault?: string): IssueResult {
    // A refusal (4xx) says that there is no key; of any other answer only a named key is known.
    const keyMayExist = keyId === undefined && (answer.status < 400 || answer.status > 499);
    const read = { ...answer, body: parseObject(this.withoutToken(answer.text)) };
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

/** The end of a key by this machine's clock, which need not agree with the broker's. */
function expiryOf(
  { created_at, expires_at }: Record<string, unknown>,
  askedAt: number,
  expiresIn: string,
): Date | undefined {
  if (expires_at === undefined) {
    const life = parseExpiresIn(expiresIn) ?? parseExpiresIn(DEFAULT_EXPIRES_IN) ?? 0;
    return new Date(askedAt + life);
  }
  const end = instantOf(expires_at)?.getTime();
  const begin = instantOf(created_at)?.getTime();
  if (end === undefined) return undefined;
  return new Date(begin === undefined ? end : askedAt + end - begin);
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

/** A JSON object; `undefined` where a text is anything else. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
