import { fieldsOf, unknownFields } from '../known-fields';
import type { Ledger } from '../ledger/ledger';
import type { KeyFilter, PageRequest } from '../ledger/records';
import { capView } from '../budgets/budget-view';
import { limitsView } from '../limits/limits-view';
import type { LimitsView } from '../limits/limits-view';
import { toUsd } from '../../contract/usd';
import type { Actor } from '../operators/actor';
import { invalidFields, invalidKey, notFound } from '../refusal';
import { parseIssueRequest } from './issue-request';
import { isLive } from './key';
import type { KeyRecord } from './key';
import { usdOf, viewOf } from './key-view';
import type { CurrentKeyView, KeyView } from './key-view';
import type { IsGone } from './request-id';
import type { Subject } from './subject';
import { hashToken, isWellFormedToken, newId, newToken } from './token';

/** The answer to an issue, as the wire shows it. The only place a token is ever shown. */
export interface IssuedKeyBody {
  id: string;
  token: string;
  label: string;
  vendor: string;
  /** What the account is at, where its name does not say it. */
  kind?: string;
  daily_usd_cap: number;
  allowed_endpoints: readonly string[];
  subject?: Subject;
  parent_id?: string;
  lease_id?: string;
  /** The application's own daily caps, in USD. */
  budgets?: Record<string, number>;
  limits?: LimitsView;
  request_id?: string;
  created_at: string;
  expires_at: string;
}

/** A key for work in the broker's own process. */
export interface OwnKey {
  id: string;
  token: string;
  /** As in {@link IssuedKeyBody}. */
  kind?: string;
  /** Milliseconds from now on. An instant would be one of the broker's clock, which is not the machine's. */
  lifeMs: number;
}

/** A key that is to be issued. */
interface NewKey {
  key: KeyRecord;
  token: string;
  /** What the request for it may be repeated by. */
  requestId?: string;
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

/** Issues, revokes and lists keys. `Broker` documents what each method takes and throws. */
export class Keys {
  /** @param vendors What the paths of each account begin with, and what it is at, by its name. */
  constructor(
    private readonly ledger: Ledger,
    private readonly vendors: {
      readonly prefixes: ReadonlyMap<string, string>;
      readonly kinds: ReadonlyMap<string, string>;
    },
  ) {}

  async issue(body: unknown, by: Actor, isGone: IsGone = () => false): Promise<IssuedKeyBody> {
    const { key: asked, token, requestId } = await this.#newKey(body);
    let key = asked;
    if (requestId === undefined) await this.ledger.issue(key, by);
    else key = await this.ledger.issueInPlace({ requestId, key, by, isGone });
    return {
      id: key.id,
      token,
      label: key.label,
      vendor: key.vendor,
      ...this.#kindOf(key),
      daily_usd_cap: toUsd(key.capMicros),
      allowed_endpoints: key.allowedEndpoints,
      ...(Object.keys(key.subject).length === 0 ? {} : { subject: key.subject }),
      ...(key.parentId === undefined ? {} : { parent_id: key.parentId }),
      ...(key.lease === undefined ? {} : { lease_id: key.lease.id }),
      ...(Object.keys(key.budgets).length === 0 ? {} : { budgets: usdOf(key.budgets) }),
      ...(key.limits === undefined ? {} : { limits: limitsView(key.limits) }),
      ...(requestId === undefined ? {} : { request_id: requestId }),
      created_at: new Date(key.createdAt).toISOString(),
      expires_at: new Date(key.expiresAt).toISOString(),
    };
  }

  async issueForOwnWork(body: unknown): Promise<OwnKey> {
    const { key, token } = await this.#newKey(body);
    await this.ledger.issueSoon(key);
    return { id: key.id, token, ...this.#kindOf(key), lifeMs: key.expiresAt - key.createdAt };
  }

  async revoke(id: string, by: Actor): Promise<RevokedKeyBody> {
    const { revokedAt } = await this.ledger.revoke([id], by);
    const at = revokedAt.get(id);
    if (at === undefined) throw notFound('There is no key of that id.');
    return { id, status: 'revoked', revoked_at: new Date(at).toISOString() };
  }

  async revokeOwn(ids: readonly string[]): Promise<{ unknown: readonly string[] }> {
    const { unknown } = await this.ledger.revokeSoon([...new Set(ids)]);
    return { unknown };
  }

  async revokeAll(
    body: unknown,
    by: Actor,
  ): Promise<{ revoked: number; unknown: readonly string[] }> {
    const { ids, ...others } = fieldsOf(body) as { ids?: unknown };
    const unknownNames = unknownFields(others, ['ids']);
    if (unknownNames.length > 0) throw invalidFields(unknownNames);
    if (
      !Array.isArray(ids) ||
      ids.length < 1 ||
      ids.length > 1_000 ||
      !ids.every((id): id is string => typeof id === 'string')
    ) {
      throw invalidFields([{ field: 'ids', message: 'must be an array of 1 to 1000 key ids' }]);
    }
    const { revokedAt, unknown } = await this.ledger.revoke([...new Set(ids)], by);
    return { revoked: revokedAt.size, unknown };
  }

  async key(id: string): Promise<KeyView> {
    const found = await this.ledger.key(id);
    if (found === undefined) throw notFound('There is no key of that id.');
    return viewOf(found, this.ledger.now());
  }

  async keys(filter: KeyFilter, page: PageRequest): Promise<KeyPage> {
    const now = this.ledger.now();
    const found = await this.ledger.keys(filter, page);
    return {
      keys: found.entries.map((entry) => viewOf(entry, now)),
      ...(found.next === undefined ? {} : { cursor: found.next }),
    };
  }

  async currentKey(token?: string): Promise<CurrentKeyView> {
    const now = this.ledger.now();
    const key =
      token === undefined || !isWellFormedToken(token)
        ? undefined
        : await this.ledger.keyByTokenHash(hashToken(token));
    const found =
      key === undefined || !isLive(key, now) ? undefined : await this.ledger.key(key.id);
    if (found === undefined) throw invalidKey(token !== undefined);
    const [, ...others] = await this.ledger.capsOver(found.key.id);
    return { ...viewOf(found, now), budgets: others.map(capView) };
  }

  #kindOf({ vendor }: KeyRecord): { kind?: string } {
    const kind = this.vendors.kinds.get(vendor) ?? vendor;
    return kind === vendor ? {} : { kind };
  }

  async #newKey(body: unknown): Promise<NewKey> {
    const parsed = parseIssueRequest(body, this.vendors.prefixes);
    if ('faults' in parsed) {
      const { faults, links } = parsed;
      throw invalidFields([...faults, ...(await this.ledger.linkFaults(links))]);
    }
    const { request } = parsed;
    const now = this.ledger.now();
    const token = newToken();
    const key: KeyRecord = {
      id: `vk_${newId(now)}`,
      tokenHash: hashToken(token),
      label: request.label,
      vendor: request.vendor,
      capMicros: request.capMicros,
      allowedEndpoints: request.allowedEndpoints,
      subject: request.subject,
      ...(request.parentId === undefined ? {} : { parentId: request.parentId }),
      // When it lapses is the lease's own to say, whenever the key is looked at.
      ...(request.leaseId === undefined
        ? {}
        : { lease: { id: request.leaseId, expiresAt: Infinity } }),
      budgets: request.budgets,
      ...(request.limits === undefined ? {} : { limits: request.limits }),
      createdAt: now,
      expiresAt: now + request.lifeMs,
    };
    const { requestId } = request;
    return { key, token, ...(requestId === undefined ? {} : { requestId }) };
  }
}
