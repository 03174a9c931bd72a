import type { BudgetPeriod, WireCaps } from '../contract/budget-periods';
import type { Readable } from 'node:stream';
import type { Trace } from '../broker/telemetry/trace';
import type { BrokerEvent } from '../broker/events/event';
import type { OpenUnion } from '../contract/open-union';
import type { BrakeScope, CapScope } from '../contract/scopes';
import type { ApprovalState } from '../contract/states';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import type { VaultKeyException } from '../exceptions/vault-key.exception';

export type { BrakeScope };

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

/**
 * The application's own caps over whom a key works for, each across all of their keys: USD, 0 to
 * 1,000,000, at most 2 decimals, a number for a UTC day. Sent only in the `vault-key` dialect.
 */
export interface KeyBudgets {
  /** Of the tenant. */
  tenant?: WireCaps;
  /** Of the user, within its tenant. */
  user?: WireCaps;
  /** Of the agent's run, within its tenant and user. */
  run?: WireCaps;
  /** Of the tool, for all of its callers together. */
  tool?: WireCaps;
}

/** What each call under a key must keep to beside its cap. Sent only in the `vault-key` dialect. */
export interface KeyLimits {
  /** What one call may make its object cost at most: USD, at most 2 decimals. */
  perCallUsd?: number;
  /** Calls other than GET within any 60 seconds. */
  callsPerMinute?: number;
  /** The vendor's customers that calls may reach. */
  customers?: readonly string[];
  /** Where payouts and transfers may go. */
  destinations?: readonly string[];
  /** Three-letter codes. */
  currencies?: readonly string[];
}

/** What is asked of the broker when an invocation begins. */
export interface IssueKeyRequest {
  /** 1–200 characters, shown in key lists and the audit log. */
  label: string;
  /** The name of an account that the broker is configured for. */
  vendor: string;
  /** USD, at most 2 decimals; the cap covers the key's whole life. */
  dailyUsdCap: number;
  /** Patterns such as `/v1/payment_intents/*`. */
  allowedEndpoints: readonly string[];
  /** `30s`, `5m`, `1h`. */
  expiresIn: string;
  subject: KeySubject;
  /** The id of the key of the invocation this one is opened in; its cap counts too. */
  parentId?: string;
  budgets?: KeyBudgets;
  /** `shadow`: the budgets refuse nothing, and what they would refuse is recorded. */
  budgetsMode?: 'shadow';
  limits?: KeyLimits;
  /**
   * A call after which its object may cost more needs an approval: USD, at most 2 decimals. Sent only in
   * the `vault-key` dialect.
   */
  approveAboveUsd?: number;
  /** The lease the key dies with. Sent only in the `vault-key` dialect. */
  leaseId?: string;
  /**
   * What it is a part of, where that is traced.
   *
   * @internal
   */
  trace?: Trace | undefined;
}

/** A key as the broker issued it. Holds the token: never log it. */
export interface IssuedKey {
  id: string;
  token: string;
  /** What its account is at, where the account's name does not say it: `stripe`. */
  kind?: string | undefined;
  expiresAt: Date;
}

/**
 * What became of an issue request. Where the answer named a key but gave no usable one, `keyId`
 * is that key's id, so that it can be revoked all the same. `leaseRefused` says that the lease it
 * named has lapsed or is unknown to the broker; `earlierKeyMayExist` that the request was sent twice, and
 * the broker may have another key for it, whose token was lost.
 */
export type IssueResult =
  | { issued: true; key: IssuedKey; earlierKeyMayExist?: boolean }
  | { issued: false; error: VaultKeyException; keyId?: string; leaseRefused?: boolean };

/** Which of the ids need no further attempt (revoked, or unknown to the broker), and which do. */
export interface RevokeResult {
  ended: readonly string[];
  /** To be tried again; `reason` is safe to log. */
  failed: readonly { id: string; reason: string }[];
}

/** A cap over a key, and what counts against it. All sums in USD. */
export interface CapStatus {
  /** Whose cap it is: `key`, `parent`, or a budget's `tenant`, `user`, `run`, `tool`, `vendor`. */
  scope: OpenUnion<CapScope>;
  cap: number;
  /** What has been spent under the cap. */
  spent: number;
  /** What calls in flight, and calls with an unknown outcome, have reserved. */
  held: number;
  /**
   * What refunds have taken back of their own user's spend: it may come to `cap` too, and leaves `remaining`
   * as it is. Absent where that is nothing.
   */
  undone?: number;
  /** What is left; negative where a vendor has charged more than it was asked to. */
  remaining: number;
  /** When a budget resets: ISO 8601, UTC. A key's own cap never does. */
  resetsAt?: string;
  /** Of a budget: what it counts. */
  period?: OpenUnion<BudgetPeriod>;
}

/** A key as its broker sees it. */
export interface KeyState {
  /** Whether an active brake stops it. */
  braked: boolean;
  /** Every cap over it, its own first. */
  caps: readonly CapStatus[];
}

/** A broker that takes decisions, and what it keeps them in. */
export interface BrokerState {
  /** The kind of its store: `sqlite`, `postgres`. */
  kind: string;
  /** How far a commit reaches before it is acknowledged, as the store says it. */
  durability: string;
}

/** Whom to stop, and why. */
export interface BrakeRequest {
  scope: BrakeScope;
  /** Whose id it is; absent for `all`. */
  target?: string;
  /** Only within this tenant. */
  tenantId?: string;
  /** Shown to the agents that it stops: 1–200 characters. */
  reason: string;
  /** `30s`, `5m`, `1h`; without it the brake is active until it is lifted. */
  expiresIn?: string;
}

/** What stops a subject until it is lifted or expires. */
export interface Brake {
  /** What `lift` takes. */
  id: string;
  scope: BrakeScope;
  /** Whom it stops; absent for `all`. */
  target?: string;
  tenantId?: string;
  reason: string;
  /** Who has set it: an operator's name, or `app` for the application. */
  setBy?: string;
  createdAt: Date;
  /** Absent where it is active until it is lifted. */
  expiresAt?: Date;
  /** How many live keys it stopped; absent while they are being counted. */
  hit?: number;
}

/** A brake that has just been put: without `hit` where more keys live than one look can count. */
export type NewBrake = Brake;

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
  /**
   * What it is a part of, where that is traced.
   *
   * @internal
   */
  trace?: Trace | undefined;
}

/**
 * The proxy's answer: the vendor's, or a refusal of the broker's own. Header names are lower case.
 */
export interface VendorAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  readonly body: Readable;
  /**
   * The whole body, where that costs less than a stream; `undefined` where it broke off or is
   * larger. In place of {@link body}, not beside it.
   */
  bytes?(maxBytes: number): Promise<Buffer | undefined>;
}

/** The whole body of an answer; `undefined` where it broke off or is larger. */
export async function readWhole(
  answer: VendorAnswer,
  maxBytes: number,
): Promise<Buffer | undefined> {
  if (answer.bytes !== undefined) return answer.bytes(maxBytes);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}

/**
 * How a broker is reached. One of these exists in an application: `VaultKeyBrokerClient` or
 * `KeybrakeClient` for a server, `EmbeddedBrokerClient` for the broker in this process.
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

  /**
   * As {@link forward}, by the cheapest way there is: what a vendor's own client is bound to.
   *
   * @throws what {@link forward} throws.
   */
  relay(call: VendorCall): Promise<VendorAnswer> {
    return this.forward(call);
  }

  /**
   * What counts against every cap over a key.
   *
   * @throws VaultKeyInvalidException where the key is not live any more.
   * @throws VaultKeyUnavailableException where the broker gave no answer.
   */
  keyState(_key: { token: string; vendor: string }): Promise<KeyState> {
    return notInDialect('What remains under a cap');
  }

  /**
   * Stops a subject. Once it resolves, no call of theirs is admitted.
   *
   * @throws CallRefusedException where the broker takes no such brake.
   * @throws VaultKeyUnavailableException where the broker gave no answer; the brake may be active.
   */
  brake(_request: BrakeRequest): Promise<Brake> {
    return notInDialect('A brake');
  }

  /**
   * Lifts a brake.
   *
   * @throws CallRefusedException 404 `not_found` where no active brake has the id.
   * @throws VaultKeyUnavailableException where the broker gave no answer.
   */
  lift(_brakeId: string): Promise<void> {
    return notInDialect('A brake');
  }

  /**
   * The active brakes, the oldest first.
   *
   * @throws VaultKeyUnavailableException where the broker gave no answer.
   */
  brakes(): Promise<readonly Brake[]> {
    return notInDialect('A brake');
  }

  /**
   * What has become of an approval; `undefined` where the broker knows none of that id.
   *
   * @throws VaultKeyUnavailableException where the broker gave no answer.
   */
  approvalState(_id: string): Promise<ApprovalState | undefined> {
    return notInDialect('An approval');
  }

  /**
   * Begins a lease.
   *
   * @returns Its id.
   * @throws VaultKeyUnavailableException if none can be obtained.
   */
  beginLease(_ttlSeconds: number): Promise<string> {
    return notInDialect('A lease');
  }

  /**
   * Renews a lease.
   *
   * @returns False where it has lapsed or the broker does not know it.
   * @throws VaultKeyUnavailableException where the broker gave no answer.
   */
  renewLease(_leaseId: string): Promise<boolean> {
    return notInDialect('A lease');
  }

  /**
   * Ends a lease, and with it every key issued under it. One that is not there has ended too.
   *
   * @throws VaultKeyUnavailableException where the broker gave no answer.
   */
  endLease(_leaseId: string): Promise<void> {
    return notInDialect('A lease');
  }

  /**
   * Whether the broker is reachable and its store takes decisions.
   *
   * @throws VaultKeyUnavailableException where not, with the reason.
   */
  state(): Promise<BrokerState> {
    return notInDialect('A call that says how it is');
  }

  /**
   * What happens in the broker, from now on until the signal. Where the broker does not answer, it is asked
   * again, its `log` takes a line that says so, and nothing is left out.
   */
  events(_reading: {
    signal: AbortSignal;
    log: (line: string) => void;
  }): AsyncIterable<BrokerEvent> {
    return {
      [Symbol.asyncIterator]: () => ({ next: () => notInDialect('The event stream') }),
    };
  }

  /** Ends connections, and the broker where it is embedded. */
  abstract close(): Promise<void>;
}

/** The answer of a client whose broker speaks Keybrake's own contract, which has none of this. */
function notInDialect(what: string): Promise<never> {
  return Promise.reject(
    new CallRefusedException({
      status: 501,
      code: 'dialect_not_supported',
      message: `${what} is something a broker of the "keybrake" dialect does not have. This package's own has: configure VaultKeyModule with \`embedded\`, or with \`broker: { url }\` of a vault-key-broker.`,
    }),
  );
}
