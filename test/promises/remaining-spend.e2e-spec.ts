import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Body, Controller, Injectable, Module, Post, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext, INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import {
  McpController,
  McpHttpControllerFor,
  McpStrategy,
  StreamableHttpTransport,
  Tool,
  ToolScopes,
} from '@rekog/mcp-nest';
import {
  AgentTool,
  BrakeService,
  ProxiedStripeService,
  RemainingSpendController,
  VaultKeyModule,
} from '../../lib/index';
import type { VaultKeyModuleOptions } from '../../lib/index';
import { RemainingSpendTool } from '../../lib/mcp/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { until } from '../support/until';
import { brokerOf } from '../support/broker-of';

const MIDNIGHT = expect.stringMatching(/T00:00:00\.000Z$/) as string;
const POLICY = { dailyUsdCap: 15, allowedEndpoints: ['/v1/payment_intents'] };

interface UserRequest {
  headers: Record<string, string | undefined>;
  user?: { id: string };
}

/** Takes the user from a header, as an authentication guard would from a session. */
@Injectable()
class UserGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<UserRequest>();
    const user = request.headers['x-user'];
    if (user !== undefined) request.user = { id: user };
    return user !== 'nobody';
  }
}

@Controller('tools')
@UseGuards(UserGuard)
class HttpTools {
  constructor(private readonly stripe: ProxiedStripeService) {}

  @Post('charge')
  @AgentTool(POLICY)
  charge(@Body() { amount }: { amount: number }) {
    return this.stripe.createPaymentIntent({ amount });
  }

  @Post('capped-by-call')
  @AgentTool({ ...POLICY, dailyUsdCap: () => 5 })
  cappedByCall() {}
}

/** Lets nobody in. */
class TreasuryGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Controller('treasury')
@UseGuards(UserGuard)
class TreasuryTools {
  @Post('pay-out')
  @UseGuards(TreasuryGuard)
  @AgentTool(POLICY)
  payOut() {}
}

@McpController({ server: 'treasury' })
class TreasuryMcpTools {
  @Tool({ name: 'pay_all', description: 'Pays all' })
  @AgentTool(POLICY)
  payAll() {}
}

@McpController()
class McpTools {
  @Tool({ name: 'charge_card', description: 'Charges a card' })
  @AgentTool(POLICY)
  charge() {}

  @Tool({ name: 'pay_out', description: 'Pays out' })
  @AgentTool(POLICY)
  @ToolScopes(['treasury'])
  payOut() {}

  @Tool({ name: 'capped_by_call', description: 'Has a cap of each call' })
  @AgentTool({ ...POLICY, dailyUsdCap: () => 5 })
  cappedByCall() {}
}

@Controller('agents/spend')
@UseGuards(UserGuard)
class GuardedSpendController extends RemainingSpendController {}

let vendor: StripeVendor;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  vendor = await createStripeVendor({ secretKey: 'sk_test_remaining' });
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(() => vendor.close());

function embedded(budgets?: VaultKeyModuleOptions['budgets']): VaultKeyModuleOptions {
  return {
    embedded: {
      vendors: { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } },
      store: 'sqlite::memory:',
    },
    budgets,
  };
}

async function start(
  options: VaultKeyModuleOptions,
  controllers: Type[] = [GuardedSpendController, HttpTools],
): Promise<{ app: INestApplication; url: string }> {
  @Module({ imports: [VaultKeyModule.forRoot(options)], controllers })
  class AppModule {}

  const app = await NestFactory.create(AppModule, new ExpressAdapter(), {
    logger: false,
    forceCloseConnections: true,
  });
  await app.listen(0, '127.0.0.1');
  closing.push(() => app.close());
  return { app, url: await app.getUrl() };
}

const as = (user: string, run = 'run-1') => ({ 'x-user': user, 'x-agent-run-id': run });

function charge(url: string, amount: number, headers: Record<string, string>) {
  return fetch(`${url}/tools/charge`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ amount }),
  });
}

describe('the route that tells an agent what remains', () => {
  it('tells its budgets, what is spent and left of them, when they reset, and what a call may cost', async () => {
    const { url } = await start(embedded({ user: 40, run: 20, tool: 100 }));
    await charge(url, 450, as('ada'));
    await charge(url, 400, as('ada', 'run-2'));

    const response = await fetch(`${url}/agents/spend`, { headers: as('ada') });

    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({
      summary: expect.stringContaining('You may spend at most $15.50 more.') as string,
      user: 'ada',
      run: 'run-1',
      remaining: 15.5,
      budgets: [
        {
          scope: 'user',
          cap: 40,
          spent: 8.5,
          held: 0,
          remaining: 31.5,
          period: 'day',
          resetsAt: MIDNIGHT,
        },
        {
          scope: 'run',
          cap: 20,
          spent: 4.5,
          held: 0,
          remaining: 15.5,
          period: 'day',
          resetsAt: MIDNIGHT,
        },
      ],
      tools: [{ tool: 'HttpTools.charge', cap: 15 }],
    });
  });

  it('names no tool behind a guard that has not let its caller in', async () => {
    const options = embedded({ user: 40 });
    const { url } = await start(options, [GuardedSpendController, HttpTools, TreasuryTools]);
    const guarded = await fetch(`${url}/agents/spend`, { headers: as('ada') });
    expect(await guarded.json()).toMatchObject({ tools: [{ tool: 'HttpTools.charge', cap: 15 }] });

    const open = await start(options, [RemainingSpendController, HttpTools]);
    const response = await fetch(`${open.url}/remaining-spend`);
    expect(await response.json()).toMatchObject({ tools: [] });
  });

  it('tells nobody of another', async () => {
    const { url } = await start(embedded({ user: 40 }));
    await charge(url, 450, as('ada'));

    const response = await fetch(`${url}/agents/spend`, { headers: as('grace') });
    expect(await response.json()).toMatchObject({ user: 'grace', remaining: 40 });
  });

  it('says to stop where nothing is left', async () => {
    const { url } = await start(embedded({ user: 5 }));
    await charge(url, 500, as('ada'));

    const response = await fetch(`${url}/agents/spend`, { headers: as('ada') });
    const { summary } = (await response.json()) as { summary: string };
    expect(summary).toMatch(
      /^Nothing is left of the budget of this user\. Do not make calls that spend money: wait until \S+T00:00:00\.000Z, or ask a person\.\nThe budget of this user: \$5 a day, of which \$5 is spent, \$0 is reserved by calls in flight or of unknown outcome, and \$0 is left\./,
    );
  });

  it('says so where no budget stands, and leaves no live key behind', async () => {
    const { app, url } = await start(embedded(), [RemainingSpendController, HttpTools]);

    const response = await fetch(`${url}/remaining-spend`);
    const answer = (await response.json()) as Record<string, unknown>;
    expect(answer).toMatchObject({ user: 'anon', budgets: [] });
    expect(answer).not.toHaveProperty('remaining');
    expect(answer['summary']).toContain('You have no budget');
    const broker = brokerOf(app);
    await until(
      async () => (await broker.keys({ status: 'active' })).keys.length === 0,
      () => 'its key still lives',
    );
  });

  it('is shut to whom a guard of its own keeps out', async () => {
    const { url } = await start(embedded());
    const response = await fetch(`${url}/agents/spend`, { headers: as('nobody') });
    expect(response.status).toBe(403);
  });

  it('answers whom an operator has stopped as every call does', async () => {
    const { app, url } = await start(embedded({ user: 40 }));
    await app.get(BrakeService).stop({ user: 'ada' }, 'Looks odd');

    const response = await fetch(`${url}/agents/spend`, { headers: as('ada') });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: 'agent_braked', reason: 'Looks odd' });
  });

  it('answers 501 where the broker knows no budgets', async () => {
    const keybrake = createServer((request, response) => {
      request.resume().on('end', () => {
        response.writeHead(request.method === 'POST' ? 201 : 200, {
          'content-type': 'application/json',
        });
        response.end(
          JSON.stringify({
            id: 'vk_1',
            token: 'vault_key_1',
            expires_at: new Date(Date.now() + 60_000).toISOString(),
          }),
        );
      });
    }).listen(0, '127.0.0.1');
    await once(keybrake, 'listening');
    closing.push(async () => keybrake.close());
    const { port } = keybrake.address() as AddressInfo;
    const { url } = await start({
      broker: { url: `http://127.0.0.1:${port}`, token: 'management', dialect: 'keybrake' },
    });

    const response = await fetch(`${url}/agents/spend`, { headers: as('ada') });
    expect(response.status).toBe(501);
    expect(await response.json()).toMatchObject({ error: 'dialect_not_supported' });
  });
});

describe('the MCP tool that tells an agent what remains', () => {
  it('tells it in words and as structured content, and no tool that is not for everyone', async () => {
    const transport = new StreamableHttpTransport();

    @Controller('mcp')
    @UseGuards(UserGuard)
    class McpEndpoint extends McpHttpControllerFor(transport) {}

    @Module({
      imports: [VaultKeyModule.forRoot(embedded({ user: 40 }))],
      controllers: [McpTools, TreasuryMcpTools, HttpTools, RemainingSpendTool, McpEndpoint],
    })
    class AppModule {}

    const app = await NestFactory.create(AppModule, new ExpressAdapter(), {
      logger: false,
      forceCloseConnections: true,
    });
    const strategy = new McpStrategy({ name: 'tools', version: '1', transports: [transport] });
    app.connectMicroservice({ strategy }, { inheritAppConfig: true });
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    closing.push(() => app.close());
    const url = await app.getUrl();
    await charge(url, 450, as('ada'));
    const client = new Client({ name: 'agent', version: '1' });
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`${url}/mcp`), {
        requestInit: { headers: as('ada') },
      }),
    );
    closing.push(() => client.close());
    await client.listTools();

    const { content, structuredContent, isError } = await client.callTool({
      name: 'remaining_spend',
    });

    expect(isError).toBeUndefined();
    expect(structuredContent).toEqual({
      summary: expect.any(String) as string,
      user: 'ada',
      run: 'run-1',
      remaining: 35.5,
      budgets: [
        {
          scope: 'user',
          cap: 40,
          spent: 4.5,
          held: 0,
          remaining: 35.5,
          period: 'day',
          resetsAt: MIDNIGHT,
        },
      ],
      tools: [{ tool: 'charge_card', cap: 15 }],
    });
    expect(content).toEqual([
      { type: 'text', text: (structuredContent as { summary: string }).summary },
    ]);
  });

  it('says in one line what to install where its package is missing', () => {
    jest.isolateModules(() => {
      jest.doMock('@rekog/mcp-nest', () => {
        throw Object.assign(new Error("Cannot find module '@rekog/mcp-nest'"), {
          code: 'MODULE_NOT_FOUND',
        });
      });
      expect(() => require('../../lib/mcp/index')).toThrow(
        /^nestjs-vault-key\/mcp needs .*: npm install @rekog\/mcp-nest@\^2$/,
      );
      jest.dontMock('@rekog/mcp-nest');
    });
  });
});
