import type { AddressInfo, Server } from 'node:net';
import { Catch, Controller, Module, UseFilters } from '@nestjs/common';
import type { ExceptionFilter, INestApplication, INestMicroservice, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import type { ClientProxy } from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { lastValueFrom, throwError } from 'rxjs';
import { AgentTool, VaultKeyException, VaultKeyModule } from '../../lib/index';
import { loggerTo } from './transports/tool-host';

const POLICY = { dailyUsdCap: 5, allowedEndpoints: ['/v1/refunds'] };
const begun: string[] = [];

@Controller()
class Tools {
  @MessagePattern('refund')
  @AgentTool(POLICY)
  refund() {
    begun.push('refund');
  }

  @MessagePattern('fail')
  fail(): never {
    throw new RangeError('the tool threw');
  }
}

@Catch(VaultKeyException)
class OwnFilter implements ExceptionFilter {
  catch = () => throwError(() => ({ answered: 'by a filter of its own' }));
}

@Controller()
@UseFilters(OwnFilter)
class FilteredTools {
  @MessagePattern('refund')
  @AgentTool(POLICY)
  refund() {
    begun.push('refund');
  }
}

let app: INestApplication;
let client: ClientProxy;
let log: string[];

async function start(tools: Type, inheritAppConfig: boolean): Promise<void> {
  @Module({
    imports: [
      VaultKeyModule.forRoot({
        embedded: { vendors: { stripe: { secretKey: 'sk_test_1' } }, store: 'sqlite::memory:' },
      }),
    ],
    controllers: [tools],
  })
  class AppModule {}

  log = [];
  app = await NestFactory.create(AppModule, new ExpressAdapter(), { logger: false });
  app.useLogger(loggerTo((line) => log.push(String(line))));
  const microservice: INestMicroservice = app.connectMicroservice(
    { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } },
    { inheritAppConfig },
  );
  await app.startAllMicroservices();
  const { port } = microservice.unwrap<Server>().address() as AddressInfo;
  client = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port },
  });
}

function call(pattern: string): Promise<unknown> {
  return lastValueFrom(client.send<unknown>(pattern, {}), { defaultValue: 'done' }).catch(
    (error: unknown) => error,
  );
}

afterEach(async () => {
  begun.length = 0;
  await client.close();
  await app.close();
});

describe('a hybrid application', () => {
  it("without inheritAppConfig answers errors of the tools' own as ever", async () => {
    await start(Tools, false);
    expect(await call('fail')).toEqual({ status: 'error', message: 'Internal server error' });
  });

  it('leaves the answer to a filter that the tools have of their own', async () => {
    await start(FilteredTools, false);
    expect(await call('refund')).toEqual({ answered: 'by a filter of its own' });
  });
});
