import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { Logger } from '@nestjs/common';
import type { INestApplication, INestMicroservice, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import type { ClientOptions, ClientProxy, RedisOptions } from '@nestjs/microservices';
import { RedisServer, redisInstalled } from '../support/redis-server';
import { CodeBlock, blockWith, checkBlocks } from './code-blocks';
import { BLOCKS, CALLER, FILES, HYBRID, PAGE } from './given/microservices';
import { brokerOf } from '../support/broker-of';

checkBlocks(PAGE, BLOCKS);

interface Answer {
  id?: string;
  error?: string;
  message?: string;
}

const { charge } = blockWith(PAGE, CALLER).run(['charge']) as {
  charge: (client: ClientProxy, session: string, amount: number) => Promise<Answer>;
};

function appModule(): Type {
  const imported = new CodeBlock(PAGE, 0, "import { AppModule } from './app.module';");
  return imported.run(['AppModule'], { files: FILES })['AppModule'] as Type;
}

beforeAll(() => Logger.overrideLogger(false));

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function connect(options: ClientOptions): Promise<ClientProxy> {
  const client = ClientProxyFactory.create(options);
  closing.push(() => client.close());
  await client.connect();
  return client;
}

async function expectCharges(app: INestApplication | INestMicroservice, client: ClientProxy) {
  expect(await charge(client, 'session-of-ada', 1250)).toMatchObject({ amount: 1250 });
  expect((await brokerOf(app).keys()).keys).toMatchObject([
    { label: 'nest-ada-run-7', subject: { tool: 'PaymentTools.charge' }, spent_usd: 12.5 },
  ]);
  expect(await charge(client, 'session-of-ada', 50_001)).toMatchObject({
    error: 'spend_cap_exceeded',
    message: expect.stringContaining('cap of $500') as string,
    retryable: false,
    cap: 500,
  });
  expect(await charge(client, 'nobody', 100)).toMatchObject({ status: 'error' });
}

(redisInstalled ? it : it.skip)('the tools charge over Redis', async () => {
  const redis = await RedisServer.start();
  closing.push(() => redis.close());
  const options: RedisOptions = {
    transport: Transport.REDIS,
    options: { host: redis.host, port: redis.port },
  };
  const app = await NestFactory.createMicroservice(appModule(), { ...options, logger: false });
  closing.push(() => app.close());
  await app.listen();
  await expectCharges(app, await connect(options));
});

describe('a hybrid application', () => {
  let port: number;

  beforeEach(async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
    server.close();
    await once(server, 'close');
  });

  async function start(block: CodeBlock): Promise<INestApplication> {
    const { bootstrap } = block.run(['bootstrap'], { files: FILES }) as {
      bootstrap(port: number): Promise<INestApplication>;
    };
    const app = await bootstrap(port);
    closing.push(() => app.close());
    return app;
  }

  const overTcp = () => connect({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });

  it('charges over TCP', async () => {
    await expectCharges(await start(blockWith(PAGE, HYBRID)), await overTcp());
  });

  it('whose services inherit nothing runs no tool, and its callers are told', async () => {
    const { code } = blockWith(PAGE, HYBRID);
    const app = await start(new CodeBlock(PAGE, 0, code.replace('inheritAppConfig: true', '')));
    expect(await charge(await overTcp(), 'session-of-ada', 100)).toMatchObject({
      error: 'vault_key_missing',
      message: expect.stringContaining('inheritAppConfig') as string,
    });
    expect((await brokerOf(app).keys()).keys).toEqual([]);
  });
});
