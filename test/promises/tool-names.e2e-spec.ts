import { Controller, Get, Injectable } from '@nestjs/common';
import type { INestApplication, MiddlewareConsumer, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { transformSync } from '@swc/core';
import { AgentTool, VaultKeyMiddleware } from '../../lib/index';
import type { VaultKeyStartUpException } from '../../lib/index';
import { VaultKeyTestingModule } from '../../lib/testing/index';
import { brokerOf } from '../support/broker-of';

const MARK = { dailyUsdCap: 5, allowedEndpoints: ['/v1/charges'] };

/** A decorator that puts a function of another name in the method's place, and copies no metadata. */
function Traced(): MethodDecorator {
  return (_target: object, _key: string | symbol, descriptor: PropertyDescriptor) => {
    const method = descriptor.value as (...args: unknown[]) => unknown;
    descriptor.value = function traced(this: unknown, ...args: unknown[]) {
      return method.apply(this, args);
    };
  };
}

/** What a queue calls a processor with. */
const job = {
  id: '1',
  queueName: 'payments',
  data: {},
  timestamp: Date.now(),
  attemptsMade: 0,
  updateProgress: () => undefined,
};

@Controller('tools')
class ToolsController {
  @Get('above')
  @Traced()
  @AgentTool(MARK)
  above() {
    return {};
  }

  @Get('below')
  @AgentTool(MARK)
  @Traced()
  below() {
    return {};
  }

  @Get('named')
  @AgentTool({ ...MARK, tool: 'payments.named' })
  named() {
    return {};
  }
}

@Controller('marked')
@AgentTool(MARK)
class MarkedController {
  constructor() {
    this.bound = this.bound.bind(this);
  }

  @Get('wrapped')
  @Traced()
  wrapped() {
    return {};
  }

  @Get('bound')
  bound() {
    return {};
  }
}

@Injectable()
class Jobs {
  @Traced()
  @AgentTool(MARK)
  async above(..._args: unknown[]) {}

  @AgentTool(MARK)
  @Traced()
  async below(..._args: unknown[]) {}

  @AgentTool({ ...MARK, tool: 'jobs.named' })
  @Traced()
  async named(..._args: unknown[]) {}
}

/** The classes of a module's source, as a minifier leaves them. */
function minified(source: string): Type[] {
  const { code } = transformSync(source, {
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      minify: { compress: true, mangle: { toplevel: true } },
    },
    minify: true,
    module: { type: 'commonjs' },
  });
  const exported: { classes?: Type[] } = {};
  const load = (name: string): unknown =>
    name === 'nestjs-vault-key' ? require('../../lib/index') : require(name);
  // oxlint-disable-next-line typescript/no-implied-eval -- running the minified code is the purpose
  new Function('require', 'exports', code)(load, exported);
  return exported.classes ?? [];
}

const sourceOf = (options: string): string => `
  import { Controller, Get } from '@nestjs/common';
  import { AgentTool } from 'nestjs-vault-key';

  @Controller('payments')
  class PaymentTools {
    @Get('charge')
    @AgentTool({ dailyUsdCap: 5, allowedEndpoints: ['/v1/charges'], ${options} })
    charge() {
      return {};
    }
  }
  export const classes = [PaymentTools];
`;

describe('the name of a tool', () => {
  let app: INestApplication;

  async function start(
    controllers: Type[],
    providers: Type[] = [],
    ...middlewares: Type[]
  ): Promise<void> {
    class AppModule {
      configure(consumer: MiddlewareConsumer) {
        for (const each of middlewares) consumer.apply(each).forRoutes('*path');
      }
    }
    const module = await Test.createTestingModule({
      imports: [
        VaultKeyTestingModule.forRoot({ identify: () => ({}) }),
        { module: AppModule, controllers, providers },
      ],
    })
      .setLogger(false as never)
      .compile();
    app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
  }

  afterEach(() => app.close());

  async function faultsOf(...given: Parameters<typeof start>): Promise<string[]> {
    const error = (await start(...given).catch(
      (thrown: unknown) => thrown,
    )) as VaultKeyStartUpException;
    return error.faults.map(({ where, message }) => `${where} ${message}`);
  }

  async function toolsOfKeys(): Promise<unknown[]> {
    const { keys } = await brokerOf(app).keys();
    return keys.map(({ subject }) => subject?.tool);
  }

  async function get(path: string): Promise<void> {
    expect((await fetch(`${await app.getUrl()}/${path}`)).status).toBe(200);
  }

  it.each([
    ['tools/above', 'ToolsController.above'],
    ['tools/below', 'ToolsController.below'],
    ['tools/named', 'payments.named'],
    ['marked/wrapped', 'MarkedController.wrapped'],
    ['marked/bound', 'MarkedController.bound'],
  ])('of what GET /%s is routed to is %s, whatever its function is called', async (path, tool) => {
    await start([ToolsController, MarkedController]);
    await get(path);
    expect(await toolsOfKeys()).toEqual([tool]);
  });

  it.each<['above' | 'below' | 'named', string]>([
    ['above', 'Jobs.above'],
    ['below', 'Jobs.below'],
    ['named', 'jobs.named'],
  ])('of the method %s is %s, for a job too', async (method, tool) => {
    await start([], [Jobs]);
    await app.get(Jobs)[method]();
    await app.get(Jobs)[method](job);
    expect(await toolsOfKeys()).toEqual([tool, tool]);
  });

  it('that a minifier made keeps the application from starting', async () => {
    const classes = minified(sourceOf(''));
    expect(classes[0]?.name.length).toBeLessThanOrEqual(2);
    expect(await faultsOf(classes)).toEqual([
      expect.stringMatching(/^\w{0,2}\.charge has the class name "\w{0,2}", which a minifier/),
    ]);
  });

  it('that is given stands in a minified build too', async () => {
    await start(minified(sourceOf("tool: 'PaymentTools.charge'")));
    await get('payments/charge');
    expect(await toolsOfKeys()).toEqual(['PaymentTools.charge']);
  });

  it('that two methods have is a fault', async () => {
    const other = minified(sourceOf("tool: 'payments.named'"));
    expect(await faultsOf([ToolsController, ...other])).toEqual([
      expect.stringContaining('has the tool name "payments.named", as ToolsController.named does'),
    ]);
  });

  it('that two classes of one name have is a fault', async () => {
    const named = (): Type => {
      @Injectable()
      class Jobs {
        @AgentTool(MARK)
        async below() {}
      }
      return Jobs;
    };
    expect(await faultsOf([], [Jobs, named()])).toEqual([
      'Jobs.below has the tool name "Jobs.below", as Jobs.below does: what is spent, capped and stopped of one would be of both',
    ]);
  });

  it('that two middlewares have is a fault, and one of their own makes two', async () => {
    expect(await faultsOf([], [], VaultKeyMiddleware(MARK), VaultKeyMiddleware(MARK))).toEqual([
      expect.stringContaining('has the tool name "VaultKeyMiddleware"'),
    ]);
    await app.close();
    await start([], [], VaultKeyMiddleware(MARK), VaultKeyMiddleware({ ...MARK, tool: 'legacy' }));
    await fetch(`${await app.getUrl()}/anything`);
    expect(new Set(await toolsOfKeys())).toEqual(new Set(['VaultKeyMiddleware', 'legacy']));
  });

  it.each(['', ' ', 7, 'x'.repeat(129), 'a\u200eb'])('%j is none', async (tool) => {
    @Injectable()
    class Odd {
      @AgentTool({ ...MARK, tool: tool as string })
      async charge() {}
    }
    expect(await faultsOf([], [Odd])).toEqual([
      'Odd.charge tool must be 1 to 128 printable characters, not blank',
    ]);
  });
});
