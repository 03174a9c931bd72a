import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { ClientCapabilities } from '@modelcontextprotocol/client';
import { Body, Controller, Injectable, Module, Post } from '@nestjs/common';
import type { ExecutionContext, INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Payload } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import {
  McpController,
  McpHttpControllerFor,
  McpStrategy,
  StreamableHttpTransport,
  Tool,
} from '@rekog/mcp-nest';
import type Stripe from 'stripe';
import { z } from 'zod';
import {
  AgentTool,
  ApprovalRequiredException,
  BrokerOperator,
  ProxiedStripeService,
  VaultKeyException,
  VaultKeyModule,
  VaultKeyService,
  VaultKeyStartUpException,
} from '../../lib/index';
import type { VaultKeyModuleOptions } from '../../lib/index';
import { InjectStripe } from '../../lib/stripe/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { BrokerProcess } from '../support/broker-process';
import { brokerOf } from '../support/broker-of';
import { KeybrakeServer } from '../support/keybrake-server';

const allowedEndpoints = ['/v1/payment_intents', '/v1/payment_intents/*'];
const POLICY = { dailyUsdCap: 1_000, allowedEndpoints };
const PAGE = 'https://ops.example.com/vault-keys/';

const identify = (context: ExecutionContext) => {
  if (context.getType<string>() !== 'http') return { userId: 'mcp-user' };
  const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
  return { userId: headers['x-user'] ?? 'u1' };
};

@Controller('tools')
class Tools {
  constructor(
    private readonly stripe: ProxiedStripeService,
    @InjectStripe() private readonly sdk: Stripe,
  ) {}

  @Post('pay')
  @AgentTool({ ...POLICY, approveAbove: 100, tool: 'pay' })
  pay(@Body() { amount }: { amount: number }) {
    return this.stripe.createPaymentIntent({ amount });
  }

  @Post('sdk')
  @AgentTool({ ...POLICY, approveAbove: 100, tool: 'sdk' })
  bySdk(@Body() { amount }: { amount: number }) {
    return this.sdk.paymentIntents.create({ amount, currency: 'usd' });
  }

  @Post('computed')
  @AgentTool({
    ...POLICY,
    approveAbove: async ({ identity }) => (identity.userId === 'bad' ? Number.NaN : 12.345),
    tool: 'computed',
  })
  computed(@Body() { amount }: { amount: number }) {
    return this.stripe.createPaymentIntent({ amount });
  }
}

interface Setup {
  options: VaultKeyModuleOptions;
  approve(app: INestApplication, id: string): Promise<unknown>;
  deny(app: INestApplication, id: string): Promise<unknown>;
  close(): Promise<unknown>;
}

const SETUPS: [name: string, (vendor: StripeVendor) => Promise<Setup>][] = [
  [
    'the embedded broker',
    async (vendor) => ({
      options: {
        embedded: {
          vendors: { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } },
          store: 'sqlite::memory:',
        },
      },
      approve: (app, id) =>
        app.get(BrokerOperator, { strict: false }).approve(id, { reason: 'order 7' }),
      deny: (app, id) =>
        app.get(BrokerOperator, { strict: false }).deny(id, { reason: 'not this month' }),
      close: async () => {},
    }),
  ],
  [
    'the built vault-key-broker',
    async (vendor) => {
      const broker = await BrokerProcess.start({ vendor });
      const answer = (id: string, what: string, reason: string) =>
        broker.api('POST', `/v1/approvals/${id}/${what}`, { reason });
      return {
        options: { broker: { url: broker.url, token: broker.token } },
        approve: (_app, id) => answer(id, 'approve', 'order 7'),
        deny: (_app, id) => answer(id, 'deny', 'not this month'),
        close: async () => {
          await broker.kill('SIGTERM');
        },
      };
    },
  ],
];

let vendor: StripeVendor;
beforeAll(async () => {
  vendor = await createStripeVendor();
});
afterAll(() => vendor.close());
beforeEach(() => vendor.reset());

describe.each(SETUPS)('a tool whose calls need approvals, with %s', (name, start) => {
  let setup: Setup;
  let app: INestApplication;
  let url: string;
  beforeAll(async () => {
    setup = await start(vendor);
    const module = await Test.createTestingModule({
      imports: [VaultKeyModule.forRoot({ ...setup.options, identify })],
      controllers: [Tools],
    }).compile();
    app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(async () => {
    await app.close();
    await setup.close();
  });

  async function call(tool: string, amount: number, user = name) {
    const answer = await fetch(`${url}/tools/${tool}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-user': `${user} ${tool}` },
      body: JSON.stringify({ amount }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }

  it.each(['pay', 'sdk'])(
    'refuses one with its id, and passes once it is approved: %s',
    async (tool) => {
      expect((await call(tool, 10_000)).status).toBe(201);
      const { status, body } = await call(tool, 15_000);
      expect([status, body['error'], body['retryable']]).toEqual([403, 'approval_required', true]);
      expect(body).toMatchObject({
        approvalId: expect.stringMatching(/^apr_/),
        expiresAt: expect.stringMatching(/Z$/),
        message: expect.stringContaining('A person must approve this call'),
      });
      await setup.approve(app, String(body['approvalId']));
      expect((await call(tool, 15_000)).status).toBe(201);
      expect((await call(tool, 15_000)).status).toBe(403);
    },
  );

  it('says that it was denied, and why', async () => {
    const { body } = await call('pay', 17_000);
    await setup.deny(app, String(body['approvalId']));
    expect(await call('pay', 17_000)).toMatchObject({
      status: 403,
      body: {
        error: 'approval_denied',
        retryable: false,
        message: expect.stringContaining('not this month'),
      },
    });
  });

  it('asks a function for the threshold, and cuts it off at the cent', async () => {
    expect((await call('computed', 1_234)).status).toBe(201);
    expect((await call('computed', 1_235)).body['error']).toBe('approval_required');
  });

  it('does not run where the threshold cannot be computed', async () => {
    const answer = await fetch(`${url}/tools/computed`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-user': 'bad' },
      body: '{"amount":100}',
    });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ error: 'vault_key_unavailable' });
  });

  it('does the same for work under a policy', async () => {
    const service = app.get(VaultKeyService, { strict: false });
    const stripe = app.get(ProxiedStripeService, { strict: false });
    const work = () =>
      service.run({ ...POLICY, approveAbove: 1 }, () =>
        stripe.createPaymentIntent({ amount: 200 }),
      );
    const refused = VaultKeyException.from(await work().catch((error: unknown) => error));
    expect(refused).toBeInstanceOf(ApprovalRequiredException);
    await setup.approve(app, (refused as ApprovalRequiredException).approvalId);
    expect(await work()).toMatchObject({ amount: 200 });
  });
});

describe('a threshold', () => {
  const startWith = (options: VaultKeyModuleOptions, approveAbove: unknown): Promise<unknown> => {
    @Injectable()
    class Job {
      @AgentTool({ ...POLICY, approveAbove: approveAbove as number })
      async work(): Promise<void> {}
    }
    return Test.createTestingModule({
      imports: [VaultKeyModule.forRoot(options)],
      providers: [Job],
    })
      .compile()
      .then((module) => module.createNestApplication({ logger: false }).init())
      .catch((error: unknown) => error);
  };
  const embedded = { vendors: { stripe: { secretKey: 'sk_test_1' } }, store: 'sqlite::memory:' };

  it.each([-1, 1_000_001, Number.NaN, '100', null])(
    'keeps the application from starting as %j',
    async (above) => {
      const error = await startWith({ embedded }, above);
      expect(error).toBeInstanceOf(VaultKeyStartUpException);
      expect((error as Error).message).toMatch(/Job\.work approveAbove must (?:not )?be/);
    },
  );

  it('does so with a broker of Keybrake’s own contract, which would ask nobody', async () => {
    const keybrake = await KeybrakeServer.start('http://127.0.0.1:9');
    try {
      const broker = { url: keybrake.url, token: 'kb_test', dialect: 'keybrake' } as const;
      for (const above of [100, () => 100]) {
        const error = await startWith({ broker }, above);
        expect((error as Error).message).toContain(
          'approveAbove is not enforced by a broker of the "keybrake" dialect',
        );
      }
    } finally {
      await keybrake.close();
    }
  });
});

describe('an MCP tool whose calls need approvals', () => {
  @McpController()
  class McpTools {
    constructor(private readonly stripe: ProxiedStripeService) {}

    @Tool({
      name: 'charge',
      description: 'Charges',
      parameters: z.object({ amount: z.number().int() }),
    })
    @AgentTool({ ...POLICY, approveAbove: 100 })
    charge(@Payload() { amount }: { amount: number }) {
      return this.stripe.createPaymentIntent({ amount });
    }
  }

  let app: INestApplication;
  let url: URL;
  const closing: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    const transport = new StreamableHttpTransport({ statefulMode: true });

    @Controller('mcp')
    class McpEndpoint extends McpHttpControllerFor(transport) {}

    const vendors = { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } };
    @Module({
      imports: [
        VaultKeyModule.forRoot({ embedded: { vendors, store: 'sqlite::memory:' }, identify }),
      ],
      controllers: [McpTools, McpEndpoint],
    })
    class AppModule {}

    app = await NestFactory.create(AppModule as Type, {
      logger: false,
      forceCloseConnections: true,
    });
    const strategy = new McpStrategy({ name: 'tools', version: '1', transports: [transport] });
    app.connectMicroservice({ strategy }, { inheritAppConfig: true });
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    url = new URL(`${await app.getUrl()}/mcp`);
    brokerOf(app).pageUrl = PAGE;
  });
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
    await app.close();
  });

  /** A client of an agent, and what it has shown to its person, who always agrees. */
  async function connect(
    elicitation: { url?: object; form?: object } | undefined,
    mode: 'legacy' | 'auto' = 'legacy',
  ) {
    const capabilities = (elicitation === undefined ? {} : { elicitation }) as ClientCapabilities;
    const client = new Client(
      { name: 'agent', version: '1' },
      { versionNegotiation: { mode }, capabilities },
    );
    const shown: Record<string, unknown>[] = [];
    if (elicitation !== undefined) {
      client.setRequestHandler('elicitation/create', (request) => {
        shown.push({ ...request.params });
        return { action: 'accept', content: {} };
      });
    }
    await client.connect(new StreamableHTTPClientTransport(url));
    closing.push(() => client.close());
    const charge = async (amount: number) => {
      const result = await client.callTool({ name: 'charge', arguments: { amount } });
      const { _meta: meta = {}, content } = result as {
        _meta?: Record<string, Record<string, unknown>>;
        content: { text?: string }[];
      };
      return { ...result, refusal: meta['nestjs-vault-key/refusal'], text: content[0]?.text ?? '' };
    };
    return { charge, shown };
  }

  it('is refused with the id and the link of the page, whatever the client can show', async () => {
    for (const [mode, amount] of [
      ['legacy', 15_000],
      ['auto', 15_100],
    ] as const) {
      const { charge } = await connect(undefined, mode);
      const { isError, refusal, text } = await charge(amount);
      expect(isError).toBe(true);
      const id = String(refusal?.['approvalId']);
      expect(refusal).toMatchObject({
        error: 'approval_required',
        approvalUrl: `${PAGE}#/approvals/${id}`,
      });
      expect(text).toContain(`${PAGE}#/approvals/${id}`);
      expect(text).toContain('Retry: yes, unchanged, once a person has approved it.');
    }
  });

  it.each([
    ['a link', { url: {} }, 'url'],
    ['words', { form: {} }, 'form'],
  ])(
    'tells the person where to answer by %s, and no answer there approves',
    async (_, can, mode) => {
      const amount = mode === 'url' ? 16_000 : 16_100;
      const { charge, shown } = await connect(can);
      const { refusal } = await charge(amount);
      const id = String(refusal?.['approvalId']);
      expect(shown).toHaveLength(1);
      expect(shown[0]).toMatchObject({ mode });
      expect(JSON.stringify(shown[0])).toContain(`${PAGE}#/approvals/${id}`);
      const operator = app.get(BrokerOperator, { strict: false });
      expect(await operator.approval(id)).toMatchObject({ state: 'pending' });
      expect((await charge(amount)).refusal).toMatchObject({ approvalId: id });
      await operator.approve(id, { reason: 'seen' });
      expect((await charge(amount)).isError).not.toBe(true);
      expect((await charge(amount)).refusal).toMatchObject({ error: 'approval_required' });
    },
  );
});
