import { validateHeaderValue } from 'node:http';
import { Readable } from 'node:stream';
import type Stripe from 'stripe';
import { readWhole } from '../../broker-client/broker-client';
import type { VendorAnswer, VendorCall } from '../../broker-client/broker-client';
import { AgentBrakedException } from '../../exceptions/agent-braked.exception';
import { ApprovalRequiredException } from '../../exceptions/approval-required.exception';
import { CallRefusedException } from '../../exceptions/call-refused.exception';
import { standFor } from '../../exceptions/exception-behind';
import { readProxiedAnswer } from '../../broker-client/refusal-reader';
import { SpendCapExceededException } from '../../exceptions/spend-cap-exceeded.exception';
import { VaultKeyException } from '../../exceptions/vault-key.exception';
import { VaultKeyInvalidException } from '../../exceptions/vault-key-invalid.exception';
import { VaultKeyUnavailableException } from '../../exceptions/vault-key-unavailable.exception';
import { VendorException } from '../../exceptions/vendor.exception';
import { VendorOutcomeUnknownException } from '../../exceptions/vendor-outcome-unknown.exception';
import { VendorRateLimitedException } from '../../exceptions/vendor-rate-limited.exception';
import { VendorUnreachableException } from '../../exceptions/vendor-unreachable.exception';
import { tracedCall } from '../../telemetry/vendor-call-trace';
import { numberedKey } from '../../vault-key/invocation-context';
import type { CurrentVaultKey } from '../../vault-key/current-vault-key';
import type { VaultKey } from '../../vault-key/vault-key';
import { errorOf, statusOf } from './stripe-error';
import { VendorResponse } from './vendor-response';

/** The client's time-out where a call has none of its own: the broker's alone ends such a call. */
export const NO_OWN_TIMEOUT_MS = 80_000;

const KIND = 'stripe';
const HOST = 'api.stripe.com';
/** What the client's own idempotency keys begin with. */
const GENERATED = 'stripe-node-retry-';
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

type OutgoingHeaders = Parameters<Stripe.HttpClient['makeRequest']>[4];

/** One attempt at a call; the client makes several of a call that it retries. */
interface Attempt {
  readonly key: VaultKey;
  readonly idempotencyKey?: string | undefined;
  /** True for a call that only reads. */
  readonly readOnly: boolean;
  /** Milliseconds, where the call has a time-out of its own. */
  readonly timeoutMs: number | undefined;
}

type Told = Pick<Attempt, 'idempotencyKey' | 'readOnly'> & { readonly key?: VaultKey };

/**
 * What the `stripe` client sends with: each call goes with the vault key of the invocation it is
 * made in, to the broker that issued it. Never rejects. What is refused is told as an answer, of
 * which the client makes its error: to a rejection it gives words of its own, and an attempt more.
 */
export class VaultKeyHttpClient implements Stripe.HttpClient {
  readonly #vaultKeys: CurrentVaultKey;
  /**
   * By invocation and idempotency key, what an attempt came to that the vendor may have executed.
   */
  readonly #doubts = new WeakMap<VaultKey, Map<string, VaultKeyException>>();

  readonly #account: string | undefined;

  /** @param account Whose key goes with the calls; that of the innermost invocation where it is absent. */
  constructor(vaultKeys: CurrentVaultKey, account?: string) {
    this.#vaultKeys = vaultKeys;
    this.#account = account;
  }

  getClientName(): string {
    return 'nestjs-vault-key';
  }

  async makeRequest(
    host: string,
    _port: string,
    path: string,
    method: string,
    headers: OutgoingHeaders,
    body: string,
    _protocol: string,
    timeout: number,
  ): Promise<VendorResponse> {
    try {
      checkAddress(host, path, method);
      const outgoing = headersOf(headers);
      const key = this.#key();
      const generatedKey = outgoing['idempotency-key'];
      if (generatedKey?.startsWith(GENERATED) === true) {
        const account = outgoing['stripe-account'] ?? outgoing['stripe-context'];
        const numbered = numberedKey({
          method,
          path,
          body,
          vendor: key.vendor,
          account,
          generatedKey,
        });
        if (numbered !== undefined) outgoing['idempotency-key'] = numbered;
      }
      const attempt: Attempt = {
        key,
        idempotencyKey: method === 'GET' ? undefined : outgoing['idempotency-key'],
        readOnly: method === 'GET',
        timeoutMs: timeout === NO_OWN_TIMEOUT_MS ? undefined : timeout,
      };
      const call: VendorCall = {
        vendor: key.vendor,
        token: key.token,
        method,
        target: path,
        headers: outgoing,
        ...(body === '' ? {} : { body }),
      };
      const answering = tracedCall(key, call, (traced) => key.broker.relay(traced));
      return await this.#answered(attempt, answering);
    } catch (error) {
      return response(exceptionOf({ readOnly: method === 'GET' }, error));
    }
  }

  #key(): VaultKey {
    const account = this.#account;
    return account === undefined ? this.#vaultKeys.ofKind(KIND) : this.#vaultKeys.get(account);
  }

  async #answered(attempt: Attempt, answering: Promise<VendorAnswer>): Promise<VendorResponse> {
    let answer: VendorAnswer;
    try {
      answer = await inTime(attempt, answering);
    } catch (error) {
      return this.#refused(attempt, exceptionOf(attempt, error), true);
    }
    const { status, headers } = answer;
    if (status < 300) {
      if (attempt.idempotencyKey !== undefined) {
        this.#doubts.get(attempt.key)?.delete(attempt.idempotencyKey);
      }
      const read = (): Promise<object> => this.#readResult(attempt, answer);
      return new VendorResponse(status, headers, read, () => streamOf(attempt, answer));
    }
    const content = await readJson(attempt, answer);
    const exception = readProxiedAnswer({ ...told(attempt), status, headers, body: content });
    if (exception instanceof VendorException || exception instanceof VendorRateLimitedException) {
      if (status >= 500) this.#doubt(attempt, exception);
      return vendorError(answer, content, exception);
    }
    if (exception !== undefined) return this.#refused(attempt, exception, false);
    return new VendorResponse(status, headers, () => Promise.resolve(content as object));
  }

  /** An answer that says the call was executed: what it holds, or that it cannot be read. */
  async #readResult(attempt: Attempt, answer: VendorAnswer): Promise<object> {
    const { status, headers } = answer;
    const content = await readJson(attempt, answer);
    const exception = readProxiedAnswer({ ...told(attempt), status, headers, body: content });
    if (exception === undefined) return (content as object | undefined) ?? {};
    return { error: errorOf(exception) };
  }

  /**
   * @param unanswered Whether the broker gave no answer: the client may try again what it would.
   */
  #refused(attempt: Attempt, exception: VaultKeyException, unanswered: boolean): VendorResponse {
    if (exception instanceof VendorOutcomeUnknownException) {
      this.#doubt(attempt, exception);
      return response(exception, exception.retryable);
    }
    // That nothing was sent holds for the last attempt, not for the one with an unknown end
    // of.
    const doubt = sentNothing(exception) ? this.#doubtOver(attempt) : undefined;
    const retry = unanswered || exception instanceof VendorUnreachableException;
    return response(doubt ?? exception, retry && exception.retryable);
  }

  #doubt({ key, idempotencyKey }: Attempt, exception: VaultKeyException): void {
    if (idempotencyKey === undefined) return;
    const doubts = this.#doubts.get(key) ?? new Map<string, VaultKeyException>();
    this.#doubts.set(key, doubts.set(idempotencyKey, exception));
  }

  #doubtOver({ key, idempotencyKey }: Attempt): VaultKeyException | undefined {
    return idempotencyKey === undefined ? undefined : this.#doubts.get(key)?.get(idempotencyKey);
  }
}

/** @throws CallRefusedException for all but the API behind the broker's proxy. */
function checkAddress(host: string, path: string, method: string): void {
  if (host !== HOST || /^\/v2(?![^/?])/.test(path)) {
    const where = host === HOST ? 'the /v2 API' : host.slice(0, 100);
    throw new CallRefusedException({
      status: 501,
      code: 'host_not_proxied',
      message: `The call is to ${where}, where no vault key is enforced, so it was not sent. Through a vault key go the /v1 calls of ${HOST}.`,
    });
  }
  if (!/^[A-Z]{1,20}$/.test(method)) {
    throw CallRefusedException.forArgument('method', 'must be a method of HTTP');
  }
}

/**
 * The headers as the broker takes them, in lower case.
 *
 * @throws CallRefusedException for credentials, and for what a header cannot hold.
 */
function headersOf(headers: OutgoingHeaders): Record<string, string> {
  const outgoing: Record<string, string> = {};
  for (const [given, value] of Object.entries(headers)) {
    const name = given.toLowerCase();
    if (name === 'authorization') {
      throw CallRefusedException.forArgument(
        'apiKey',
        'must not be given: a call goes with the vault key of its invocation and no other',
        'api_key_not_proxied',
      );
    }
    const text = Array.isArray(value) ? value.join(', ') : String(value);
    try {
      validateHeaderValue(name, text);
    } catch {
      throw CallRefusedException.forArgument(name, 'holds a character that no header may hold');
    }
    outgoing[name] = text;
  }
  return outgoing;
}

/** The answer, or what the call has come to where its own time-out is over before. */
function inTime(attempt: Attempt, answering: Promise<VendorAnswer>): Promise<VendorAnswer> {
  const { timeoutMs } = attempt;
  if (timeoutMs === undefined) return answering;
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(
        new VendorOutcomeUnknownException({
          ...told(attempt),
          happened: `no answer came within the ${timeoutMs} ms that the call was given`,
          timedOut: true,
        }),
      );
    }, timeoutMs);
    answering.then(
      (answer) => {
        clearTimeout(timer);
        if (late) answer.body.destroy();
        else resolve(answer);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error as Error);
      },
    );
  });
}

function exceptionOf(attempt: Told, error: unknown): VaultKeyException {
  if (error instanceof VaultKeyException) return error;
  return new VendorOutcomeUnknownException({
    ...told(attempt),
    happened: 'the call failed on its way',
    cause: error,
  });
}

/** What every account of a call says of it. */
function told({ key, idempotencyKey, readOnly }: Told) {
  return {
    vendor: key?.vendor ?? KIND,
    readOnly,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
}

/** Whether an exception says of its own attempt that nothing has reached the vendor. */
function sentNothing(exception: VaultKeyException): boolean {
  return (
    exception instanceof VaultKeyInvalidException ||
    exception instanceof VaultKeyUnavailableException ||
    exception instanceof VendorUnreachableException ||
    exception instanceof AgentBrakedException ||
    exception instanceof ApprovalRequiredException ||
    exception instanceof SpendCapExceededException
  );
}

/** The vendor's own error, as it came. */
function vendorError(
  { status, headers }: VendorAnswer,
  content: unknown,
  exception: VaultKeyException,
): VendorResponse {
  const { error } = (content ?? {}) as { error?: unknown };
  if (typeof error !== 'object' || error === null) {
    const body = { error: errorOf(exception) };
    return new VendorResponse(status, headers, () => Promise.resolve(body));
  }
  standFor(error, exception);
  return new VendorResponse(status, headers, () => Promise.resolve(content as object));
}

/**
 * An answer of this package's own. `retry`: whether an attempt more may help, where one is left.
 */
function response(exception: VaultKeyException, retry = false): VendorResponse {
  const headers = { 'content-type': 'application/json', 'stripe-should-retry': String(retry) };
  const body = { error: errorOf(exception) };
  return new VendorResponse(statusOf(exception), headers, () => Promise.resolve(body));
}

/**
 * The body as a stream that ends with an error once it has brought nothing for its call's time-out.
 */
function streamOf(attempt: Attempt, { body }: VendorAnswer): Readable {
  const { timeoutMs } = attempt;
  if (timeoutMs === undefined) return body;
  let timer: NodeJS.Timeout | undefined;
  const waitForMore = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const happened = `nothing more of the answer came within the ${timeoutMs} ms that the call was given`;
      stream.destroy(
        new VendorOutcomeUnknownException({ ...told(attempt), happened, timedOut: true }),
      );
    }, timeoutMs);
  };
  const stream = new Readable({
    read: () => {
      waitForMore();
      body.resume();
    },
    destroy: (error, done) => {
      clearTimeout(timer);
      body.destroy();
      done(error);
    },
  });
  // A stream without a listener must not end the process when it breaks off.
  stream.on('error', () => undefined);
  body.pause();
  body.on('data', (chunk: Buffer) => {
    // While the reader pauses, no time runs.
    clearTimeout(timer);
    if (stream.push(chunk)) waitForMore();
    else body.pause();
  });
  body.on('end', () => {
    clearTimeout(timer);
    stream.push(null);
  });
  body.on('error', (error) => stream.destroy(error));
  body.on('close', () => {
    if (!body.readableEnded) stream.destroy(new Error('The answer broke off.'));
  });
  return stream;
}

/** `undefined` where the body broke off, came too late, or is no JSON. */
async function readJson({ key, timeoutMs }: Attempt, answer: VendorAnswer): Promise<unknown> {
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(() => answer.body.destroy(), timeoutMs);
  const bytes = await readWhole(answer, MAX_ANSWER_BYTES);
  clearTimeout(timer);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8').replaceAll(key.token, key.maskedToken)) as unknown;
  } catch {
    return undefined;
  }
}
