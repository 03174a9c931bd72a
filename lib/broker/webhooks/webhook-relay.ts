import { Ending } from './ending';
import { WebhookDelivery } from './webhook-delivery';
import type { DeliveryParts } from './webhook-delivery';
import type { WebhookState } from './webhook-state';

/** How often a webhook is asked for that another process sends, or that is stopped. */
const TAKE_EVERY_MS = 5_000;
/** How long events that are on their way have at the end. */
const LAST_MS = 2_000;

/** Keeps one webhook going: takes it over where no other process has it, and sends. */
export class WebhookRelay {
  #delivery: WebhookDelivery | undefined;
  readonly #ending = new Ending();
  readonly #running: Promise<void>;

  /** @param log Takes one line, without its end. */
  constructor(
    private readonly parts: DeliveryParts,
    private readonly log: (line: string) => void,
  ) {
    this.#running = this.#run();
  }

  /** Resolves once nothing is on its way any more, and another process may take over. */
  async close(): Promise<void> {
    const { sender } = this.parts;
    this.#ending.end();
    this.#delivery?.end();
    // What is given up here is sent again by the one that goes on.
    const last = setTimeout(() => void sender.close(), LAST_MS);
    await this.#running;
    clearTimeout(last);
    await sender.close();
  }

  async #run(): Promise<void> {
    const { webhook } = this.parts;
    while (!this.#ending.isOver) {
      const state = await this.#take();
      if (state !== undefined && state.stoppedAt === null) {
        const delivery = new WebhookDelivery(this.parts, state);
        this.#delivery = delivery;
        // It may have been closed meanwhile.
        if (this.#ending.isOver) delivery.end();
        await delivery.run();
        if (delivery.isStopped) {
          this.log(
            `webhook ${webhook.name}: its receiver has answered 410 and is sent nothing more (webhooks resume ${webhook.name})`,
          );
        }
      }
      await this.#ending.waitFor(TAKE_EVERY_MS);
    }
  }

  async #take(): Promise<WebhookState | undefined> {
    const { webhook, feed, states } = this.parts;
    try {
      return await states.take(webhook.name, webhook.target, await feed.lastRow());
    } catch {
      // The store does not answer, and is asked again.
      return undefined;
    }
  }
}
