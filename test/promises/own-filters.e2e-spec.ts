import { Catch, Controller, Get, UseFilters } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter, INestApplication, Provider } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ExternalContextCreator } from '@nestjs/core/helpers/external-context-creator';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { firstValueFrom, throwError } from 'rxjs';
import { AgentTool, ProxiedStripeService, VaultKeyException } from '../../lib/index';
import { VaultKeyTestingModule } from '../../lib/testing/index';
import { adapters } from './tools-app';

/** What Express's and Fastify's have in common. */
interface Response {
  status(code: number): { send(body: object): unknown };
}

const OWN = { from: 'the application' };

/** Answers in words of its own, over whatever transport. */
function answer(exception: unknown, host: ArgumentsHost): unknown {
  if (host.getType() === 'rpc') return throwError(() => OWN);
  if (host.getType<string>() === 'graphql') throw Object.assign(new Error('own'), OWN);
  host
    .switchToHttp()
    .getResponse<Response>()
    .status(418)
    .send({ ...OWN, code: VaultKeyException.from(exception)?.code });
  return undefined;
}

@Catch(VaultKeyException)
class OwnFilter implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost) {
    return answer(exception, host);
  }
}

@Catch()
class CatchAll implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost) {
    return answer(exception, host);
  }
}

@Controller()
class Tools {
  constructor(private readonly stripe: ProxiedStripeService) {}

  @Get('refused')
  @MessagePattern('refused')
  @AgentTool({ dailyUsdCap: 5, allowedEndpoints: ['/v1/refunds'] })
  refused() {
    return this.stripe.listCharges();
  }

  @Get('filtered')
  @UseFilters(OwnFilter)
  @AgentTool({ dailyUsdCap: 5, allowedEndpoints: ['/v1/refunds'] })
  filtered() {
    return this.stripe.listCharges();
  }
}

describe.each(Object.entries(adapters))(
  "a filter of the application's own on %s",
  (_name, Adapter) => {
    let app: INestApplication;
    let port: number;

    async function start(
      providers: Provider[],
      prepare: (app: INestApplication) => unknown = () => undefined,
    ): Promise<string> {
      const module = await Test.createTestingModule({
        imports: [VaultKeyTestingModule.forRoot()],
        controllers: [Tools],
        providers,
      }).compile();
      app = module.createNestApplication(new Adapter());
      prepare(app);
      const service = app.connectMicroservice<MicroserviceOptions>(
        { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } },
        { inheritAppConfig: true },
      );
      await app.startAllMicroservices();
      await app.listen(0, '127.0.0.1');
      port = service.unwrap<{ address(): { port: number } }>().address().port;
      return app.getUrl();
    }
    afterEach(() => app.close());

    it.each<[string, Provider[], (app: INestApplication) => unknown]>([
      ['as APP_FILTER', [{ provide: APP_FILTER, useClass: OwnFilter }], () => undefined],
      [
        'as APP_FILTER that catches all',
        [{ provide: APP_FILTER, useClass: CatchAll }],
        () => undefined,
      ],
      ['with useGlobalFilters', [], (each) => each.useGlobalFilters(new OwnFilter())],
      [
        'with useGlobalFilters that catches all',
        [],
        (each) => each.useGlobalFilters(new CatchAll()),
      ],
    ])('comes first %s: over HTTP, RPC and GraphQL', async (_how, providers, prepare) => {
      const url = await start(providers, prepare);
      const http = await fetch(`${url}/refused`);
      expect([http.status, await http.json()]).toEqual([
        418,
        { ...OWN, code: 'endpoint_not_allowed' },
      ]);

      const client = ClientProxyFactory.create({
        transport: Transport.TCP,
        options: { host: '127.0.0.1', port },
      });
      await expect(firstValueFrom(client.send('refused', {}))).rejects.toEqual(OWN);
      client.close();

      const tools = app.get(Tools);
      const resolve = app
        .get(ExternalContextCreator)
        .create(
          tools,
          tools.refused as never,
          'refused',
          undefined,
          undefined,
          undefined,
          undefined,
          undefined,
          'graphql',
        );
      const context = { req: { headers: {} } };
      await expect(resolve({}, {}, context, {})).rejects.toMatchObject(OWN);
    });

    it('comes first with @UseFilters, and without one the module answers', async () => {
      const url = await start([]);
      expect((await fetch(`${url}/filtered`)).status).toBe(418);
      const refused = await fetch(`${url}/refused`);
      expect([refused.status, await refused.json()]).toEqual([
        403,
        expect.objectContaining({ error: 'endpoint_not_allowed' }),
      ]);
      expect(refused.headers.get('cache-control')).toBe('no-store');
    });
  },
);
