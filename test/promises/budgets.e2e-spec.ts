import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  BrakeService,
  BrokerClient,
  VaultKeyModule,
  VaultKeyService,
  VaultKeyUnavailableException,
} from '../../lib/index';
import type { BrakeTarget, VaultKeyModuleOptions } from '../../lib/index';
import { Broker } from '../../lib/broker/index';
import type { KeyView } from '../../lib/broker/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { BrokerProcess, temporaryFile } from '../support/broker-process';
import { brokers } from '../support/brokers';
import { Gates } from '../support/gates';
import { until } from '../support/until';
import { ToolsController } from './tools.controller';
import { startToolsApp } from './tools-app';
import type { ToolsApp } from './tools-app';
import { brokerOf } from '../support/broker-of';

/** A broker with an operator who sees its keys, while the application runs and after. */
interface OperatedBroker {
  options: VaultKeyModuleOptions;
  keys(app?: INestApplication): Promise<readonly KeyView[]>;
  setBudget(app: INestApplication, user: string, usd: number): Promise<unknown>;
  close(): Promise<void>;
}

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

const BUDGETS = { user: 37, run: 20 };

const operated: Record<string, (vendor: StripeVendor) => Promise<OperatedBroker>> = {
  async 'the built vault-key-broker'(vendor) {
    const broker = await BrokerProcess.start({ vendor });
    return {
      options: { broker: { url: broker.url, token: broker.token } },
      async keys() {
        const { body } = await broker.api('GET', '/v1/keys?limit=1000');
        return (body as { keys: KeyView[] }).keys;
      },
      setBudget: (_app, user, usd) =>
        broker.api('PUT', `/v1/budgets/user/${user}`, { daily_usd_cap: usd }),
      async close() {
        await broker.kill('SIGTERM');
      },
    };
  },

  async 'the embedded broker'(vendor) {
    const vendors = { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } };
    const store = `sqlite:${temporaryFile()}`;
    return {
      options: { embedded: { vendors, store } },
      async keys(app) {
        const broker = app === undefined ? await Broker.open({ vendors, store }) : brokerOf(app);
        const { keys } = await broker.keys({}, 1_000);
        if (broker instanceof Broker && app === undefined) await broker.close();
        return keys;
      },
      setBudget: (app, user, usd) => brokerOf(app).putBudget('user', user, { daily_usd_cap: usd }),
      close: async () => {},
    };
  },
};

describe.each(Object.keys(operated))('with %s', (brokerName) => {
  let vendor: StripeVendor;
  let broker: OperatedBroker;

  beforeAll(async () => {
    vendor = await createStripeVendor();
  });

  afterAll(() => vendor.close());

  function start(options: Pick<VaultKeyModuleOptions, 'budgets' | 'lease'>): Promise<ToolsApp> {
    return startToolsApp('Express', {
      ...broker.options,
      ...options,
      identify: (context) => {
        const { headers } = context
          .switchToHttp()
          .getRequest<{ headers: Record<string, string | undefined> }>();
        return { tenantId: headers['x-tenant'] };
      },
    });
  }

  async function send(
    tools: ToolsApp,
    path: string,
    as: { user: string; run?: string; tenant?: string },
    body: object = {},
  ): Promise<Answer> {
    const response = await fetch(`${tools.url}/tools/${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-user': as.user,
        ...(as.run === undefined ? {} : { 'x-agent-run-id': as.run }),
        ...(as.tenant === undefined ? {} : { 'x-tenant': as.tenant }),
      },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  function newUser(): string {
    return `user-${randomUUID().slice(0, 8)}`;
  }

  /** How often the vendor was asked to charge for a user. */
  function chargesOf(user: string): number {
    return vendor
      .calls('POST /v1/payment_intents')
      .filter(({ params }) => (params['metadata'] as { user?: string })?.user === user).length;
  }

  describe('budgets', () => {
    let tools: ToolsApp;

    beforeAll(async () => {
      broker = await operated[brokerName]!(vendor);
      tools = await start({ budgets: BUDGETS });
    });

    afterAll(async () => {
      await tools.app.close();
      await broker.close();
    });

    it("a loop over requests, each under a key of its own, ends at the user's cap, and at nobody else's", async () => {
      const user = newUser();
      for (let i = 0; i < 3; i++) {
        expect(await send(tools, 'charge', { user }, { amount: 1_000 })).toMatchObject({
          status: 201,
        });
      }
      const stopped = await send(tools, 'charge', { user }, { amount: 1_000 });

      expect(stopped).toMatchObject({
        status: 402,
        body: {
          error: 'spend_cap_exceeded',
          retryable: false,
          scope: 'user',
          cap: 37,
          spent: 30,
          remaining: 7,
          requested: 10,
        },
      });
      const resetsAt = new Date(String(stopped.body['resetsAt']));
      expect(resetsAt.getTime()).toBeGreaterThan(Date.now());
      expect(resetsAt.toISOString()).toMatch(/T00:00:00\.000Z$/);
      expect(chargesOf(user)).toBe(3);
      const other = await send(tools, 'charge', { user: newUser() }, { amount: 1_000 });
      expect(other.status).toBe(201);
    });

    it('an agent run has its own, within its user’s', async () => {
      const user = newUser();
      const charge = (run: string) => send(tools, 'charge', { user, run }, { amount: 1_000 });
      expect([(await charge('r1')).status, (await charge('r1')).status]).toEqual([201, 201]);
      expect(await charge('r1')).toMatchObject({
        status: 402,
        body: { scope: 'run', cap: 20, spent: 20, remaining: 0 },
      });
      expect((await charge('r2')).status).toBe(201);
      expect(await charge('r2')).toMatchObject({
        status: 402,
        body: { scope: 'user', cap: 37, spent: 30 },
      });
      const other = await send(tools, 'charge', { user: newUser(), run: 'r1' }, { amount: 1_000 });
      expect(other.status).toBe(201);
    });

    it("a user counts within its tenant: another tenant's user of that id spends its own", async () => {
      const user = newUser();
      for (const tenant of ['t1', 't2']) {
        const answers = [
          await send(tools, 'charge', { user, tenant }, { amount: 2_000 }),
          await send(tools, 'charge', { user, tenant }, { amount: 2_000 }),
        ];
        expect(answers.map(({ status }) => status)).toEqual([201, 402]);
      }
    });

    it("of the operator's cap and the application's the tighter decides", async () => {
      const [tight, loose] = [newUser(), newUser()];
      await broker.setBudget(tools.app, tight, 15);
      await broker.setBudget(tools.app, loose, 500);
      for (const [user, cap] of [
        [tight, 15],
        [loose, 37],
      ] as const) {
        let last: Answer;
        let charged = -1;
        do {
          last = await send(tools, 'charge', { user }, { amount: 1_000 });
          charged++;
        } while (last.status === 201);
        expect(charged).toBe(Math.floor(cap / 10));
        expect(last).toMatchObject({ status: 402, body: { scope: 'user', cap } });
      }
    });

    it('100 requests at once of one user whose budget fits 37 charges settle exactly 37', async () => {
      const user = newUser();
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => send(tools, 'charge', { user }, { amount: 100 })),
      );

      const refused = answers.filter(({ status }) => status === 402);
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(37);
      expect(refused).toHaveLength(63);
      expect(new Set(refused.map(({ body }) => body['scope']))).toEqual(new Set(['user']));
      expect(chargesOf(user)).toBe(37);
      const keys = await broker.keys(tools.app);
      const own = keys.filter(({ subject }) => subject.user_id === user);
      expect(own).toHaveLength(100);
      expect(own.reduce((sum, { spent_usd }) => sum + spent_usd, 0)).toBe(37);
      expect(own.reduce((sum, { held_usd }) => sum + held_usd, 0)).toBe(0);
    });

    it('remaining() tells the tightest cap, and every one over the invocation', async () => {
      const user = newUser();
      await send(tools, 'charge', { user, run: 'r1' }, { amount: 1_200 });
      const first = await send(tools, 'remaining', { user, run: 'r1' }, { amount: 300 });
      expect(first).toMatchObject({
        status: 201,
        body: { scope: 'run', cap: 20, spent: 15, held: 0, remaining: 5 },
      });
      expect(first.body['caps']).toEqual([
        { scope: 'key', cap: 100, spent: 3, held: 0, remaining: 97 },
        expect.objectContaining({ scope: 'user', cap: 37, spent: 15, held: 0, remaining: 22 }),
        expect.objectContaining({ scope: 'run', cap: 20, spent: 15, held: 0, remaining: 5 }),
      ]);
      expect(first.body['resetsAt']).toMatch(/T00:00:00\.000Z$/);

      await send(tools, 'charge', { user, run: 'r2' }, { amount: 1_900 });
      const second = await send(tools, 'remaining', { user, run: 'r3' }, { amount: 100 });
      expect(second.body).toMatchObject({ scope: 'user', spent: 35, remaining: 2 });
    });
  });

  describe('brakes', () => {
    let tools: ToolsApp;
    let brakes: BrakeService;

    beforeAll(async () => {
      broker = await operated[brokerName]!(vendor);
      tools = await start({});
      brakes = tools.app.get(BrakeService);
    });

    afterEach(async () => {
      for (const { id } of await brakes.list()) await brakes.lift(id);
    });

    afterAll(async () => {
      await tools.app.close();
      await broker.close();
    });

    it('an agent run that is stopped gets no new key, and is served again once the brake is lifted', async () => {
      const user = newUser();
      const { id, hit } = await brakes.stop({ run: 'looping' }, 'refunds in a loop');

      expect(hit).toBe(0);
      expect(await send(tools, 'charge', { user, run: 'looping' })).toMatchObject({
        status: 403,
        body: {
          error: 'agent_braked',
          retryable: false,
          scope: 'run',
          reason: 'refunds in a loop',
        },
      });
      expect(tools.app.get(ToolsController).ran.has('looping')).toBe(false);
      expect((await send(tools, 'charge', { user })).status).toBe(201);

      await brakes.lift(id);
      expect((await send(tools, 'charge', { user, run: 'looping' })).status).toBe(201);
    });

    it.each<[string, (who: { user: string; run: string; key: string }) => BrakeTarget]>([
      ['its user', ({ user }) => ({ user })],
      ['its user in its tenant', ({ user }) => ({ user, tenant: 't1' })],
      ['its agent run', ({ run }) => ({ run })],
      ['its tenant', () => ({ tenant: 't1' })],
      ['its tool', () => ({ tool: 'ToolsController.charge' })],
      ['its vendor', () => ({ vendor: 'stripe' })],
      ['its key', ({ key }) => ({ key })],
      ['all', () => 'all'],
    ])('a key at work is stopped during its invocation by a brake on %s', async (_whom, target) => {
      const gate = randomUUID();
      const user = newUser();
      const run = `run-${user}`;
      const sent = send(tools, 'charge', { user, run, tenant: 't1' }, { gate });
      await tools.app.get(Gates).gate(gate).reached;
      const live = (await broker.keys(tools.app)).filter(({ status }) => status === 'active');
      const key = live.find(({ subject }) => subject.user_id === user)!.id;

      const { id, hit } = await brakes.stop(target({ user, run, key }), 'incident 42');
      tools.app.get(Gates).gate(gate).open();

      expect(hit).toBeGreaterThanOrEqual(1);
      expect(await sent).toMatchObject({
        status: 403,
        body: { error: 'agent_braked', reason: 'incident 42' },
      });
      expect(chargesOf(user)).toBe(0);
      expect(await brakes.list()).toMatchObject([{ id, reason: 'incident 42' }]);
    });

    it("a brake within a tenant leaves the other tenants' users alone", async () => {
      const user = newUser();
      await brakes.stop({ user, tenant: 't1' }, 'account review');
      expect((await send(tools, 'charge', { user, tenant: 't1' })).status).toBe(403);
      expect((await send(tools, 'charge', { user, tenant: 't2' })).status).toBe(201);
    });

    it('a user id that the broker takes only as its hash is stopped all the same', async () => {
      const user = `${newUser()}-${'x'.repeat(200)}`;
      await brakes.stop({ user }, 'account review');
      expect(await send(tools, 'charge', { user })).toMatchObject({
        status: 403,
        body: { error: 'agent_braked', scope: 'user' },
      });
    });

    it('a brake with an end says when it ends', async () => {
      const before = Date.now();
      const { expiresAt } = await brakes.stop('all', 'maintenance', { expiresIn: '1h' });
      // The broker's clock is the monotonic one, and runs a little beside the machine's.
      expect(expiresAt?.getTime()).toBeGreaterThan(before + 3_600_000 - 5_000);
      expect(await brakes.list()).toMatchObject([{ scope: 'all', expiresAt }]);
    });

    it('what is no brake is refused by name', async () => {
      await expect(brakes.stop({ user: 'u1' }, '')).rejects.toMatchObject({
        name: 'CallRefusedException',
        code: 'invalid_request',
        message: expect.stringContaining('reason'),
      });
      await expect(brakes.stop({ vendor: 'acme' }, 'why')).rejects.toMatchObject({
        message: expect.stringContaining('configured vendors: stripe'),
      });
      for (const id of ['brk_none', '../keys', '']) {
        await expect(brakes.lift(id)).rejects.toMatchObject({
          name: 'CallRefusedException',
          code: 'not_found',
          status: 404,
        });
      }
    });
  });

  describe('a lease', () => {
    let tools: ToolsApp;

    beforeAll(async () => {
      broker = await operated[brokerName]!(vendor);
    });

    afterAll(() => broker.close());

    async function keyOf(user: string, app?: INestApplication): Promise<KeyView | undefined> {
      return (await broker.keys(app)).find(({ subject }) => subject.user_id === user);
    }

    it('lapses when it is renewed no more, and its keys stop working; the next key is under a new one', async () => {
      tools = await start({ lease: { ttlSeconds: 2 } });
      try {
        const client = tools.app.get(BrokerClient, { strict: false });
        client.renewLease = () => new Promise(() => {});
        const gate = randomUUID();
        const user = newUser();
        const sent = send(tools, 'charge', { user }, { gate });
        await tools.app.get(Gates).gate(gate).reached;
        expect(await keyOf(user, tools.app)).toMatchObject({ status: 'active' });
        await until(
          async () => (await keyOf(user, tools.app))?.status === 'expired',
          () => 'the key still works',
        );
        tools.app.get(Gates).gate(gate).open();

        expect(await sent).toMatchObject({
          status: 503,
          body: { error: 'vault_key_invalid', retryable: false },
        });
        expect(chargesOf(user)).toBe(0);
        const next = newUser();
        expect((await send(tools, 'charge', { user: next })).status).toBe(201);
        const leases = [await keyOf(user, tools.app), await keyOf(next, tools.app)].map(
          (key) => key?.lease_id,
        );
        expect(leases).toEqual([
          expect.stringMatching(/^lease_/),
          expect.stringMatching(/^lease_/),
        ]);
        expect(new Set(leases).size).toBe(2);
      } finally {
        await tools.app.close();
      }
    });

    it('is kept up for as long as the application lives', async () => {
      tools = await start({ lease: { ttlSeconds: 2 } });
      try {
        const client = tools.app.get(BrokerClient, { strict: false });
        const renew = client.renewLease.bind(client);
        let renewals = 0;
        client.renewLease = async (id) => {
          const lives = await renew(id);
          renewals++;
          return lives;
        };
        const gate = randomUUID();
        const user = newUser();
        const sent = send(tools, 'charge', { user }, { gate });
        await until(
          () => renewals >= 4,
          () => `${renewals} renewals`,
        );
        tools.app.get(Gates).gate(gate).open();
        expect((await sent).status).toBe(201);
      } finally {
        await tools.app.close();
      }
    });

    it('ends with the application, and every key that is left with it: one issued by hand, and one whose answer was lost', async () => {
      tools = await start({ lease: true });
      const [byHand, lost] = [newUser(), newUser()];
      const policy = { dailyUsdCap: 5, allowedEndpoints: ['/v1/refunds'] };
      await tools.app.get(VaultKeyService).issue(policy, { userId: byHand });
      const client = tools.app.get(BrokerClient, { strict: false });
      const issue = client.issue.bind(client);
      client.issue = async (request) => {
        await issue(request);
        const error = new VaultKeyUnavailableException({ message: 'Lost.', keyMayExist: true });
        return { issued: false, error };
      };
      expect((await send(tools, 'charge', { user: lost })).status).toBe(503);
      for (const user of [byHand, lost]) {
        expect(await keyOf(user, tools.app)).toMatchObject({ status: 'active' });
      }

      await tools.app.close();

      expect(await keyOf(byHand)).toMatchObject({ status: 'revoked' });
      // Nobody has the id of the other one, so that only its lease ends it.
      expect(await keyOf(lost)).toMatchObject({ status: 'expired' });
    });
  });
});

describe("with a server of Keybrake's own contract alone", () => {
  it('brakes and remaining() say which broker has them', async () => {
    const vendor = await createStripeVendor();
    const broker = await brokers["a server of Keybrake's own contract alone"]!(vendor);
    const tools = await startToolsApp('Express', broker.options);
    try {
      const brakes = tools.app.get(BrakeService);
      const refusal = {
        name: 'CallRefusedException',
        code: 'dialect_not_supported',
        message: expect.stringMatching(/"keybrake" dialect.*`embedded`.*vault-key-broker/),
      };
      await expect(brakes.stop('all', 'why')).rejects.toMatchObject(refusal);
      await expect(brakes.lift('brk_1')).rejects.toMatchObject(refusal);
      await expect(brakes.list()).rejects.toMatchObject(refusal);
      const answer = await fetch(`${tools.url}/tools/remaining`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      });
      expect(answer.status).toBe(501);
      expect(await answer.json()).toMatchObject({ error: 'dialect_not_supported' });
    } finally {
      await tools.app.close();
      await broker.close();
      await vendor.close();
    }
  });

  it.each([{ budgets: BUDGETS }, { lease: true }])(
    'with %j the application does not start',
    async (option) => {
      const broker = { url: 'http://127.0.0.1:9', token: 'token', dialect: 'keybrake' as const };
      const imports = [VaultKeyModule.forRoot({ broker, ...option })];
      await expect(Test.createTestingModule({ imports }).compile()).rejects.toThrow(
        `${Object.keys(option)[0]} is not enforced by a broker of the "keybrake" dialect`,
      );
    },
  );
});
