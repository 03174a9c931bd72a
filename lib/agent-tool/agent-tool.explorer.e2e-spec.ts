import { Controller, Get, Injectable, UseInterceptors } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { BrokerDialect } from '../broker-client/broker-client';
import { VaultKeyModule } from '../vault-key.module';
import { VaultKeyStartUpException } from '../vault-key/vault-key-start-up.exception';
import { AgentTool } from './agent-tool.decorator';
import { AgentToolInterceptor } from './agent-tool.interceptor';

const SOUND = { dailyUsdCap: 5, allowedEndpoints: ['/v1/refunds'] };
const SERVER = { url: 'http://127.0.0.1:9', token: 'management-token' };
const EMBEDDED = {
  vendors: { stripe: { secretKey: 'sk_test_1' } },
  store: 'sqlite::memory:',
};

async function start(
  controllers: Type[],
  {
    providers = [],
    embedded = false,
    dialect = 'vault-key',
  }: { providers?: Type[]; embedded?: boolean; dialect?: BrokerDialect } = {},
): Promise<void> {
  const options = embedded ? { embedded: EMBEDDED } : { broker: { ...SERVER, dialect } };
  const module = await Test.createTestingModule({
    imports: [VaultKeyModule.forRoot(options)],
    controllers,
    providers,
  })
    .setLogger(false as never)
    .compile();
  await module.init();
  await module.close();
}

async function faultsOf(...args: Parameters<typeof start>): Promise<string[]> {
  const error: unknown = await start(...args).catch((thrown: unknown) => thrown);
  if (!(error instanceof VaultKeyStartUpException)) throw error ?? new Error('it started');
  return error.faults.map(({ where, message }) => `${where} ${message}`);
}

describe('the marks of an application', () => {
  it("may name methods in their patterns only where the broker enforces them, which Keybrake's does not", async () => {
    @Controller()
    class PaymentsController {
      @Get()
      @AgentTool({ ...SOUND, allowedEndpoints: ['GET /v1/charges'] })
      list() {}
    }
    await expect(start([PaymentsController])).resolves.toBeUndefined();
    expect(await faultsOf([PaymentsController], { dialect: 'keybrake' })).toEqual([
      expect.stringContaining('names a method'),
    ]);
  });

  it('may limit calls only where the broker enforces it, whatever a limit is computed from', async () => {
    @Controller()
    class PaymentsController {
      @Get()
      @AgentTool({ ...SOUND, limits: { customers: ({ identity }) => [identity.userId] } })
      list() {}
    }
    await expect(start([PaymentsController])).resolves.toBeUndefined();
    expect(await faultsOf([PaymentsController], { dialect: 'keybrake' })).toEqual([
      'PaymentsController.list limits is not enforced by a broker of the "keybrake" dialect: leave it out, or use `embedded` or a vault-key-broker of your own',
    ]);
  });

  it('whose limits are invalid keep it from starting, each limit by its name', async () => {
    @Controller()
    class PaymentsController {
      @Get('a')
      @AgentTool({
        ...SOUND,
        limits: {
          perCallUsd: -1,
          callsPerMinute: 0,
          customers: [],
          destinations: ['acct_1', ''],
          currencies: ['dollars'],
          perCall: 5,
        } as never,
      })
      charge() {}

      @Get('b')
      @AgentTool({ ...SOUND, limits: {} })
      empty() {}

      @Get('c')
      @AgentTool({ ...SOUND, limits: { customers: undefined } as never })
      absent() {}

      @Get('d')
      @AgentTool({ ...SOUND, limits: [100] as never })
      list() {}

      @Get('e')
      @AgentTool({ ...SOUND, limits: { customers: ['acct_1'], destinations: ['cus_1'] } })
      mixedUp() {}
    }
    expect(await faultsOf([PaymentsController])).toEqual([
      'PaymentsController.charge limits.perCallUsd must not be negative',
      'PaymentsController.charge limits.callsPerMinute must be a whole number from 1 to 100000',
      'PaymentsController.charge limits.customers must be an array of 1 to 100 strings',
      'PaymentsController.charge limits.destinations[1] must not be blank',
      'PaymentsController.charge limits.currencies[0] must be a three-letter currency code, such as "usd"',
      'PaymentsController.charge limits.perCall is not known (known: perCallUsd, callsPerMinute, customers, destinations, currencies)',
      'PaymentsController.empty limits is empty: leave it out, or name a limit',
      'PaymentsController.absent limits.customers must be an array of 1 to 100 strings',
      'PaymentsController.list limits must be an object',
      'PaymentsController.mixedUp limits.customers[0] must be the id of a customer, such as "cus_…"',
      'PaymentsController.mixedUp limits.destinations[0] is the id of a customer: must be that of an account or a bank account, such as "acct_…"',
    ]);
  });

  it('all that are invalid are named at start-up, by class and method', async () => {
    @Controller()
    class PaymentsController {
      @Get('a')
      @AgentTool({ ...SOUND, dailyUsdCap: -1 })
      charge() {}

      @Get('b')
      @AgentTool({ ...SOUND, allowedEndpoints: ['/v1/**', '/v2/x', '/v1/charges'] })
      list() {}

      @Get('c')
      @AgentTool({ ...SOUND, expiresIn: '25h', vendor: 'Stripe' })
      refund() {}

      @Get('d')
      @AgentTool(undefined as never)
      nothing() {}

      @Get('e')
      @AgentTool({ ...SOUND, dailyUSDCap: 5 } as never)
      typo() {}

      @Get('f')
      @AgentTool(SOUND)
      @AgentTool(SOUND)
      twice() {}

      @Get('g')
      @AgentTool(SOUND)
      sound() {}
    }
    @Controller()
    @AgentTool({ ...SOUND, allowedEndpoints: [] })
    class MarkedController {}

    expect(await faultsOf([PaymentsController, MarkedController])).toEqual([
      'PaymentsController.charge dailyUsdCap must not be negative',
      'PaymentsController.list allowedEndpoints[0] ("/v1/**") has the segment "**": "*" matches exactly one whole segment',
      'PaymentsController.list allowedEndpoints[1] ("/v2/x") must begin with /v1/',
      expect.stringMatching(/^PaymentsController\.refund vendor must be/),
      expect.stringMatching(/^PaymentsController\.refund expiresIn must be/),
      'PaymentsController.nothing dailyUsdCap is missing: give it a number of US dollars',
      'PaymentsController.nothing allowedEndpoints must be an array of 1 to 100 patterns',
      'PaymentsController.typo has the option dailyUSDCap, which is not known (known: dailyUsdCap, allowedEndpoints, vendor, expiresIn, limits, approveAbove, tool)',
      'PaymentsController.twice is marked with @AgentTool more than once, and has room for one key',
      'MarkedController allowedEndpoints must be an array of 1 to 100 patterns',
    ]);
  });

  it('a method inherited from a class above is found under each heir', async () => {
    class Base {
      @Get('a')
      @AgentTool({ ...SOUND, dailyUsdCap: -0.01 })
      charge() {}
    }
    @Controller('x')
    class XController extends Base {}
    @Controller('y')
    class YController extends Base {}
    expect(await faultsOf([XController, YController])).toEqual([
      'XController.charge dailyUsdCap must not be negative',
      'YController.charge dailyUsdCap must not be negative',
    ]);
  });

  it('a mark inherited from a class above is found under each heir', async () => {
    @AgentTool({ ...SOUND, dailyUsdCap: -1 })
    class Base {}
    @Controller('x')
    class XController extends Base {}
    @Controller('y')
    @AgentTool(SOUND)
    class YController extends Base {}
    expect(await faultsOf([XController, YController])).toEqual([
      'XController dailyUsdCap must not be negative',
    ]);
  });

  it('a vendor that is not configured is a fault where the broker is embedded', async () => {
    @Controller()
    class OrdersController {
      @Get('a')
      @AgentTool({ ...SOUND, vendor: 'acme' })
      order() {}
    }
    expect(await faultsOf([OrdersController], { embedded: true })).toEqual([
      'OrdersController.order vendor "acme" is not configured in `embedded.vendors`, which has: stripe',
    ]);
    await start([OrdersController]);
  });

  it('what is computed for each call is left to the call', async () => {
    @Controller()
    class PaymentsController {
      @Get('a')
      @AgentTool({ dailyUsdCap: () => -1, allowedEndpoints: () => [] })
      charge() {}
    }
    await start([PaymentsController]);
  });

  it("a provider's method is checked too, and may be marked", async () => {
    @Injectable()
    class Jobs {
      @AgentTool({ ...SOUND, dailyUsdCap: -1 })
      sweep() {}
    }
    @Injectable()
    class SoundJobs {
      @AgentTool(SOUND)
      sweep() {}
    }
    expect(await faultsOf([], { providers: [Jobs] })).toEqual([
      'Jobs.sweep dailyUsdCap must not be negative',
    ]);
    await start([], { providers: [SoundJobs] });
  });

  it('a class that Nest does not route to may not be marked as a class', async () => {
    @Injectable()
    @AgentTool(SOUND)
    class Jobs {}
    expect(await faultsOf([], { providers: [Jobs] })).toEqual([
      expect.stringMatching(/^Jobs is marked with @AgentTool as a class, .* it is not one$/),
    ]);
  });
});

describe('a marked gateway', () => {
  // NestJS 11 asks no global interceptor at a gateway, and its tools would not run.
  it("has the module's interceptor as one of its own, after those of the gateway, and that of one application", async () => {
    class Timing implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler) {
        return next.handle();
      }
    }
    @WebSocketGateway()
    @UseInterceptors(Timing)
    class MarkedGateway {
      @SubscribeMessage('charge')
      @AgentTool(SOUND)
      charge() {}
    }
    @WebSocketGateway()
    class PlainGateway {
      @SubscribeMessage('charge')
      charge() {}
    }
    for (let application = 0; application < 2; application++) {
      await start([], { providers: [MarkedGateway, PlainGateway] });
    }
    expect(Reflect.getMetadata('__interceptors__', MarkedGateway)).toEqual([
      Timing,
      expect.any(AgentToolInterceptor),
    ]);
    expect(Reflect.hasMetadata('__interceptors__', PlainGateway)).toBe(false);
  });
});
