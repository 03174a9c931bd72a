import { isDeepStrictEqual } from 'node:util';
import type { Ledger } from '../ledger/ledger';
import { callerGone, invalidFields } from '../refusal';
import type { KeyRecord } from './key';

/** How often a request for a key may be repeated. */
const MAX_REPEATS = 32;

/** What a request for a key may be repeated by. */
const REQUEST_ID = /^[A-Za-z0-9_-]{16,64}$/;

/** Whether the caller of a request has gone away. */
export type IsGone = () => boolean;

/** What is wrong with the `request_id` of an issue. */
export function requestIdFault(value: unknown): string | undefined {
  return typeof value === 'string' && REQUEST_ID.test(value)
    ? undefined
    : 'must be a string of 16 to 64 letters, digits, "_" and "-"';
}

/**
 * Requests for keys that may be repeated, at any broker on the store. A repeated one revokes the key that
 * it has led to before, whose token was lost with the answer, and leads to another one.
 *
 * The keys of a request are named by its id and by how often it was repeated, so that the store itself
 * lets no two brokers issue the same one: at most one key of a request is live.
 */
export class RepeatedIssues {
  /** The latest issue of each request that is under way here. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(private readonly ledger: Ledger) {}

  /**
   * Issues a key in place of those that the request has led to before.
   *
   * @param isGone Whether nobody waits for the key any more.
   * @returns The key as it was issued: its id is the request's.
   * @throws BrokerRefusal as `Ledger.issue`, and 422 where the request had other terms before.
   */
  async issue(
    requestId: string,
    key: KeyRecord,
    remoteAddress?: string,
    isGone: IsGone = () => false,
  ): Promise<KeyRecord> {
    const before = this.#underWay.get(requestId) ?? Promise.resolve();
    const issuing = before
      .catch(() => {})
      .then(() => this.#issue(requestId, key, remoteAddress, isGone));
    this.#underWay.set(requestId, issuing);
    try {
      return await issuing;
    } finally {
      if (this.#underWay.get(requestId) === issuing) this.#underWay.delete(requestId);
    }
  }

  async #issue(
    requestId: string,
    key: KeyRecord,
    remoteAddress: string | undefined,
    isGone: IsGone,
  ): Promise<KeyRecord> {
    for (let repeats = 0; repeats <= MAX_REPEATS; repeats++) {
      const id = `vk_${repeats}-${requestId}`;
      const earlier = (await this.ledger.key(id))?.key;
      if (earlier === undefined) {
        const issued = { ...key, id };
        await this.ledger.issue(issued, remoteAddress);
        return issued;
      }
      if (!isDeepStrictEqual(termsOf(earlier), termsOf(key))) {
        throw ofRequestId('was the id of a request for a key with other terms');
      }
      if (earlier.revokedAt !== undefined) continue;
      // One that comes late has been repeated elsewhere: the key there is in use.
      if (isGone()) throw callerGone();
      await this.ledger.revoke([id], remoteAddress);
    }
    throw ofRequestId(`may be repeated ${MAX_REPEATS} times`);
  }
}

function ofRequestId(message: string): Error {
  return invalidFields([{ field: 'request_id', message }]);
}

/** What a key was asked for with. */
function termsOf(key: KeyRecord): unknown {
  const { label, vendor, capMicros, subject, parentId, lease, createdAt, expiresAt } = key;
  return {
    label,
    vendor,
    capMicros,
    allowedEndpoints: [...key.allowedEndpoints],
    subject: { ...subject },
    budgets: { ...key.budgets },
    parentId,
    leaseId: lease?.id,
    lifeMs: expiresAt - createdAt,
  };
}
