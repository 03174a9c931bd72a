import 'reflect-metadata';
import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AgentTool, CurrentVaultKey, ProxiedStripeService, VaultKeyModule } from 'nestjs-vault-key';
import { Broker } from 'nestjs-vault-key/broker';
import { createStripeVendor } from 'nestjs-vault-key/testing';

const vendor = await createStripeVendor();

@Controller('agent-tools')
class AgentToolsController {
  constructor(
    private readonly stripe: ProxiedStripeService,
    private readonly currentKey: CurrentVaultKey,
  ) {}

  @Post('charge')
  @AgentTool({ dailyUsdCap: 500, allowedEndpoints: ['/v1/payment_intents'] })
  async charge(@Body() { amount }: { amount: number }) {
    const intent = await this.stripe.createPaymentIntent({ amount });
    return { intent: intent.id, key: this.currentKey.get().id };
  }

  @Get('unmarked')
  unmarked() {
    return { key: this.currentKey.tryGet()?.id ?? null };
  }
}

@Module({
  imports: [
    VaultKeyModule.forRoot({
      embedded: {
        vendors: { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } },
        store: 'sqlite::memory:',
      },
    }),
  ],
  controllers: [AgentToolsController],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');
const url = await app.getUrl();

const send = async (method: string, path: string, body?: object) => {
  const answer = await fetch(`${url}/agent-tools/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
};

const broker = new Broker({
  vendors: { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } },
  store: 'sqlite::memory:',
});
const issued = await broker.issue({
  label: 'packaging',
  vendor: 'stripe',
  daily_usd_cap: 1,
  allowed_endpoints: ['/v1/customers'],
});
await broker.close();

const report = {
  node: process.version,
  issued: issued.label,
  charge: await send('POST', 'charge', { amount: 2_000 }),
  overCap: await send('POST', 'charge', { amount: 60_000 }),
  unmarked: await send('GET', 'unmarked'),
};

await app.close();
await vendor.close();
console.log(JSON.stringify(report));
