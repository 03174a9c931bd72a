import { randomUUID } from 'node:crypto';
import { readWhole } from '../broker-client/broker-client';
import type { VendorCall } from '../broker-client/broker-client';
import { targetFault } from '../contract/target';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import { readProxiedAnswer } from '../broker-client/refusal-reader';
import { tracedCall } from '../telemetry/vendor-call-trace';
import { numberedKey } from '../vault-key/invocation-context';
import type { CurrentVaultKey } from '../vault-key/current-vault-key';
import type { VaultKey } from '../vault-key/vault-key';
import { encodeForm } from './form-encoding';
import type { VendorParams } from './form-encoding';

/** The methods a vendor call may have. */
export type VendorMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What else a vendor call may say. */
export interface VendorRequestOptions {
  /**
   * Sent as `Idempotency-Key` with every call but `GET`: the vendor executes calls of the same key
   * once. 1–255 visible ASCII characters. Give one of your own, such as an order's id, where a
   * retry of your handler must not charge again.
   *
   * @default a random UUID for each call; in a job, one that the same call of a retry has too
   */
  idempotencyKey?: string | undefined;
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/**
 * Base of the services that call a vendor with the invocation's vault key, through the broker's
 * proxy.
 *
 * @example
 * ```ts
 * @Injectable()
 * export class ProxiedAcmeService extends ProxiedVendorService {
 *   constructor(vaultKeys: CurrentVaultKey) {
 *     super(vaultKeys, 'acme');
 *   }
 *
 *   order(sku: string) {
 *     return this.request<{ id: string }>('POST', '/v1/orders', { sku });
 *   }
 * }
 * ```
 */
export abstract class ProxiedVendorService {
  readonly #vaultKeys: CurrentVaultKey;

  /**
   * @param vendor What it calls: a kind of account, such as `stripe`, whichever of them the invocation has;
   * or an account's name at the broker.
   */
  protected constructor(
    vaultKeys: CurrentVaultKey,
    readonly vendor: string,
  ) {
    this.#vaultKeys = vaultKeys;
  }

  /**
   * Makes one call and gives the parsed JSON of its answer (`undefined` for an answer without
   * content, 204). Nothing is retried.
   *
   * @param path The vendor's own path, `/v1/customers`: no `%`, no `..`; may have a query.
   * @param params Sent form-encoded: in the query of `GET`, else in the body.
   * @throws VaultKeyMissingException outside an invocation, and after it has ended.
   * @throws CallRefusedException for a path, parameter or idempotency key that cannot be sent, and
   * for what the broker refuses.
   * @throws SpendCapExceededException, EndpointNotAllowedException, AgentBrakedException,
   * VaultKeyInvalidException or VaultKeyUnavailableException when the broker sent nothing on.
   * @throws VendorException for the vendor's own errors, VendorRateLimitedException for its 429,
   * VendorUnreachableException when it was not reached.
   * @throws VendorOutcomeUnknownException when the call was sent and no usable answer came.
   *
   * @example
   * ```ts
   * const customer = await this.stripe.request<{ id: string }>('POST', '/v1/customers', {
   *   email: 'ada@example.com',
   *   metadata: { order: 'o_1' },
   * });
   * ```
   */
  async request<T = unknown>(
    method: VendorMethod,
    path: string,
    params: VendorParams = {},
    options: VendorRequestOptions = {},
  ): Promise<T> {
    const key = this.vaultKey();
    if (!METHODS.has(method)) {
      throw CallRefusedException.forArgument('method', `must be one of ${[...METHODS].join(', ')}`);
    }
    const readOnly = method === 'GET';
    const given = readOnly ? undefined : givenKey(options);
    const form = encodeForm(params);
    const target = targetOf(path, readOnly ? form : '');
    const body = readOnly || form === '' ? undefined : form;
    const idempotencyKey = readOnly
      ? undefined
      : (given ?? numberedKey({ method, path: target, body, vendor: key.vendor }) ?? randomUUID());

    const call: VendorCall = {
      vendor: key.vendor,
      token: key.token,
      method,
      target,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      ...(body === undefined ? {} : { body }),
    };
    const answer = await tracedCall(key, call, (traced) => key.broker.forward(traced));
    const bytes = await readWhole(answer, MAX_ANSWER_BYTES);
    const text = bytes?.toString('utf8');
    const content = parseJson(text?.replaceAll(key.token, key.maskedToken));
    const { status, headers } = answer;
    const exception = readProxiedAnswer({
      status,
      headers,
      body: content,
      vendor: key.vendor,
      idempotencyKey,
      readOnly,
    });
    if (exception !== undefined) throw exception;
    return content as T;
  }

  /**
   * The key that a call goes with.
   *
   * @throws VaultKeyMissingException where the invocation has no such key.
   */
  protected vaultKey(): VaultKey {
    return this.#vaultKeys.ofKind(this.vendor);
  }
}

function givenKey(options: VendorRequestOptions): string | undefined {
  const { idempotencyKey } = options;
  if (idempotencyKey === undefined) return undefined;
  if (typeof idempotencyKey !== 'string' || !IDEMPOTENCY_KEY.test(idempotencyKey)) {
    throw CallRefusedException.forArgument(
      'idempotencyKey',
      'must be 1 to 255 visible ASCII characters, such as "order-1842"',
    );
  }
  return idempotencyKey;
}

function targetOf(path: string, query: string): string {
  if (typeof path !== 'string') {
    throw CallRefusedException.forArgument(
      'path',
      'must be a string such as "/v1/customers"',
      'invalid_path',
    );
  }
  const target = query === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`;
  const fault = targetFault(target);
  if (fault !== undefined)
    throw CallRefusedException.forArgument('path', `cannot be sent: ${fault}`, 'invalid_path');
  return target;
}

function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
