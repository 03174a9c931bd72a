import { Trace } from '../broker/telemetry/trace';
import { DEFAULT_EXPIRES_IN, parseExpiresIn } from '../contract/expires-in';
import { readIssueRefusal, refusesLease } from './refusal-reader';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { BrokerChoice } from './broker-choice';
import { BrokerClient } from './broker-client';
import type {
  BrokerDialect,
  IssueKeyRequest,
  IssueResult,
  RevokeResult,
  VendorAnswer,
  VendorCall,
} from './broker-client';
import { BrokerConnections, ISSUES_AT_ONCE } from './broker-connections';
import type { EventSources } from './event-stream';
import type { FlightLimits } from './flight';
import type { HttpBrokerClientOptions } from './http-broker.options';
import { parseObject } from './management-answer';
import type { ManagementAnswer } from './management-answer';
import { ManagementCalls } from './management-calls';
import type { Managed, ManagementCall } from './management-calls';
import { instantOf } from './management-wire';
import { noIssueAnswer, reasonOf } from './no-answer';
import { RequestSender } from './request-sender';
import { VendorCalls } from './vendor-calls';

const ISSUE_PATH = '/v1/keys';
const REVOKES_AT_ONCE = 8;
/** What an id looks like. Anything else could be another path. */
export const ID = /^[A-Za-z0-9_-]{1,255}$/;
const KEY_TOKEN = /^[\x21-\x7e]{1,4096}$/;
/** The id in an answer that broke off, as long as nothing nested came before it. */
const ID_IN_FRAGMENT = /^\s*\{[^{}[\]]*?"id"\s*:\s*"([A-Za-z0-9_-]{1,255})"/;

/**
 * A broker that speaks Keybrake's own contract: issue, revoke and forward, and nothing that its
 * documentation does not name.
 */
export class KeybrakeClient extends BrokerClient {
  readonly dialect: BrokerDialect = 'keybrake';

  readonly #token: string;
  readonly #managementLimits: FlightLimits;
  readonly #brokers: BrokerChoice<BrokerConnections>;
  readonly #management: ManagementCalls;
  readonly #calls: VendorCalls;

  constructor(options: HttpBrokerClientOptions) {
    super();
    const { url, proxyUrl, token } = options;
    const tellsTraces = options.dialect !== 'keybrake';
    const connectMs = options.connectTimeoutMs ?? 2_000;
    const sender = new RequestSender();
    this.#token = token;
    this.#managementLimits = {
      connectMs,
      answerMs: options.answerTimeoutMs ?? 5_000,
      wholeAnswer: true,
    };
    this.#brokers = new BrokerChoice(
      typeof url === 'string'
        ? [new BrokerConnections(url, proxyUrl)]
        : url.map((each) => new BrokerConnections(each)),
    );
    this.#management = new ManagementCalls(
      this.#brokers,
      sender,
      token,
      this.#managementLimits,
      tellsTraces,
    );
    const callLimits = {
      connectMs,
      answerMs: options.callTimeoutMs ?? 85_000,
      wholeAnswer: false,
    };
    this.#calls = new VendorCalls(this.#brokers, sender, callLimits, tellsTraces);
  }

  /** The brokers, and the token that they take: for what goes on longer than a question. */
  protected get sources(): EventSources {
    return { brokers: this.#brokers, token: this.#token };
  }

  async issue(request: IssueKeyRequest): Promise<IssueResult> {
    const askedAt = Date.now();
    const sent = this.issueBody(request);
    const { flight, answer, mayHaveBeenDone } = await this.manage({
      method: 'POST',
      path: ISSUE_PATH,
      body: JSON.stringify(sent),
      isRepeatable: true,
      trace: request.trace,
    });
    if (answer === undefined) {
      const { length: brokers } = this.#brokers.all;
      const sending = { limits: this.#managementLimits, atOnce: ISSUES_AT_ONCE, brokers };
      return { issued: false, error: noIssueAnswer(flight, sending) };
    }

    const body = parseObject(answer.text);
    if (!answer.complete || body === undefined) {
      const keyId = ID_IN_FRAGMENT.exec(answer.text)?.[1];
      return this.#notIssued(
        { ...answer, mayHaveBeenDone },
        keyId,
        'could not be read as JSON to its end',
      );
    }
    const id = body['id'];
    const keyId = typeof id === 'string' && ID.test(id) ? id : undefined;
    if (answer.status !== 201) return this.#notIssued({ ...answer, mayHaveBeenDone }, keyId);
    if (keyId === undefined)
      return this.#notIssued({ ...answer, mayHaveBeenDone }, keyId, 'has no usable id');

    const tokens = [body['token'], body['vault_key']].filter((token) => token !== undefined);
    const token = tokens[0];
    if (tokens.length !== 1 || typeof token !== 'string' || !KEY_TOKEN.test(token)) {
      return this.#notIssued(
        { ...answer, mayHaveBeenDone },
        keyId,
        'has not exactly one usable token',
      );
    }
    const expiresAt = expiryOf(body, askedAt, request.expiresIn);
    if (expiresAt === undefined) {
      return this.#notIssued(
        { ...answer, mayHaveBeenDone },
        keyId,
        'has an expires_at that is no point in time',
      );
    }
    const missed = this.notEchoed(sent, body);
    if (missed.length > 0) {
      const fault = `does not say that the broker enforces ${missed.join(', ')} (a version of the broker that is older than this application's passes over what it does not know)`;
      return this.#notIssued({ ...answer, mayHaveBeenDone }, keyId, fault);
    }
    const kind = typeof body['kind'] === 'string' ? body['kind'] : undefined;
    const key = { id: keyId, token, kind, expiresAt };
    // A request with an id revokes the key that it has led to before.
    const earlierKeyMayExist = mayHaveBeenDone && sent['request_id'] === undefined;
    return { issued: true, key, ...(earlierKeyMayExist ? { earlierKeyMayExist } : {}) };
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

  forward(call: VendorCall): Promise<VendorAnswer> {
    return this.#calls.forward(call);
  }

  override relay(call: VendorCall): Promise<VendorAnswer> {
    return this.#calls.relay(call);
  }

  async close(): Promise<void> {
    await Promise.all(this.#brokers.all.map((broker) => broker.close()));
  }

  /** Whether a request that one broker has not answered goes to another one. */
  protected get hasOthers(): boolean {
    return this.#brokers.all.length > 1;
  }

  /** What an issue sends. */
  protected issueBody(request: IssueKeyRequest): Record<string, unknown> {
    return {
      label: request.label,
      vendor: request.vendor,
      daily_usd_cap: request.dailyUsdCap,
      allowed_endpoints: request.allowedEndpoints,
      expires_in: request.expiresIn,
    };
  }

  /** The fields of an issue that the answer does not say are enforced. */
  protected notEchoed(_sent: Record<string, unknown>, _body: Record<string, unknown>): string[] {
    return [];
  }

  /** One management call, at the broker that answers it. */
  protected manage(call: ManagementCall): Promise<Managed> {
    return this.#management.ask(call, (broker) =>
      call.path === ISSUE_PATH ? broker.issues : broker.questions,
    );
  }

  /** A text without the management token, which a broker may have quoted. */
  protected withoutToken(text: string): string {
    return this.#token === '' ? text : text.replaceAll(this.#token, '[token]');
  }

  /** `undefined`: it has ended. Else why it failed. */
  async #revokeOne(id: string): Promise<string | undefined> {
    const path = `/v1/keys/${encodeURIComponent(id)}`;
    const { flight, answer } = await this.manage({
      method: 'DELETE',
      path,
      isRepeatable: true,
      trace: Trace.current(),
    });
    if (answer === undefined) return reasonOf(flight);
    const { status } = answer;
    const over = (status >= 200 && status <= 299) || status === 404 || status === 410;
    return over ? undefined : `the broker answered ${status}`;
  }

  #notIssued(
    answer: ManagementAnswer & Pick<Managed, 'mayHaveBeenDone'>,
    keyId?: string,
    fault?: string,
  ): IssueResult {
    // A refusal (4xx) says that there is no key, where no broker before has left it open; of any other
    // answer only a named key is known.
    const { status, mayHaveBeenDone } = answer;
    const keyMayExist = keyId === undefined && (mayHaveBeenDone || status < 400 || status > 499);
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
