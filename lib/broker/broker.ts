import type { AuditEntry } from './audit/audit-entry';
import {
  BrokerOptionsError,
  DEFAULT_STORE,
  DEFAULT_VENDOR_TIMEOUT,
  brokerOptionFaults,
  parseStore,
  parseTimeout,
} from './broker.options';
import type { BrokerOptions } from './broker.options';
import { Proxy } from './forwarding/proxy';
import type { ConfiguredVendor, ProxyAnswer, ProxyCall } from './forwarding/proxy';
import { VendorConnection } from './forwarding/vendor-connection';
import { parseIssueRequest } from './keys/issue-request';
import type { Subject } from './keys/issue-request';
import { statusOf, viewOf } from './keys/key';
import type { KeyRecord, KeyView } from './keys/key';
import { hashToken, newToken, randomBase62 } from './keys/token';
import type { AuditFilter, KeyFilter, Ledger, RevokeDecision, StoreState } from './ledger/ledger';
import { SqliteLedger } from './ledger/sqlite/sqlite-ledger';
import { toUsd } from './money/usd';
import { vendors } from './pricing/vendors';
import { invalidFields, notFound, shuttingDown } from './refusal';
import type { FieldFault } from './refusal';

export type { ProxyAnswer, ProxyCall };

/** The answer to an issue, as the wire shows it. The only place a token is ever shown. */
export interface IssuedKeyBody {
  id: string;
  token: string;
  label: string;
  vendor: string;
  daily_usd_cap: number;
  allowed_endpoints: readonly string[];
  subject?: Subject;
  parent_id?: string;
  created_at: string;
  expires_at: string;
}

/** The answer to a revocation. */
export interface RevokedKeyBody {
  id: string;
  status: 'revoked';
  revoked_at: string;
}

/** A page of keys; `cursor` asks for the next one. */
export interface KeyPage {
  keys: readonly KeyView[];
  cursor?: string;
}

/**
 * The broker itself: issues keys, forwards calls under them, keeps the ledger. No HTTP, no NestJS:
 * `vault-key-broker` serves it over a socket, `VaultKeyModule` calls it in its own process.
 */
export class Broker {
  readonly #ledger: Ledger;
  readonly #proxy: Proxy;
  readonly #prefixes = new Map<string, string>();
  #closed: Promise<void> | undefined;

  /**
   * Opens the store and makes the broker ready.
   *
   * @throws BrokerOptionsError with every fault of the options.
   * @throws Error where the store cannot be opened or is another process's.
   */
  constructor(options: BrokerOptions) {
    const faults = brokerOptionFaults(options);
    const store = parseStore(options.store ?? DEFAULT_STORE);
    const timeoutMs = parseTimeout(options.vendorTimeout ?? DEFAULT_VENDOR_TIMEOUT);
    if (faults.length > 0 || 'fault' in store || timeoutMs === undefined) {
      throw new BrokerOptionsError(faults);
    }
    this.#ledger = new SqliteLedger(store.file);
    const configured = new Map<string, ConfiguredVendor>();
    for (const [name, { secretKey, baseUrl }] of Object.entries(options.vendors)) {
      const vendor = vendors.get(name);
      if (vendor === undefined) continue;
      const { origin } = new URL(baseUrl ?? vendor.defaultBaseUrl);
      const connection = new VendorConnection(origin, timeoutMs);
      configured.set(name, { vendor, secret: secretKey, connection });
      this.#prefixes.set(name, vendor.pathPrefix);
    }
    this.#proxy = new Proxy(this.#ledger, configured);
  }

  /** Whether a vendor of that name is configured. */
  hasVendor(name: string): boolean {
    return this.#prefixes.has(name);
  }

  /**
   * Issues a key.
   *
   * @param body What `POST /v1/keys` takes.
   * @throws BrokerRefusal 422 with every bad field, or 503.
   */
  async issue(body: unknown, remoteAddress?: string): Promise<IssuedKeyBody> {
    if (this.#closed !== undefined) throw shuttingDown();
    const parsed = parseIssueRequest(body, this.#prefixes);
    if ('faults' in parsed) {
      const { faults, parentId } = parsed;
      throw invalidFields([...faults, ...(await this.#parentFaults(parentId))]);
    }
    const { request } = parsed;
    const now = Date.now();
    const token = newToken();
    const key: KeyRecord = {
      id: `vk_${randomBase62(22)}`,
      tokenHash: hashToken(token),
      label: request.label,
      vendor: request.vendor,
      capMicros: request.capMicros,
      allowedEndpoints: request.allowedEndpoints,
      subject: request.subject,
      ...(request.parentId === undefined ? {} : { parentId: request.parentId }),
      createdAt: now,
      expiresAt: now + request.lifeMs,
    };
    await this.#ledger.issue(key, remoteAddress);
    return {
      id: key.id,
      token,
      label: key.label,
      vendor: key.vendor,
      daily_usd_cap: toUsd(key.capMicros),
      allowed_endpoints: key.allowedEndpoints,
      ...(Object.keys(key.subject).length === 0 ? {} : { subject: key.subject }),
      ...(key.parentId === undefined ? {} : { parent_id: key.parentId }),
      created_at: new Date(key.createdAt).toISOString(),
      expires_at: new Date(key.expiresAt).toISOString(),
    };
  }

  /**
   * Revokes a key. Once the promise resolves no call is admitted with it.
   *
   * @throws BrokerRefusal 404 where no key ever had the id, or 503.
   */
  async revoke(id: string, remoteAddress?: string): Promise<RevokedKeyBody> {
    const { revokedAt } = await this.#revoke([id], remoteAddress);
    const at = revokedAt.get(id);
    if (at === undefined) throw notFound('There is no key of that id.');
    return { id, status: 'revoked', revoked_at: new Date(at).toISOString() };
  }

  /**
   * Revokes up to 1,000 keys at once.
   *
   * @param body What `POST /v1/keys/revoke` takes.
   */
  async revokeAll(
    body: unknown,
    remoteAddress?: string,
  ): Promise<{ revoked: number; unknown: readonly string[] }> {
    const ids = (body as { ids?: unknown } | null)?.ids;
    if (
      !Array.isArray(ids) ||
      ids.length < 1 ||
      ids.length > 1_000 ||
      !ids.every((id): id is string => typeof id === 'string')
    ) {
      throw invalidFields([{ field: 'ids', message: 'must be an array of 1 to 1000 key ids' }]);
    }
    const { revokedAt, unknown } = await this.#revoke([...new Set(ids)], remoteAddress);
    return { revoked: revokedAt.size, unknown };
  }

  /** @throws BrokerRefusal 404. */
  async key(id: string): Promise<KeyView> {
    const found = await this.#ledger.key(id);
    if (found === undefined) throw notFound('There is no key of that id.');
    return viewOf(found, Date.now());
  }

  /** Keys, newest first; at most `limit` (1–1,000) of them. */
  async keys(filter: KeyFilter = {}, limit = 100, cursor?: string): Promise<KeyPage> {
    const now = Date.now();
    const page = await this.#ledger.keys(
      filter,
      { limit, ...(cursor === undefined ? {} : { cursor }) },
      now,
    );
    return {
      keys: page.entries.map((entry) => viewOf(entry, now)),
      ...(page.next === undefined ? {} : { cursor: page.next }),
    };
  }

  /** The audit log, newest first; at most `limit` entries. */
  auditEntries(filter: AuditFilter = {}, limit = 1_000): Promise<AuditEntry[]> {
    return this.#ledger.audit(filter, limit);
  }

  /** The store's state; rejects where no decision can be taken. */
  state(): Promise<StoreState> {
    return this.#ledger.state();
  }

  /** Puts a call through the proxy. Never rejects: what is refused is an answer too. */
  forward(call: ProxyCall): Promise<ProxyAnswer> {
    return this.#proxy.forward(call);
  }

  /** Stops admitting, waits for what is under way, closes the store. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#proxy.close();
    await this.#ledger.close();
  }

  async #parentFaults(parentId: string | undefined): Promise<FieldFault[]> {
    if (parentId === undefined) return [];
    const parent = await this.#ledger.key(parentId);
    if (parent !== undefined && statusOf(parent.key, Date.now()) === 'active') return [];
    return [{ field: 'parent_id', message: 'is not the id of a live key' }];
  }

  #revoke(ids: readonly string[], remoteAddress: string | undefined): Promise<RevokeDecision> {
    return this.#ledger.revoke(ids, Date.now(), remoteAddress);
  }
}
