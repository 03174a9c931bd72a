import { Injectable } from '@nestjs/common';
import { CurrentVaultKey, ProxiedStripeService } from 'nestjs-vault-key';
import type { AgentToolOptions, StripePaymentIntent } from 'nestjs-vault-key';

/** What a tool tells the agent about a payment. */
interface Payment {
  id: string;
  status: string;
  /** In cents. */
  received: number;
}

/** What the key of each tool's invocation may do, whichever way the tool is called. */
export const MAY = {
  charge: { dailyUsdCap: 100, allowedEndpoints: ['POST /v1/payment_intents'] },
  // The key that reserved the money paid for it, so this one needs no money at all.
  capture: { dailyUsdCap: 0, allowedEndpoints: ['POST /v1/payment_intents/*/capture'] },
  list: { dailyUsdCap: 0, allowedEndpoints: ['GET /v1/charges'] },
  // No payouts: the tool tries one all the same.
  payout: { dailyUsdCap: 100, allowedEndpoints: ['POST /v1/payment_intents'] },
} satisfies Record<string, AgentToolOptions>;

/**
 * The work of the tools. A singleton: each call works with the key of the invocation it is made in.
 */
@Injectable()
export class Payments {
  constructor(
    private readonly stripe: ProxiedStripeService,
    private readonly vaultKey: CurrentVaultKey,
  ) {}

  async charge(charge: { amount: number; times: number; capture: boolean }) {
    const { id: vaultKey, userId, runId } = this.vaultKey.get();
    const payments: Payment[] = [];
    for (let done = 0; done < charge.times; done++) {
      const intent = await this.stripe.createPaymentIntent({
        amount: charge.amount,
        confirm: true,
        paymentMethod: 'pm_card_visa',
        captureMethod: charge.capture ? 'automatic' : 'manual',
        // So that Stripe's own book says which key paid, for whom.
        metadata: { vault_key: vaultKey, user_id: userId, run_id: runId },
      });
      payments.push(paymentOf(intent));
    }
    return { vaultKey, payments };
  }

  async capture({ paymentId, amount }: { paymentId: string; amount?: number }) {
    const intent = await this.stripe.capturePaymentIntent(paymentId, { amountToCapture: amount });
    return { vaultKey: this.vaultKey.get().id, payments: [paymentOf(intent)] };
  }

  async list() {
    const { data } = await this.stripe.listCharges({ limit: 20 });
    return {
      vaultKey: this.vaultKey.get().id,
      charges: data.map((charge) => ({
        payment: charge.payment_intent,
        amount: charge.amount_captured,
      })),
    };
  }

  payout({ amount }: { amount: number }) {
    return this.stripe.request('POST', '/v1/payouts', { amount, currency: 'usd' });
  }
}

function paymentOf({ id, status, amount_received }: StripePaymentIntent): Payment {
  return { id, status, received: amount_received };
}
