import { setTimeout as delay } from 'node:timers/promises';
import { Controller, Injectable, Module, Post, Sse } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Observable } from 'rxjs';
import {
  AgentTool,
  ProxiedStripeService,
  VaultKeyException,
  VaultKeyModule,
} from '../../lib/index';
import type { VaultKeyModuleOptions } from '../../lib/index';

const MARK = { dailyUsdCap: 1_000, allowedEndpoints: ['/v1/payment_intents', '/v1/customers'] };

/** What a parent process is told, one a line. */
function tell(event: string): void {
  process.send?.(event);
}

@Injectable()
class Witness implements OnModuleDestroy {
  onModuleDestroy(): void {
    tell('stopping');
  }
}

@Controller()
class StoppingTools {
  constructor(private readonly stripe: ProxiedStripeService) {}

  /** Charges for as long as it is let, and leaves the stream open. */
  @Sse('stream')
  @AgentTool(MARK)
  stream(): Observable<{ data: string }> {
    return new Observable((subscriber) => {
      void (async () => {
        for (;;) {
          try {
            await this.#charge();
            subscriber.next({ data: 'charged' });
            await delay(10);
          } catch (error) {
            subscriber.next({ data: VaultKeyException.from(error)?.message ?? String(error) });
            return;
          }
        }
      })();
    });
  }

  @Post('charge')
  @AgentTool(MARK)
  charge() {
    return this.#charge();
  }

  @Post('customer')
  @AgentTool(MARK)
  customer() {
    return this.stripe.request('POST', '/v1/customers', { name: 'Ada' });
  }

  #charge() {
    return this.stripe.createPaymentIntent({
      amount: 100,
      confirm: true,
      paymentMethod: 'pm_card_visa',
    });
  }
}

async function main(): Promise<void> {
  const options = JSON.parse(process.env['MODULE_OPTIONS'] ?? '{}') as VaultKeyModuleOptions;
  @Module({
    imports: [VaultKeyModule.forRoot(options)],
    controllers: [StoppingTools],
    providers: [Witness],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, {
    forceCloseConnections: process.env['FORCE_CLOSE'] === 'yes',
    logger: ['error', 'warn'],
  });
  app.enableShutdownHooks();
  process.on('message', () => {
    void app.close().then(() => process.disconnect());
  });
  await app.listen(0, '127.0.0.1');
  tell(await app.getUrl());
}

void main();
