import { setTimeout as delay } from 'node:timers/promises';
import { Controller, Inject, Injectable, Module, Post, Sse } from '@nestjs/common';
import type { INestApplication, OnModuleDestroy } from '@nestjs/common';
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

@Injectable()
class Witness implements OnModuleDestroy {
  constructor(@Inject('TELL') private readonly tell: (event: string) => void) {}

  onModuleDestroy(): void {
    this.tell('stopping');
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

/** Starts it; `tell` gets its URL, and then `stopping` once it stops. */
export async function startStoppingApp(
  options: VaultKeyModuleOptions,
  forceCloseConnections: boolean,
  tell: (event: string) => void,
): Promise<INestApplication> {
  @Module({
    imports: [VaultKeyModule.forRoot(options)],
    controllers: [StoppingTools],
    providers: [Witness, { provide: 'TELL', useValue: tell }],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, {
    forceCloseConnections,
    logger: ['error', 'warn'],
  });
  await app.listen(0, '127.0.0.1');
  tell(await app.getUrl());
  return app;
}

/** As a process of its own, which tells its parent. */
async function main(options: string): Promise<void> {
  const app = await startStoppingApp(
    JSON.parse(options) as VaultKeyModuleOptions,
    process.env['FORCE_CLOSE'] === 'yes',
    (event) => process.send?.(event),
  );
  app.enableShutdownHooks();
}

const options = process.env['MODULE_OPTIONS'];
if (options !== undefined) void main(options);
