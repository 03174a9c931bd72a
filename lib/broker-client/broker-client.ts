import type { Readable } from 'node:stream';
import type { VaultKeyException } from '../exceptions/vault-key.exception';

/**
 * Which contract the broker speaks: `keybrake` is what Keybrake's own API documents, and nothing
 * else is sent to such a server; `vault-key` adds the fields and calls of this package's broker.
 */
export type BrokerDialect = 'keybrake' | 'vault-key';

/** Who a key works for. Sent only in the `vault-key` dialect. */
export interface KeySubject {
  tenantId?: string;
  userId?: string;
  runId?: string;
  tool?: string;
}

/** What is asked of the broker when a run begins. */
export interface IssueKeyRequest {
  /** 1–200 characters, shown in key lists and the audit log. */
  label: string;
  /** The name of a vendor the broker is configured for. */
  vendor: string;
  /** USD, at most 2 decimals; the cap covers the key's whole life. */
  dailyUsdCap: number;
  /** Patterns such as `/v1/payment_intents/*`. */
  allowedEndpoints: readonly string[];
  /** `30s`, `5m`, `1h`. */
  expiresIn: string;
  subject: KeySubject;
  /** The id of the key of the run this one is opened in; its cap counts too. */
  parentId?: string;
}

/** A key as the broker issued it. Holds the token: never log it. */
export interface IssuedKey {
  id: string;
  token: string;
  expiresAt: Date;
}

/**
 * What became of an issue request. Where the answer named a key but gave no usable one, `keyId`
 * is that key's id, so that it can be revoked all the same.
 */
export type IssueResult =
  { issued: true; key: IssuedKey } | { issued: false; error: VaultKeyException; keyId?: string };

/** Which of the ids need no further attempt (revoked, or unknown to the broker), and which do. */
export interface RevokeResult {
  ended: readonly string[];
  /** To be tried again; `reason` is safe to log. */
  failed: readonly { id: string; reason: string }[];
}

/** One call to a vendor through the broker's proxy. */
export interface VendorCall {
  vendor: string;
  /** The vault key's token. */
  token: string;
  method: string;
  /** The vendor's own path and query, `/v1/payment_intents?limit=3`; sent byte for byte. */
  target: string;
  headers: Readonly<Record<string, string>>;
  /** The form-encoded (or other) body; absent for a call without one. */
  body?: string;
}

/** The proxy's answer: the vendor's, or a refusal of the broker's own. Header names are lower case. */
export interface VendorAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Readable;
}

/**
 * The port to a broker. One of these exists in an application: `HttpBrokerClient` for a server,
 * `EmbeddedBrokerClient` for the broker in this process.
 */
export abstract class BrokerClient {
  abstract readonly dialect: BrokerDialect;

  /** Never rejects: a failure is a result, since it may name a key that has to be revoked. */
  abstract issue(request: IssueKeyRequest): Promise<IssueResult>;

  /** Never rejects. */
  abstract revoke(ids: readonly string[]): Promise<RevokeResult>;

  /**
   * Sends one call through the proxy.
   *
   * @throws VaultKeyUnavailableException when the broker was not reached, so that nothing was sent.
   * @throws CallRefusedException for a target that cannot be sent as it is.
   * @throws VendorOutcomeUnknownException when the call had left and no answer came.
   */
  abstract forward(call: VendorCall): Promise<VendorAnswer>;

  /** Ends connections, and the broker where it is embedded. */
  abstract close(): Promise<void>;
}
