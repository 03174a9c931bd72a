import type { AddressInfo, Server } from 'node:net';
import { Controller, Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { ApolloDriver } from '@nestjs/apollo';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import { NestFactory } from '@nestjs/core';
import { Args, GraphQLModule, Mutation, Resolver } from '@nestjs/graphql';
import { ClientProxyFactory, MessagePattern, Payload, Transport } from '@nestjs/microservices';
import type { ClientProxy } from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { lastValueFrom } from 'rxjs';
import { io } from 'socket.io-client';
import { AgentTool, CurrentVaultKey, ProxiedStripeService, VaultKeyModule } from '../../lib/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { BrokerServer } from '../support/broker-server';
import { SecretWatch } from '../support/secret-watch';
import { loggerTo } from './transports/tool-host';

const watch = new SecretWatch();
const PAGE = 'https://ops.example.com/vault-keys/';
const POLICY = {
  dailyUsdCap: 1_000,
  allowedEndpoints: ['/v1/payment_intents'],
  approveAbove: 100,
};

/** What each tool does: pays, and shows its token to the watch. */
function pay(stripe: ProxiedStripeService, keys: CurrentVaultKey, amount: number) {
  watch.addSecret(keys.get().token);
  return stripe.createPaymentIntent({ amount }).then(({ amount: paid }) => ({ paid }));
}

@Controller()
class Messages {
  constructor(
    private readonly stripe: ProxiedStripeService,
    private readonly keys: CurrentVaultKey,
  ) {}

  @MessagePattern('pay')
  @AgentTool({ ...POLICY, tool: 'pay-by-message' })
  pay(@Payload() { amount }: { amount: number }) {
    return pay(this.stripe, this.keys, amount);
  }
}

@WebSocketGateway()
class Sockets {
  constructor(
    private readonly stripe: ProxiedStripeService,
    private readonly keys: CurrentVaultKey,
  ) {}

  @SubscribeMessage('pay')
  @AgentTool({ ...POLICY, tool: 'pay-by-socket' })
  pay(@MessageBody() { amount }: { amount: number }) {
    return pay(this.stripe, this.keys, amount);
  }
}

@Resolver()
class Mutations {
  constructor(
    private readonly stripe: ProxiedStripeService,
    private readonly keys: CurrentVaultKey,
  ) {}

  @Mutation()
  @AgentTool({ ...POLICY, tool: 'pay-by-mutation' })
  pay(@Args('amount') amount: number) {
    return pay(this.stripe, this.keys, amount);
  }
}

/** What a caller sees of a payment, in full. */
type Seen = { paid: number } | Record<string, unknown>;

let vendor: StripeVendor;
let broker: BrokerServer;
let app: INestApplication;
let messages: ClientProxy;
beforeAll(async () => {
  vendor = await createStripeVendor();
  broker = await BrokerServer.start(vendor);
  broker.broker.pageUrl = PAGE;
  watch.addSecret(broker.token);
  watch.addSecret(vendor.secretKey);

  @Module({
    imports: [
      VaultKeyModule.forRoot({
        broker: { url: broker.url, token: broker.token },
        identify: () => ({ userId: 'u1' }),
      }),
      GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        typeDefs: `
          scalar JSON
          type Query { nothing: JSON }
          type Mutation { pay(amount: Int): JSON }
        `,
        graphiql: false,
      }),
    ],
    controllers: [Messages],
    providers: [Sockets, Mutations],
  })
  class AppModule {}

  app = await NestFactory.create(AppModule, new ExpressAdapter(), { logger: false });
  app.useLogger(loggerTo((line) => watch.show(line)));
  app.useWebSocketAdapter(new IoAdapter(app));
  const options = { host: '127.0.0.1', port: 0 };
  const microservice = app.connectMicroservice(
    { transport: Transport.TCP, options },
    { inheritAppConfig: true },
  );
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const { port } = microservice.unwrap<Server>().address() as AddressInfo;
  messages = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port },
  });
});
afterAll(async () => {
  await messages.close();
  await app.close();
  await broker.close();
  await vendor.close();
});

afterEach(() => {
  expect(watch.secrets.size).toBeGreaterThan(2);
  expect(watch.leaks()).toEqual([]);
});

const byMessage = (amount: number): Promise<Seen> =>
  lastValueFrom(messages.send<Seen>('pay', { amount })).catch((error: Seen) => error);

async function bySocket(amount: number): Promise<Seen> {
  const socket = io(await app.getUrl(), { transports: ['websocket'], forceNew: true });
  try {
    return await new Promise((resolve, reject) => {
      socket.once('connect_error', reject);
      socket.once('exception', resolve);
      socket.emit('pay', { amount }, resolve);
    });
  } finally {
    socket.disconnect();
  }
}

async function byMutation(amount: number): Promise<Seen> {
  const answer = await fetch(`${await app.getUrl()}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `mutation { pay(amount: ${amount}) }` }),
  });
  const { data, errors } = (await answer.json()) as {
    data?: { pay?: Seen };
    errors?: { message: string; extensions: Record<string, unknown> }[];
  };
  const [error] = errors ?? [];
  if (error === undefined) return data?.pay ?? {};
  const { code, ...extensions } = error.extensions;
  return { error: code, message: error.message, ...extensions };
}

describe.each([
  ['a message of a microservice', byMessage, 15_001],
  ['a message of a WebSocket', bySocket, 15_002],
  ['a mutation of GraphQL', byMutation, 15_003],
])('a call that needs an approval, made for %s', (_name, ask, amount) => {
  it('is refused with its id, amount and link, and passes once a person has approved', async () => {
    const seen = await ask(amount);
    watch.show(seen);
    const id = String((seen as Record<string, unknown>)['approvalId']);
    expect(seen).toMatchObject({
      error: 'approval_required',
      retryable: true,
      approvalId: expect.stringMatching(/^apr_\w+$/),
      requested: amount / 100,
      expiresAt: expect.stringMatching(/Z$/),
      approvalUrl: `${PAGE}#/approvals/${id}`,
    });
    const { message } = seen as { message: string };
    for (const said of [id, `$${amount / 100}`, `${PAGE}#/approvals/${id}`]) {
      expect(message).toContain(said);
    }
    await broker.api('POST', `/v1/approvals/${id}/approve`, { reason: 'order 7' });
    expect(await ask(amount)).toEqual({ paid: amount });
    const again = await ask(amount);
    watch.show(again);
    expect(again).toMatchObject({ error: 'approval_required' });
  });

  it('is refused for good once a person has denied it', async () => {
    const seen = (await ask(amount + 100)) as Record<string, unknown>;
    await broker.api('POST', `/v1/approvals/${String(seen['approvalId'])}/deny`, {
      reason: 'not this month',
    });
    expect(await ask(amount + 100)).toMatchObject({
      error: 'approval_denied',
      retryable: false,
      message: expect.stringContaining('not this month'),
    });
  });
});
