import 'reflect-metadata';
import { Body, Controller, Module, Post } from '@nestjs/common';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  AgentTool,
  ProxiedStripeService,
  VaultKeyAdminModule,
  VaultKeyModule,
} from 'nestjs-vault-key';
import { InjectStripe } from 'nestjs-vault-key/stripe';
import Stripe from 'stripe';
import { registerTraces } from './traces';

interface Charge {
  amount: number;
}

@Controller()
class RawKeyController {
  constructor(private readonly stripe: Stripe) {}

  @Post('charge')
  charge(@Body() { amount }: Charge) {
    return this.stripe.paymentIntents.create({ amount, currency: 'usd' });
  }
}

@Controller()
class AgentToolController {
  constructor(private readonly stripe: ProxiedStripeService) {}

  @Post('charge')
  @AgentTool({ dailyUsdCap: 500, allowedEndpoints: ['/v1/payment_intents'] })
  charge(@Body() { amount }: Charge) {
    return this.stripe.createPaymentIntent({ amount });
  }
}

@Controller()
class StripeClientController {
  constructor(@InjectStripe() private readonly stripe: Stripe) {}

  @Post('charge')
  @AgentTool({ dailyUsdCap: 500, allowedEndpoints: ['/v1/payment_intents'] })
  charge(@Body() { amount }: Charge) {
    return this.stripe.paymentIntents.create({ amount, currency: 'usd' });
  }
}

@Module({})
class AppModule {
  static rawKey(): DynamicModule {
    const { hostname, port } = new URL(setting('STRIPE_BASE_URL'));
    const stripe = new Stripe(setting('STRIPE_SECRET_KEY'), {
      host: hostname,
      port,
      protocol: 'http',
      // A call that needed a second try is an error of the run, not a slow call.
      maxNetworkRetries: 0,
    });
    return {
      module: AppModule,
      controllers: [RawKeyController],
      providers: [{ provide: Stripe, useValue: stripe }],
    };
  }

  static embedded(controller: Type = AgentToolController): DynamicModule {
    const vendors = {
      stripe: { secretKey: setting('STRIPE_SECRET_KEY'), baseUrl: setting('STRIPE_BASE_URL') },
    };
    return {
      module: AppModule,
      controllers: [controller],
      imports: [
        VaultKeyModule.forRoot({ embedded: { vendors, store: setting('STORE') } }),
        ...AppModule.page(),
      ],
    };
  }

  private static page(): DynamicModule[] {
    const { OPERATOR_TOKEN_HASH: hash } = process.env;
    if (hash === undefined) return [];
    const operators = [{ name: 'bench', role: 'admin' as const, tokenHashes: [hash] }];
    return [VaultKeyAdminModule.forRoot({ operators })];
  }

  static standalone(): DynamicModule {
    const broker = { url: setting('BROKER_URL'), token: setting('BROKER_TOKEN') };
    return {
      module: AppModule,
      controllers: [AgentToolController],
      imports: [VaultKeyModule.forRoot({ broker })],
    };
  }
}

const modules = {
  'raw-key': AppModule.rawKey,
  'stripe-client': () => AppModule.embedded(StripeClientController),
  embedded: () => AppModule.embedded(),
  standalone: AppModule.standalone,
};
const adapters = { Express: ExpressAdapter, Fastify: FastifyAdapter };

async function main(): Promise<void> {
  const { TRACED_SHARE: share } = process.env;
  if (share !== undefined) registerTraces(Number(share));
  const variant = setting('VARIANT') as keyof typeof modules;
  const Adapter = adapters[setting('ADAPTER') as keyof typeof adapters];
  const app = await NestFactory.create(modules[variant](), new Adapter(), {
    // Its first line says where it listens.
    logger: ['error'],
  });
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  console.log(`listening on ${await app.getUrl()}`);
}

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} must be set.`);
  return value;
}

void main();
