import { Body, Controller, Get, Post, UseGuards } from '@nestjs/common';
import { AgentTool, CurrentVaultKey, ProxiedStripeService } from 'nestjs-vault-key';
import type { StripePaymentIntent } from 'nestjs-vault-key';
import { CaptureDto } from './capture.dto';
import { ChargeDto } from './charge.dto';
import { PayoutDto } from './payout.dto';
import { UserGuard } from './user.guard';

/** What a tool tells the agent about a payment. */
interface Payment {
  id: string;
  status: string;
  /** In cents. */
  received: number;
}

/**
 * Four tools for an agent. Each run of one gets a vault key of its own, with the cap and the
 * endpoints its mark names, and no way to more.
 */
@Controller('agent-tools')
@UseGuards(UserGuard)
export class AgentToolsController {
  constructor(
    private readonly stripe: ProxiedStripeService,
    private readonly vaultKey: CurrentVaultKey,
  ) {}

  /** Charges a card, once or several times; `capture: false` only reserves the money. */
  @Post('charge')
  @AgentTool({ dailyUsdCap: 100, allowedEndpoints: ['POST /v1/payment_intents'] })
  async charge(@Body() { amount, times, capture }: ChargeDto) {
    const { id: vaultKey, userId, runId } = this.vaultKey.get();
    const payments: Payment[] = [];
    for (let done = 0; done < times; done++) {
      const intent = await this.stripe.createPaymentIntent({
        amount,
        confirm: true,
        paymentMethod: 'pm_card_visa',
        paymentMethodTypes: ['card'],
        captureMethod: capture ? 'automatic' : 'manual',
        // So that Stripe's own book says which key paid, for whom.
        metadata: { vault_key: vaultKey, user_id: userId, run_id: runId },
      });
      payments.push(paymentOf(intent));
    }
    return { vaultKey, payments };
  }

  /**
   * Collects money that was reserved, or less of it. The key that reserved it paid for it, so this
   * one needs no money at all: its cap is 0.
   */
  @Post('capture')
  @AgentTool({ dailyUsdCap: 0, allowedEndpoints: ['POST /v1/payment_intents/*/capture'] })
  async capture(@Body() { paymentId, amount }: CaptureDto) {
    const intent = await this.stripe.capturePaymentIntent(paymentId, { amountToCapture: amount });
    return { vaultKey: this.vaultKey.get().id, payments: [paymentOf(intent)] };
  }

  /** Lists the latest charges. */
  @Get('charges')
  @AgentTool({ dailyUsdCap: 0, allowedEndpoints: ['GET /v1/charges'] })
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

  /**
   * Tries to send money to a bank account: what an injected prompt would like to. Its key may
   * charge and nothing else, so the call is refused, whatever the code here does.
   */
  @Post('payout')
  @AgentTool({ dailyUsdCap: 100, allowedEndpoints: ['POST /v1/payment_intents'] })
  async payout(@Body() { amount }: PayoutDto) {
    return this.stripe.request('POST', '/v1/payouts', { amount, currency: 'usd' });
  }
}

function paymentOf({ id, status, amount_received }: StripePaymentIntent): Payment {
  return { id, status, received: amount_received };
}
