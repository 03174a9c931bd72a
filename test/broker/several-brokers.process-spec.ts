import { Injectable } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type Stripe from 'stripe';
import {
  BrakeService,
  CurrentVaultKey,
  ProxiedStripeService,
  RevocationQueue,
  VaultKeyModule,
  VaultKeyService,
} from '../../lib/index';
import { InjectStripe } from '../../lib/stripe/index';
import type { StripeVendor } from '../../lib/testing/index';
import { BrokerProcess, MANAGEMENT_TOKEN } from '../support/broker-process';
import type { PostgresServer } from '../support/postgres-server';
import { TcpBalancer } from '../support/tcp-balancer';
import { until } from '../support/until';
import { withVendorAndPostgres } from '../support/vendor-and-postgres';

const AUDIT_KEY = 'an audit key of more than forty characters';
const PAYMENT = { amount: 1_000, paymentMethod: 'pm_card_visa', confirm: true };

let vendor: StripeVendor;
let server: PostgresServer;
withVendorAndPostgres((made) => ({ vendor, server } = made));

let brokers: [BrokerProcess, BrokerProcess];
let store: string;
const start = (env: Record<string, string> = {}) =>
  BrokerProcess.start({ vendor, store, env: { VAULT_KEY_AUDIT_KEY: AUDIT_KEY, ...env } });
beforeEach(async () => {
  vendor.reset();
  store = await server.database();
  brokers = [await start(), await start()];
});
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await Promise.all(brokers.map((broker) => broker.kill('SIGKILL')));
});

@Injectable()
class Sdk {
  constructor(@InjectStripe() readonly client: Stripe) {}
}

/** An application whose brokers are at some URLs. */
async function application(url: string | readonly string[], lease = false) {
  const module = await Test.createTestingModule({
    imports: [
      VaultKeyModule.forRoot({
        broker: { url, token: MANAGEMENT_TOKEN },
        budgets: { user: 100_000 },
        ...(lease ? { lease: { ttlSeconds: 3 } } : {}),
      }),
    ],
    providers: [Sdk],
  }).compile();
  const app: INestApplication = module.createNestApplication();
  app.useLogger(false);
  await app.init();
  closers.push(() => app.close());
  const [keys, stripe, queue] = [
    app.get(VaultKeyService),
    app.get(ProxiedStripeService),
    app.get(RevocationQueue),
  ];
  const policy = { dailyUsdCap: 50, allowedEndpoints: ['/v1/payment_intents'] };
  const invoke = <T>(work: () => Promise<T>) => keys.run(policy, work, { userId: 'u1' });
  return {
    app,
    queue,
    invoke,
    stripe,
    sdk: app.get(Sdk).client,
    keyId: () => app.get(CurrentVaultKey).get().id,
    pay: () => invoke(() => stripe.createPaymentIntent(PAYMENT)),
  };
}

const urls = () => brokers.map(({ url }) => url);
const statusOf = async (broker: BrokerProcess, id: string) =>
  (await broker.api('GET', `/v1/keys/${id}`)).body.status as string;
const active = async (broker: BrokerProcess) =>
  (await broker.api('GET', '/v1/keys?status=active')).body.keys as { id: string }[];
const charged = () => vendor.book.total('usd');

describe('an application with two brokers on one PostgreSQL', () => {
  it('goes on without an error where one is killed between invocations, and again after the other', async () => {
    const { pay, queue } = await application(urls());
    for (let i = 0; i < 3; i++) await pay();
    await brokers[0].kill('SIGKILL');
    for (let i = 0; i < 3; i++) await pay();
    brokers[0] = await brokers[0].restart();
    await queue.drain();
    expect(charged()).toBe(6_000);
    expect(await active(brokers[1])).toEqual([]);
  });

  it('has its keys revoked where the broker that issued them is killed before', async () => {
    const { invoke, queue, keyId } = await application(urls());
    const id = await invoke(async () => {
      await brokers[0].kill('SIGKILL');
      return keyId();
    });
    await queue.drain();
    expect(queue.backlog).toBe(0);
    expect(await statusOf(brokers[1], id)).toBe('revoked');
  });

  it('may use a key at the other broker, and a revocation there is effective at once', async () => {
    const { invoke, stripe, keyId } = await application(urls());
    await invoke(async () => {
      await stripe.createPaymentIntent(PAYMENT);
      const id = keyId();
      expect((await brokers[1].api('DELETE', `/v1/keys/${id}`)).status).toBe(200);
      await expect(stripe.createPaymentIntent(PAYMENT)).rejects.toMatchObject({
        code: 'vault_key_invalid',
      });
    });
    await invoke(async () => {
      const [first] = await active(brokers[1]);
      await brokers[0].kill('SIGKILL');
      await stripe.createPaymentIntent(PAYMENT);
      expect(await statusOf(brokers[1], first?.id ?? '')).toBe('active');
    });
    expect(charged()).toBe(2_000);
  });

  it('is given one live key where a broker is killed while it issues, however often', async () => {
    for (let i = 0; i < 6; i++) {
      const { invoke, queue, keyId, app } = await application(urls());
      const work = invoke(async () => {
        const live = await active(brokers[1]);
        expect(live.map(({ id }) => id)).toEqual([keyId()]);
      });
      // Somewhere between the request's leaving and its answer.
      for (let turn = 0; turn < 2 * i; turn++)
        await new Promise((resolve) => setImmediate(resolve));
      await brokers[0].kill('SIGKILL');
      await work;
      await queue.drain();
      await app.close();
      expect(await active(brokers[1])).toEqual([]);
      brokers[0] = await brokers[0].restart();
    }
  });

  it.each(['service', 'client'] as const)(
    'does not know what became of a call (%s) that was under way at the broker that is killed, and sends it to no other',
    async (by) => {
      const { invoke, stripe, sdk } = await application(urls());
      const params = { amount: 1_000, currency: 'usd', payment_method: 'pm_card_visa' };
      const pay = (): Promise<unknown> =>
        by === 'service'
          ? stripe.createPaymentIntent(PAYMENT, { idempotencyKey: 'order-1' })
          : sdk.paymentIntents.create(
              {
                ...params,
                confirm: true,
                automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
              },
              { idempotencyKey: 'order-1', maxNetworkRetries: 0 },
            );
      const held = vendor.hold('POST /v1/payment_intents');
      const paying = invoke(pay).catch((error: unknown) => error);
      await held.arrived;
      await brokers[0].kill('SIGKILL');
      held.release();
      expect(await paying).toMatchObject({ code: 'vendor_outcome_unknown' });
      expect(vendor.book.entries).toHaveLength(1);
      expect((await brokers[1].api('GET', '/v1/budgets')).body.budgets).toEqual([
        expect.objectContaining({ scope: 'user', held_usd: 10 }),
      ]);
      // What its caller sends again with the same key is the same operation.
      await invoke(pay);
      expect(charged()).toBe(1_000);
    },
  );

  it('keeps its lease where the broker that began it is killed', async () => {
    const { invoke, stripe, keyId } = await application(urls(), true);
    await invoke(async () => {
      const id = keyId();
      await brokers[0].kill('SIGKILL');
      const end = Date.now() + 4_000;
      await until(
        () => Date.now() > end,
        () => 'the time stands still',
      );
      expect(await statusOf(brokers[1], id)).toBe('active');
      await stripe.createPaymentIntent(PAYMENT);
    });
  });

  it('is stopped by a brake that it puts while one of them is gone', async () => {
    const { app, pay } = await application(urls());
    await brokers[0].kill('SIGKILL');
    const { id } = await app.get(BrakeService).stop({ user: 'u1' }, 'a test');
    await expect(pay()).rejects.toMatchObject({ code: 'agent_braked' });
    await app.get(BrakeService).lift(id);
    await pay();
  });
});

describe('an application behind a balancer of two brokers', () => {
  it('goes on once the balancer has seen that one is killed', async () => {
    const balancer = await TcpBalancer.start(urls(), { probes: true });
    closers.push(() => balancer.close());
    const { pay, queue } = await application(balancer.url);
    await pay();
    await brokers[0].kill('SIGKILL');
    await until(
      () => balancer.ready.join() === brokers[1].url,
      () => balancer.ready.join(),
    );
    for (let i = 0; i < 4; i++) await pay();
    await queue.drain();
    expect(charged()).toBe(5_000);
    expect(await active(brokers[1])).toEqual([]);
  });

  it('notices nothing of one that is told to stop', async () => {
    const first = await start({ VAULT_KEY_DRAIN: '1s' });
    const balancer = await TcpBalancer.start([first.url, brokers[1].url], { probes: true });
    closers.push(() => balancer.close());
    const { pay } = await application(balancer.url);
    let isOver = false;
    const paying = (async () => {
      let paid = 0;
      for (; !isOver; paid++) await pay();
      return paid;
    })();
    expect(await first.kill('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
    expect(balancer.ready).toEqual([brokers[1].url]);
    isOver = true;
    const paid = await paying;
    expect(paid).toBeGreaterThan(0);
    expect(charged()).toBe(1_000 * paid);
  });
});

describe('a request for a key that is repeated at another broker', () => {
  const request = {
    label: 'nest-u1-r1',
    vendor: 'stripe',
    daily_usd_cap: 100,
    allowed_endpoints: ['/v1/payment_intents'],
    subject: { user_id: 'u1' },
    request_id: '0123456789abcdef-1',
  };
  const issue = (broker: BrokerProcess, fields = {}) =>
    broker.api('POST', '/v1/keys', { ...request, ...fields });

  it('leaves one live key, and is refused with other terms', async () => {
    const [one, other] = brokers;
    const first = await issue(one);
    expect([first.status, first.body.request_id]).toEqual([201, request.request_id]);
    const second = await issue(other);
    expect(second.status).toBe(201);
    expect((await active(one)).map(({ id }) => id)).toEqual([second.body.id]);
    expect(await statusOf(other, first.body.id as string)).toBe('revoked');
    const changed = await issue(one, { daily_usd_cap: 101 });
    expect([changed.status, changed.body.fields]).toEqual([
      422,
      [expect.objectContaining({ field: 'request_id' })],
    ]);
    expect((await one.api('GET', '/v1/audit/verify')).body.ok).toBe(true);
  });

  it('leaves one live key where both brokers have it at once, and disturbs no other issue', async () => {
    const [one, other] = brokers;
    for (let i = 0; i < 10; i++) {
      const fields = { request_id: `0123456789abcdef-at-once-${i}` };
      const beside = Array.from({ length: 5 }, () => one.issue());
      const both = await Promise.all([issue(one, fields), issue(other, fields)]);
      const keys = await Promise.all(beside);
      expect(both.filter(({ status }) => status === 201).length).toBeGreaterThan(0);
      for (const { status } of both) expect([201, 503]).toContain(status);
      const mine = new Set(keys.map(({ id }) => id));
      expect((await active(other)).filter(({ id }) => !mine.has(id))).toHaveLength(1);
      const ids = [...mine, ...(await active(one)).map(({ id }) => id)];
      expect((await one.api('POST', '/v1/keys/revoke', { ids })).status).toBe(200);
    }
  });
});
