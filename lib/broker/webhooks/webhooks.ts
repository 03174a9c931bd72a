import { isDeepStrictEqual } from 'node:util';
import type { EventFeed } from '../events/event-feed';
import { placeOfEvent } from '../events/event-id';
import { fieldsOf, unknownFields } from '../known-fields';
import type { WebhookStates } from '../ledger/webhook-states';
import { APP_CODE } from '../operators/actor';
import type { Actor } from '../operators/actor';
import { invalidFields, notFound } from '../refusal';
import { messageId } from './message-id';
import { RETRY_TIMES } from './retry-times';
import type { RetryTimes } from './retry-times';
import { WebhookRelay } from './webhook-relay';
import { WebhookSender } from './webhook-sender';
import type { Webhook } from './webhook.options';
import { webhookView } from './webhook-view';
import type { ReplayView, WebhookView } from './webhook-view';

/** What webhooks work with. */
export interface WebhooksParts {
  feed: EventFeed;
  states: WebhookStates;
  /** Takes one line, without its end. */
  log?: ((line: string) => void) | undefined;
  times?: RetryTimes | undefined;
}

interface Entry {
  webhook: Webhook;
  sender: WebhookSender;
  relay: WebhookRelay;
}

/**
 * Events for receivers elsewhere: at least once, those of one subject in their order. A receiver that is down
 * gets them once it is up again.
 */
export class Webhooks {
  readonly #entries = new Map<string, Entry>();
  /** What is being closed, by its name: one of the same name begins after it. */
  readonly #closing = new Map<string, Promise<void>>();
  #isClosed = false;

  /** @internal */
  constructor(private readonly parts: WebhooksParts) {}

  /** Takes these in place of those before; what has not changed goes on. @internal */
  replace(webhooks: readonly Webhook[]): void {
    const named = new Map(webhooks.map((each) => [each.name, each]));
    for (const [name, entry] of this.#entries) {
      if (!isDeepStrictEqual(named.get(name), entry.webhook)) this.#close(name, entry);
    }
    for (const webhook of named.values()) {
      if (!this.#entries.has(webhook.name)) this.#begin(webhook);
    }
  }

  /** Which there are, and how far each has come. */
  async list(): Promise<{ webhooks: readonly WebhookView[] }> {
    const { feed, states } = this.parts;
    const lastRow = await feed.lastRow();
    const webhooks = [...this.#entries.values()].map(async ({ webhook }) => {
      const { name } = webhook;
      const [state, parked] = await Promise.all([states.state(name), states.parked(name)]);
      return webhookView(webhook, { state, parked, lastRow });
    });
    return { webhooks: await Promise.all(webhooks) };
  }

  /**
   * Sends one event once more, now. One that was parked and arrives is parked no longer.
   *
   * @param body What `POST /v1/webhooks/{name}/replay` takes: the `id` of an event.
   * @throws BrokerRefusal 404 where there is no such webhook, or no such event any more; 422; 503.
   */
  async replay(name: string, body: unknown, by: Actor = APP_CODE): Promise<ReplayView> {
    const { sender } = this.#entry(name);
    const { id, ...others } = fieldsOf(body) as { id?: unknown };
    const faults = unknownFields(others, ['id']);
    const place = typeof id === 'string' ? placeOfEvent(id) : undefined;
    if (place === undefined) faults.push({ field: 'id', message: 'must be the id of an event' });
    if (place === undefined || faults.length > 0) throw invalidFields(faults);
    const { feed, states } = this.parts;
    const slice = place.row === 0 ? undefined : await feed.after(place.row - 1);
    const event = feed.eventsOf(slice?.rows ?? []).find((each) => each.id === id);
    const state = await states.state(name);
    if (event === undefined || state === undefined) {
      throw notFound('The audit log has no event of that id.');
    }
    const attempt = await sender.send(messageId(state.stream, event.id), event);
    const status = attempt.status === undefined ? {} : { receiver_status: attempt.status };
    if (attempt.outcome !== 'delivered') {
      const reason = attempt.outcome === 'gone' ? 'it wants no more' : attempt.reason;
      return { id: event.id, outcome: 'failed', ...status, reason };
    }
    await states.noteReplay(name, event.id, by);
    return { id: event.id, outcome: 'delivered', ...status };
  }

  /**
   * Has a webhook sent again whose receiver has answered 410.
   *
   * @throws BrokerRefusal 404 where no webhook has that name; 503.
   */
  async resume(name: string, by: Actor = APP_CODE): Promise<WebhookView> {
    const { webhook } = this.#entry(name);
    const { feed, states } = this.parts;
    const state = await states.resume(name, by);
    const parked = await states.parked(name);
    return webhookView(webhook, { state, parked, lastRow: await feed.lastRow() });
  }

  /** Nothing leaves any more; another process may go on at once. @internal */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const [name, entry] of this.#entries) this.#close(name, entry);
    await Promise.all(this.#closing.values());
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw notFound('There is no webhook of that name.');
    return entry;
  }

  #begin(webhook: Webhook): void {
    const before = this.#closing.get(webhook.name);
    if (before !== undefined) {
      void before.then(() => this.#begin(webhook));
      return;
    }
    if (this.#isClosed || this.#entries.has(webhook.name)) return;
    const { feed, states, log = () => {}, times = RETRY_TIMES } = this.parts;
    const sender = new WebhookSender(webhook);
    const relay = new WebhookRelay({ webhook, feed, states, sender, times }, log);
    this.#entries.set(webhook.name, { webhook, sender, relay });
  }

  #close(name: string, { relay }: Entry): void {
    this.#entries.delete(name);
    const closing = relay.close().finally(() => this.#closing.delete(name));
    this.#closing.set(name, closing);
  }
}
