import { Body, Controller, Post } from '@nestjs/common';
import { AgentTool, ProxiedStripeService } from 'nestjs-vault-key';

class ChargeDto {
  amount: number;
}

@Controller('agent-tools')
export class AgentToolsController {
  constructor(private readonly stripe: ProxiedStripeService) {}

  @Post('charge')
  @AgentTool({
    dailyUsdCap: 500,
    allowedEndpoints: ['/v1/payment_intents'],
  })
  async charge(@Body() { amount }: ChargeDto) {
    const { id } = await this.stripe.createPaymentIntent({ amount });
    return { id };
  }
}
