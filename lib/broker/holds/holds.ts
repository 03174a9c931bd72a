import { fieldsOf, unknownFields } from '../known-fields';
import { holdView } from './hold-view';
import type { HoldView } from './hold-view';
import type { Ledger } from '../ledger/ledger';
import type { HoldFilter } from '../ledger/records';
import { checkPage, DEFAULT_LIMIT } from '../page';
import { usdFault, usdToMicros } from '../../contract/usd';
import { APP_CODE } from '../operators/actor';
import type { Actor } from '../operators/actor';
import { readReason, reasonFaults } from '../operators/reason';
import { invalidFields } from '../refusal';

/** A page of holds; `cursor` asks for the next one. */
export interface HoldPage {
  holds: readonly HoldView[];
  cursor?: string;
}

/** Lists holds, and ends those with an unknown outcome. */
export class Holds {
  constructor(private readonly ledger: Ledger) {}

  /** Holds, newest first; at most `limit` (1–1,000) of them. */
  async list(
    filter: HoldFilter = {},
    limit: number = DEFAULT_LIMIT,
    cursor?: string,
  ): Promise<HoldPage> {
    checkPage({ limit, cursor });
    const { entries, next } = await this.ledger.holds(filter, {
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
    return { holds: entries.map(holdView), ...(next === undefined ? {} : { cursor: next }) };
  }

  /**
   * Ends a hold that is `unknown`: the vendor executed the call, for `usd`.
   *
   * @param body What `POST /v1/holds/{id}/settle` takes.
   * @throws BrokerRefusal 404, 422, or 503.
   */
  async settle(id: string, body: unknown, by: Actor = APP_CODE): Promise<HoldView> {
    const { usd, reason } = fieldsOf(body) as { usd?: unknown; reason?: unknown };
    const faults = [
      ...unknownFields(fieldsOf(body), ['usd', 'reason']),
      ...reasonFaults(reason, by),
    ];
    const message = usdFault(usd, 6);
    if (message !== undefined) faults.push({ field: 'usd', message });
    if (faults.length > 0) throw invalidFields(faults);
    const micros = usdToMicros(usd as number);
    return holdView(
      await this.ledger.endHold(id, micros, { by, reason: reason as string | undefined }),
    );
  }

  /**
   * Ends a hold that is `unknown`: the vendor did not execute the call. Throws as {@link settle}.
   *
   * @param body What `POST /v1/holds/{id}/release` takes.
   */
  async release(id: string, body?: unknown, by: Actor = APP_CODE): Promise<HoldView> {
    const reason = readReason(body, by);
    return holdView(await this.ledger.endHold(id, undefined, { by, reason }));
  }
}
