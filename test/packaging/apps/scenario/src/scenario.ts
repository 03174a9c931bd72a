import 'reflect-metadata';
import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AgentTool, CurrentVaultKey, ProxiedStripeService, VaultKeyModule } from 'nestjs-vault-key';
import type { EmbeddedOptions } from 'nestjs-vault-key';
import { Broker } from 'nestjs-vault-key/broker';
import { createStripeVendor } from 'nestjs-vault-key/testing';

@Controller('agent-tools')
class AgentToolsController {
  constructor(
    private readonly stripe: ProxiedStripeService,
    private readonly currentKey: CurrentVaultKey,
  ) {}

  @Post('charge')
  @AgentTool({ dailyUsdCap: 500, allowedEndpoints: ['/v1/payment_intents'] })
  async charge(@Body() { amount }: { amount: number }) {
    const intent = await this.stripe.createPaymentIntent({
      amount,
      confirm: true,
      paymentMethod: 'pm_card_visa',
    });
    return { intent: intent.id, key: this.currentKey.get().id };
  }

  @Get('unmarked')
  unmarked() {
    return { key: this.currentKey.tryGet()?.id ?? null };
  }
}

@Module({ controllers: [AgentToolsController] })
class AppModule {
  static over(embedded: EmbeddedOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [VaultKeyModule.forRoot({ embedded, budgets: { user: 5_000 } })],
    };
  }
}

async function adapterOf(platform: string) {
  if (platform === 'fastify') {
    const { FastifyAdapter } = await import('@nestjs/platform-fastify');
    return new FastifyAdapter();
  }
  const { ExpressAdapter } = await import('@nestjs/platform-express');
  return new ExpressAdapter();
}

async function play(platform: string, store: string) {
  const vendor = await createStripeVendor();
  const embedded = {
    vendors: { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } },
    store,
  };

  const app = await NestFactory.create(AppModule.over(embedded), await adapterOf(platform), {
    logger: ['error', 'warn'],
  });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const send = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${url}/agent-tools/${path}`, {
      method,
      ...(body && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
    return { status: answer.status, body: (await answer.json()) as unknown };
  };
  const answers = {
    charge: await send('POST', 'charge', { amount: 2_000 }),
    overCap: await send('POST', 'charge', { amount: 60_000 }),
    unmarked: await send('GET', 'unmarked'),
  };
  await app.close();
  await vendor.close();

  const broker = await Broker.open(embedded);
  const { keys } = await broker.keys();
  await broker.close();

  return {
    node: process.version,
    platform: app.getHttpAdapter().getType(),
    ...answers,
    executed: vendor.book.executed.map(({ kind, amount }) => ({ kind, amount })),
    keysInFile: keys.map(({ status }) => status),
  };
}

const [, , platform, store] = process.argv;
void play(platform, store).then((report) => console.log(JSON.stringify(report)));
