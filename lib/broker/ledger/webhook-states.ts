import { randomBytes } from 'node:crypto';
import type { Actor } from '../operators/actor';
import type { ParkedEvent, WebhookState } from '../webhooks/webhook-state';
import { noteReplay, resumeWebhook, saveWebhook, takeWebhook } from './rules/webhooks';
import type { WebhookProgress } from './rules/webhooks';
import type { Store } from './store';

/** How long a process that does not say that it lives keeps others from sending. */
const TTL_MS = 15_000;
const MOST_PARKED = 100;

/** How far the webhooks have come, as the store keeps it. One process at a time sends the events of one. */
export class WebhookStates {
  /** This process. */
  readonly #holder = randomBytes(8).toString('hex');
  readonly ttlMs = TTL_MS;

  constructor(private readonly store: Store) {}

  /**
   * Takes a webhook over.
   *
   * @param target Where it is sent to, as a hash.
   * @param lastRow Where one that is new begins.
   * @returns `undefined` where another process sends its events.
   */
  take(name: string, target: string, lastRow: number): Promise<WebhookState | undefined> {
    const begin = { stream: randomBytes(6).toString('hex'), row: lastRow };
    const isShared = !this.store.canPeek;
    const taker = { name, holder: this.#holder, ttlMs: TTL_MS, isShared, target, begin };
    return this.store.run((book) => takeWebhook(book, taker));
  }

  /**
   * Notes how far one has come.
   *
   * @param isLast Whether another process may take it over at once.
   * @returns Whether this process still sends its events.
   */
  save(name: string, progress: WebhookProgress, isLast: boolean): Promise<boolean> {
    const taker = { name, holder: this.#holder, ttlMs: TTL_MS };
    return this.store.run((book) => saveWebhook(book, taker, progress, isLast));
  }

  /** What is noted of one; `undefined` where it was never sent. */
  state(name: string): Promise<WebhookState | undefined> {
    return this.store.read((book) => book.note('webhook', name));
  }

  /** The events that were parked, the newest first, up to 100. */
  async parked(name: string): Promise<readonly ParkedEvent[]> {
    const queries = await this.store.checkpoint();
    const range = { from: `${name}/`, to: `${name}0`, limit: MOST_PARKED, newestFirst: true };
    return (await queries.notes('parked_event', range)).map(({ value }) => value);
  }

  /** Has one sent again that was stopped. */
  resume(name: string, by: Actor): Promise<WebhookState | undefined> {
    return this.store.run((book) => resumeWebhook(book, name, by));
  }

  /** An event was replayed, and has arrived. */
  noteReplay(name: string, id: string, by: Actor): Promise<void> {
    return this.store.run((book) => noteReplay(book, name, id, by));
  }
}
