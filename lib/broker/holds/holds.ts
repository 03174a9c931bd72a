import { fieldsOf, unknownFields } from '../known-fields';
import { holdView } from './hold-view';
import type { HoldView } from './hold-view';
import type { Ledger } from '../ledger/ledger';
import type { HoldFilter, PageRequest } from '../ledger/records';
import { usdFault, usdToMicros } from '../../contract/usd';
import type { Actor } from '../operators/actor';
import { readReason, reasonFaults } from '../operators/reason';
import { invalidFields } from '../refusal';

/** A page of holds; `cursor` asks for the next one. */
export interface HoldPage {
  holds: readonly HoldView[];
  cursor?: string;
}

/**
 * Lists holds, and ends those with an unknown outcome. `Broker` documents what each method takes and
 * throws.
 */
export class Holds {
  constructor(private readonly ledger: Ledger) {}

  async list(filter: HoldFilter, page: PageRequest): Promise<HoldPage> {
    const { entries, next } = await this.ledger.holds(filter, page);
    return { holds: entries.map(holdView), ...(next === undefined ? {} : { cursor: next }) };
  }

  async settle(id: string, body: unknown, by: Actor): Promise<HoldView> {
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

  async release(id: string, body: unknown, by: Actor): Promise<HoldView> {
    const reason = readReason(body, by);
    return holdView(await this.ledger.endHold(id, undefined, { by, reason }));
  }
}
