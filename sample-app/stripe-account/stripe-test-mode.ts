import type { StripeList, StripePaymentIntent } from 'nestjs-vault-key';
import type { StripeTestModeSettings } from '../settings';
import { StripeAccount } from './stripe-account';
import type { Movement } from './stripe-account';

/** Stripe's clock need not be ours. */
const CLOCK_SKEW_SECONDS = 300;

/** An account in Stripe's test mode, which others may use at the same time. */
export class StripeTestMode extends StripeAccount {
  readonly description: string;
  readonly #settings: StripeTestModeSettings;
  readonly #since = Math.floor(Date.now() / 1_000) - CLOCK_SKEW_SECONDS;

  constructor(settings: StripeTestModeSettings) {
    super();
    this.#settings = settings;
    this.description = `test mode, at ${settings.baseUrl ?? 'https://api.stripe.com'}`;
  }

  get secretKey(): string {
    return this.#settings.secretKey;
  }

  get baseUrl(): string | undefined {
    return this.#settings.baseUrl;
  }

  async movements(runId: string): Promise<Movement[]> {
    const movements: Movement[] = [];
    let page: StripeList<StripePaymentIntent> | undefined;
    do {
      page = await this.#paymentIntents(page?.data.at(-1)?.id);
      for (const { id, amount_received, metadata } of page.data) {
        if (metadata['run_id'] !== runId || amount_received === 0) continue;
        movements.push({ id, cents: amount_received, vaultKeyId: metadata['vault_key'] });
      }
    } while (page.has_more);
    return movements.reverse();
  }

  async #paymentIntents(after: string | undefined): Promise<StripeList<StripePaymentIntent>> {
    const url = new URL('/v1/payment_intents', this.baseUrl ?? 'https://api.stripe.com');
    url.searchParams.set('limit', '100');
    url.searchParams.set('created[gte]', String(this.#since));
    if (after !== undefined) url.searchParams.set('starting_after', after);
    const answer = await fetch(url, { headers: { authorization: `Bearer ${this.secretKey}` } });
    if (!answer.ok) throw new Error(`Stripe does not show its book: it answered ${answer.status}`);
    return (await answer.json()) as StripeList<StripePaymentIntent>;
  }
}
