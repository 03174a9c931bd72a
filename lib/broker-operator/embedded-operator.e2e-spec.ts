import { existsSync } from 'node:fs';
import type { TestingModule } from '@nestjs/testing';
import { Test } from '@nestjs/testing';
import { temporaryFile } from '../../test/support/broker-process';
import { brokerOf } from '../../test/support/broker-of';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import { ProxiedStripeService } from '../stripe/proxied-stripe.service';
import { createStripeVendor } from '../testing/stripe-vendor';
import type { StripeVendor } from '../testing/stripe-vendor';
import { VaultKeyModule } from '../vault-key.module';
import { VaultKeyService } from '../vault-key/vault-key.service';
import { RevocationQueue } from '../vault-key/revocation-queue';
import { BrokerOperator } from './broker-operator';

const POLICY = { dailyUsdCap: 50, allowedEndpoints: ['/v1/payment_intents'] };
const PAYMENT = { amount: 1_250, confirm: true, paymentMethod: 'pm_card_visa' };

describe('BrokerOperator', () => {
  let vendor: StripeVendor;
  let app: TestingModule;
  let operator: BrokerOperator;

  beforeAll(async () => {
    vendor = await createStripeVendor();
  });
  afterAll(() => vendor.close());

  beforeEach(async () => {
    app = await Test.createTestingModule({
      imports: [
        VaultKeyModule.forRoot({
          embedded: {
            store: `sqlite:${temporaryFile()}`,
            vendors: { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } },
          },
        }),
      ],
    }).compile();
    await app.init();
    operator = app.get(BrokerOperator, { strict: false });
  });
  afterEach(() => app.close());

  const charge = (userId: string, runId = 'r1') =>
    app
      .get(VaultKeyService, { strict: false })
      .run(
        POLICY,
        () => app.get(ProxiedStripeService, { strict: false }).createPaymentIntent(PAYMENT),
        { userId, runId },
      );

  /** A charge whose outcome stays unknown, and its hold. */
  async function unknownHold(): Promise<string> {
    vendor.next('POST /v1/payment_intents', { reset: 'after' });
    await charge('u1').catch(() => {});
    const { holds } = await operator.holds({ state: 'unknown' });
    expect(holds).toHaveLength(1);
    return holds[0]?.id ?? '';
  }

  it('lists keys by subject, with money in USD and instants as Dates', async () => {
    await charge('u1');
    await charge('u2');
    await app.get(RevocationQueue, { strict: false }).drain();
    const { keys, cursor } = await operator.keys({ userId: 'u1' });
    expect(cursor).toBeUndefined();
    expect(keys).toEqual([
      {
        id: expect.stringMatching(/^vk_/),
        label: 'nest-u1-r1',
        vendor: 'stripe',
        dailyUsdCap: 50,
        allowedEndpoints: ['/v1/payment_intents'],
        subject: { userId: 'u1', runId: 'r1' },
        status: 'revoked',
        createdAt: expect.any(Date),
        expiresAt: expect.any(Date),
        revokedAt: expect.any(Date),
        spentUsd: 12.5,
        heldUsd: 0,
        remainingUsd: 37.5,
      },
    ]);
    expect(await operator.key(keys[0]?.id ?? '')).toEqual(keys[0]);
  });

  it('pages through a list', async () => {
    for (const user of ['u1', 'u2', 'u3']) await charge(user);
    const first = await operator.keys({ limit: 2 });
    const second = await operator.keys({ limit: 2, cursor: first.cursor });
    const users = [...first.keys, ...second.keys].map(({ subject }) => subject.userId);
    expect(users).toEqual(['u3', 'u2', 'u1']);
  });

  it('revokes a key of work that is under way', async () => {
    const work = app.get(VaultKeyService, { strict: false }).run(
      POLICY,
      async ({ id }) => {
        expect(await operator.revokeKeys([id, 'vk_none'])).toEqual({
          revoked: 1,
          unknown: ['vk_none'],
        });
        await app.get(ProxiedStripeService, { strict: false }).createPaymentIntent(PAYMENT);
      },
      { userId: 'u1', runId: 'r1' },
    );
    await expect(work).rejects.toMatchObject({ code: 'vault_key_invalid' });
  });

  it('sets, tells and removes a budget, which binds at once', async () => {
    const target = { scope: 'user', id: 'u1' } as const;
    expect(await operator.setBudget(target, 20)).toMatchObject({
      ...target,
      source: 'operator',
      dailyUsdCap: 20,
      liveKeys: 0,
    });
    await charge('u1');
    await expect(charge('u1')).rejects.toMatchObject({ code: 'spend_cap_exceeded', scope: 'user' });
    expect(await operator.effectiveBudgets({ userId: 'u1' })).toEqual([
      {
        ...target,
        source: 'operator',
        period: 'day',
        mode: 'enforce',
        capUsd: 20,
        spentUsd: 12.5,
        heldUsd: 0,
        remainingUsd: 7.5,
        resetsAt: expect.any(Date),
      },
    ]);
    expect((await operator.budgets()).budgets).toMatchObject([{ ...target, dailyUsdCap: 20 }]);
    expect(await operator.budget(target)).toMatchObject({ dailyUsdCap: 20 });
    await operator.removeBudget(target);
    await expect(operator.budget(target)).rejects.toMatchObject({ status: 404, code: 'not_found' });
    await charge('u1');
  });

  it('brakes a user, and lifts the brake', async () => {
    const { id } = await operator.brake({ scope: 'user', target: 'u1', reason: 'a test' });
    await expect(charge('u1')).rejects.toMatchObject({ code: 'agent_braked' });
    expect(await operator.brakes()).toMatchObject([{ id, createdAt: expect.any(Date) }]);
    await operator.lift(id);
    await charge('u1');
  });

  it('settles and releases holds with an unknown outcome', async () => {
    const settled = await operator.settleHold(await unknownHold(), 12.5);
    expect(settled).toMatchObject({
      state: 'settled',
      heldUsd: 12.5,
      settledUsd: 12.5,
      endedAt: expect.any(Date),
    });
    expect(await operator.releaseHold(await unknownHold())).toMatchObject({ state: 'released' });
  });

  it('names the person who has asked for a change, with the reason', async () => {
    const target = { scope: 'user', id: 'u1' } as const;
    const by = { operator: 'ann', reason: 'a fair' };
    await operator.setBudget(target, 20, undefined, by);
    await operator.removeBudget(target, { operator: 'ann', reason: 'over' });
    const { id } = await operator.brake({ ...target, target: 'u1', reason: 'a loop' }, by);
    await operator.lift(id);
    await operator.settleHold(await unknownHold(), 12.5, by);
    await operator.releaseHold(await unknownHold(), { reason: 'not there' });
    const { entries } = await operator.audit({ actor: 'ann' });
    expect(entries.map(({ event, reason, newValue }) => [event, reason, newValue])).toEqual([
      ['settlement', 'a fair', 'settled $12.50'],
      ['brake', 'a loop', `${id}: user u1`],
      ['budget', 'over', null],
      ['budget', 'a fair', '$20.00'],
    ]);
    const own = (await operator.audit({ actor: 'app' })).entries.filter(
      ({ oldValue }) => oldValue !== null,
    );
    expect(own).toMatchObject([
      { event: 'settlement', reason: 'not there', newValue: 'released' },
      { event: 'lift', reason: null, oldValue: `${id}: user u1` },
    ]);
  });

  it.each<[what: string, by: object, status: number, named: string]>([
    ['without a reason', { operator: 'ann' }, 422, 'reason must say why'],
    ['of a name that is taken', { operator: 'app', reason: 'r' }, 422, 'operator must not be app'],
    ['with a field it does not know', { name: 'ann', reason: 'r' }, 400, 'name is unknown here'],
    [
      'of a configured operator without the role',
      { operator: 'configured', reason: 'r' },
      403,
      'needs the role operator',
    ],
  ])('refuses to act in the name of a person %s', async (_what, by, status, named) => {
    brokerOf(app).operators.replace([
      { name: 'configured', role: 'viewer', tokenHashes: ['0'.repeat(64)] },
    ]);
    const { id } = await operator.brake({ scope: 'user', target: 'u1', reason: 'a test' });
    for (const ask of [() => operator.lift(id, by), () => operator.releaseHold('call_none', by)]) {
      const refusal = (await ask().catch((error: unknown) => error)) as CallRefusedException;
      expect([refusal.getStatus(), refusal.message]).toEqual([
        status,
        expect.stringContaining(named),
      ]);
    }
    expect(await operator.brakes()).toMatchObject([{ id, setBy: 'app' }]);
  });

  it('reads the audit log whole or by a filter, and checks it', async () => {
    // The broker's clock and this one may differ by some milliseconds.
    const before = new Date(Date.now() - 5_000);
    await charge('u1');
    await charge('u2', 'r2');
    const { entries } = await operator.audit({ runId: 'r2', event: 'call', from: before });
    expect(entries).toMatchObject([
      { verdict: 'settled', settledUsd: 12.5, subject: { userId: 'u2' }, at: expect.any(Date) },
    ]);
    const calls: string[] = [];
    for await (const entry of operator.auditEntries({ event: 'call', limit: 1 })) {
      calls.push(entry.subject.userId ?? '');
    }
    expect(calls).toEqual(['u2', 'u1']);
    const checked = await operator.verifyAudit();
    expect(checked).toMatchObject({ ok: true });
    expect(await operator.audit({ to: before })).toEqual({ entries: [] });
  });

  it('tells how busy the broker is, and copies its store', async () => {
    await charge('u1');
    expect(await operator.figures()).toMatchObject({ openHolds: { held: 0, unknown: 0 } });
    expect(await operator.store()).toMatchObject({ kind: 'sqlite' });
    const copy = temporaryFile('copy.db');
    expect((await operator.backup(copy)).bytes).toBeGreaterThan(0);
    expect(existsSync(copy)).toBe(true);
  });

  it('says what the management API says, in its own words for the fields', async () => {
    await charge('u1');
    const { keys } = await operator.keys();
    const id = keys[0]?.id ?? '';
    const told = Object.keys(await operator.key(id));
    expect(told).toHaveLength(Object.keys(await brokerOf(app).key(id)).length);
    expect(told.filter((name) => name.includes('_'))).toEqual([]);
  });

  it.each<[what: string, ask: () => Promise<unknown>, status: number, named: string]>([
    ['a limit of 0', () => operator.keys({ limit: 0 }), 400, 'limit must be a whole number'],
    ['a field it does not know', () => operator.keys({ userID: 'u1' } as object), 400, 'userID is'],
    [
      'a status that no key has',
      () => operator.keys({ status: 'live' } as object),
      400,
      'status must be one of active',
    ],
    ['a user that is no text', () => operator.keys({ userId: 7 } as object), 400, 'userId must be'],
    [
      'an invalid Date',
      () => operator.audit({ from: new Date('x') }),
      400,
      'from must be a valid Date',
    ],
    [
      'a cap below a cent',
      () => operator.setBudget({ scope: 'user', id: 'u1' }, 0.001),
      422,
      'dailyUsdCap must',
    ],
    [
      'a tenant of a tool',
      () => operator.setBudget({ scope: 'tool', id: 't', tenantId: 'x' }, 1),
      422,
      'tenantId does not go with the scope tool',
    ],
    ['an unknown key', () => operator.key('vk_none'), 404, 'key'],
    ['a hold that is not there', () => operator.settleHold('call_none', 1), 404, 'hold'],
  ])('refuses %s, and says what is wrong', async (_what, ask, status, named) => {
    const refusal = (await ask().catch((error: unknown) => error)) as CallRefusedException;
    expect(refusal).toBeInstanceOf(CallRefusedException);
    expect([refusal.getStatus(), refusal.message]).toEqual([
      status,
      expect.stringContaining(named),
    ]);
  });

  it('rejects with 503 once its application is closed', async () => {
    await app.close();
    await expect(operator.setBudget({ scope: 'user', id: 'u1' }, 1)).rejects.toMatchObject({
      code: 'vault_key_unavailable',
    });
  });
});
