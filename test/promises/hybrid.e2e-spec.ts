import type { AddressInfo, Server } from 'node:net';
import { randomUUID } from 'node:crypto';
import { Controller, Get, Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExternalContextCreator } from '@nestjs/core/helpers/external-context-creator';
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Payload,
  Transport,
} from '@nestjs/microservices';
import type { ClientProxy } from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { lastValueFrom } from 'rxjs';
import { AgentTool, CurrentVaultKey, VaultKeyModule } from '../../lib/index';
import { Gates } from '../support/gates';
import { until } from '../support/until';
import { loggerTo } from './transports/tool-host';
import { brokerOf } from '../support/broker-of';

const POLICY = { dailyUsdCap: 5, allowedEndpoints: ['/v1/refunds'] };

const gates = new Gates();

@Controller()
class HybridTools {
  constructor(private readonly vaultKeys: CurrentVaultKey) {}

  @Get('tool')
  @MessagePattern('tool')
  @AgentTool(POLICY)
  tool() {
    return { key: this.vaultKeys.get().id };
  }

  @EventPattern('happened')
  @AgentTool(POLICY)
  async happened(@Payload() { gate }: { gate: string }) {
    await gates.gate(gate).pass();
  }
}

describe('an application of HTTP and microservices', () => {
  let app: INestApplication;
  let client: ClientProxy;
  let log: string[];

  async function start(options?: { inheritAppConfig: boolean }): Promise<void> {
    @Module({
      imports: [
        VaultKeyModule.forRoot({
          embedded: {
            vendors: { stripe: { secretKey: 'sk_test_1' } },
            store: 'sqlite::memory:',
          },
        }),
      ],
      controllers: [HybridTools],
    })
    class AppModule {}

    log = [];
    app = await NestFactory.create(AppModule, new ExpressAdapter(), {
      logger: loggerTo((line) => log.push(String(line))),
    });
    const service = app.connectMicroservice(
      { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } },
      options,
    );
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    const { port } = service.unwrap<Server>().address() as AddressInfo;
    client = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port },
    });
  }

  afterEach(async () => {
    await client.close();
    await app.close();
  });

  async function keys() {
    return (await brokerOf(app).keys()).keys;
  }

  it('that lets its services inherit its configuration runs their tools with a key', async () => {
    await start({ inheritAppConfig: true });
    const answer = await lastValueFrom(client.send<{ key: string }>('tool', {}));

    expect(await keys()).toMatchObject([{ id: answer.key }]);
  });

  it('that does not runs none of their tools, and caller and log are told why', async () => {
    await start();

    await expect(lastValueFrom(client.send('tool', {}))).rejects.toMatchObject({
      error: 'vault_key_missing',
      message: expect.stringContaining('{ inheritAppConfig: true }') as string,
    });
    expect(await keys()).toEqual([]);
    expect(log.join('\n')).toContain('HybridTools.tool');
    expect(log.join('\n')).toContain('inheritAppConfig');

    const response = await fetch(`${await app.getUrl()}/tool`);
    expect(await response.json()).toEqual({ key: (await keys())[0]!.id });
  });

  it('gives an event a key too, revoked when its handler is done', async () => {
    await start({ inheritAppConfig: true });
    const gate = randomUUID();
    client.emit('happened', { gate, metadata: { 'x-agent-run-id': 'run-of-event' } });
    await gates.gate(gate).reached;
    expect(await keys()).toMatchObject([{ label: 'nest-anon-run-of-event', status: 'active' }]);

    gates.gate(gate).open();
    await until(
      async () => (await keys())[0]!.status === 'revoked',
      () => 'its key is still alive',
    );
  });

  it('over a transport nobody knows a tool does not run, and is told the seams', async () => {
    await start();
    const tools = app.get(HybridTools);
    const call = app
      .get(ExternalContextCreator)
      .create(
        tools,
        tools.tool as never,
        'tool',
        undefined,
        undefined,
        undefined,
        undefined,
        undefined,
        'pigeon',
      );

    await expect(call()).rejects.toMatchObject({
      code: 'transport_not_supported',
      status: 501,
      message: expect.stringMatching(
        /HybridTools\.tool .*"pigeon".*requestOf\(\) and identify\(\)/,
      ) as string,
    });
    expect(await keys()).toEqual([]);
  });
});
