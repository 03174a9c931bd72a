import { Module } from '@nestjs/common';
import { BullModule, Processor, WorkerHost } from '@nestjs/bullmq';
import { NestFactory } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import type { Job } from 'bullmq';
import { AgentTool, ProxiedStripeService, VaultKeyModule } from '../../lib/index';
import type { VaultKeyModuleOptions } from '../../lib/index';

export const LOST_QUEUE = 'lost';

@Processor(LOST_QUEUE, { lockDuration: 3_000, stalledInterval: 1_000 })
class LostTools extends WorkerHost {
  constructor(private readonly stripe: ProxiedStripeService) {
    super();
  }

  @AgentTool({ dailyUsdCap: 100, allowedEndpoints: ['/v1/payment_intents'] })
  async process({ data }: Job<{ amount: number }>): Promise<string> {
    const { id } = await this.stripe.createPaymentIntent({
      amount: data.amount,
      confirm: true,
      paymentMethod: 'pm_card_visa',
    });
    return id;
  }
}

/** An application whose worker can be lost: another's takes its jobs over within seconds. */
export function startLostTools(
  options: VaultKeyModuleOptions,
  port: number,
): Promise<INestApplicationContext> {
  @Module({
    imports: [
      VaultKeyModule.forRoot(options),
      BullModule.forRoot({ connection: { host: '127.0.0.1', port } }),
      BullModule.registerQueue({ name: LOST_QUEUE }),
    ],
    providers: [LostTools],
  })
  class AppModule {}

  return NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
}

if (require.main === module) {
  void startLostTools(
    JSON.parse(process.env['MODULE_OPTIONS'] ?? '{}') as VaultKeyModuleOptions,
    Number(process.env['REDIS_PORT']),
  );
}
