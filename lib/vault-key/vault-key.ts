import { inspect } from 'node:util';
import type { BrokerClient } from '../broker-client/broker-client';
import type { Trace } from '../broker/telemetry/trace';

/** What a {@link VaultKey} is made of. */
export interface VaultKeyInit {
  id: string;
  token: string;
  vendor: string;
  /** @default the vendor's name */
  kind?: string | undefined;
  label: string;
  userId: string;
  runId: string;
  tenantId?: string;
  expiresAt: Date;
  broker: BrokerClient;
  /** The patterns of the calls that it is for. */
  allowedEndpoints?: readonly string[];
  /** The trace of its invocation. */
  trace?: Trace | undefined;
}

/**
 * The short-lived credential one invocation of an agent's tool works with. The token reaches only
 * code that reads `.token`: `inspect`, `JSON.stringify`, template strings and loggers show it
 * masked.
 */
export class VaultKey {
  readonly id: string;
  /** The account it is for: the name of an entry of the broker's vendors. */
  readonly vendor: string;
  /** What that account is at: `stripe`. */
  readonly kind: string;
  readonly label: string;
  readonly userId: string;
  readonly runId: string;
  readonly tenantId?: string;
  readonly expiresAt: Date;
  readonly #token: string;
  readonly #broker: BrokerClient;
  readonly #allowedEndpoints: readonly string[];
  readonly #trace: Trace | undefined;
  #ended = false;
  #shutDown = false;

  /** @internal */
  constructor(init: VaultKeyInit) {
    this.id = init.id;
    this.vendor = init.vendor;
    this.kind = init.kind ?? init.vendor;
    this.label = init.label;
    this.userId = init.userId;
    this.runId = init.runId;
    if (init.tenantId !== undefined) this.tenantId = init.tenantId;
    this.expiresAt = init.expiresAt;
    this.#token = init.token;
    this.#broker = init.broker;
    this.#allowedEndpoints = init.allowedEndpoints ?? [];
    this.#trace = init.trace;
  }

  /**
   * The secret itself, for an `Authorization: Bearer` header to the broker's proxy and nothing
   * else.
   */
  get token(): string {
    return this.#token;
  }

  /**
   * `vault_key_…` and the last four characters: enough to tell two keys apart, not enough to use
   * one.
   */
  get maskedToken(): string {
    return `vault_key_…${this.#token.slice(-4)}`;
  }

  /**
   * The broker that issued the key, the only one that knows it.
   *
   * @internal
   */
  get broker(): BrokerClient {
    return this.#broker;
  }

  /**
   * The patterns of the calls that it is for.
   *
   * @internal
   */
  get allowedEndpoints(): readonly string[] {
    return this.#allowedEndpoints;
  }

  /**
   * The trace that what it does is a part of; absent where nothing is traced.
   *
   * @internal
   */
  get trace(): Trace | undefined {
    return this.#trace;
  }

  /** True once the invocation is over; a key that has ended serves no further call. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * True where the key was ended under its invocation, which the shutdown of the application cut
   * off.
   *
   * @internal
   */
  get shutDown(): boolean {
    return this.#shutDown;
  }

  /**
   * Marks the key as over: it serves no further call here. The broker is told when the invocation
   * ends.
   *
   * @param shutDown Whether its invocation is cut off by the shutdown of the application.
   * @internal
   */
  end(shutDown = false): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#shutDown = shutDown;
  }

  toJSON(): Record<string, unknown> {
    return { ...(this as object), token: this.maskedToken };
  }

  toString(): string {
    return `VaultKey ${this.id} (${this.maskedToken})`;
  }

  [inspect.custom](): string {
    return `VaultKey ${inspect(this.toJSON())}`;
  }
}
