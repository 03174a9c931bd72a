import { Injectable, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { BrokerClient } from './broker-client/broker-client';
import { EmbeddedBrokerClient } from './broker-client/embedded-broker.client';
import { BrokerOperator } from './broker-operator/broker-operator';
import { VaultKeyBrokerClient } from './broker-client/vault-key-broker.client';
import { ProxiedStripeService } from './stripe/proxied-stripe.service';
import { VaultKeyModule } from './vault-key.module';
import type { VaultKeyModuleOptions } from './vault-key.options';
import { CurrentVaultKey } from './vault-key/current-vault-key';
import { RevocationQueue } from './vault-key/revocation-queue';
import { VaultKeyService } from './vault-key/vault-key.service';
import { brokerOf } from '../test/support/broker-of';

const SERVER = { url: 'http://127.0.0.1:9', token: 'management-token' };
const embedded = () => ({
  vendors: { stripe: { secretKey: 'sk_test_1' } },
  store: 'sqlite::memory:',
});

@Injectable()
class OptionsFactory {
  createVaultKeyOptions(): VaultKeyModuleOptions {
    return { broker: SERVER };
  }
}

@Module({ providers: [OptionsFactory], exports: [OptionsFactory] })
class OptionsModule {}

describe('VaultKeyModule', () => {
  let module: TestingModule | undefined;

  async function start(...imports: DynamicModule[]): Promise<TestingModule> {
    module = await Test.createTestingModule({ imports }).compile();
    return module.init();
  }

  afterEach(async () => {
    await module?.close();
    module = undefined;
  });

  it.each([
    ['forRoot', VaultKeyModule.forRoot({ broker: SERVER })],
    ['useFactory', VaultKeyModule.forRootAsync({ useFactory: async () => ({ broker: SERVER }) })],
    [
      'useFactory with inject and imports',
      VaultKeyModule.forRootAsync({
        imports: [OptionsModule],
        inject: [OptionsFactory],
        useFactory: (factory: OptionsFactory) => factory.createVaultKeyOptions(),
      }),
    ],
    ['useClass', VaultKeyModule.forRootAsync({ useClass: OptionsFactory })],
    [
      'useExisting',
      VaultKeyModule.forRootAsync({ imports: [OptionsModule], useExisting: OptionsFactory }),
    ],
  ])('is configured by %s, and every module can inject its services', async (_how, root) => {
    @Injectable()
    class Feature {
      constructor(
        readonly vaultKeys: VaultKeyService,
        readonly current: CurrentVaultKey,
        readonly stripe: ProxiedStripeService,
      ) {}
    }
    @Module({ providers: [Feature] })
    class FeatureModule {}

    const app = await start(root, { module: FeatureModule });
    const feature = app.get(Feature, { strict: false });
    expect(feature.vaultKeys).toBeInstanceOf(VaultKeyService);
    expect(feature.current).toBeInstanceOf(CurrentVaultKey);
    expect(feature.stripe).toBeInstanceOf(ProxiedStripeService);
    expect(app.get(BrokerClient, { strict: false })).toBeInstanceOf(VaultKeyBrokerClient);
  });

  it('with isGlobal: false only who imports it can inject its services', async () => {
    @Injectable()
    class Feature {
      constructor(readonly current: CurrentVaultKey) {}
    }
    const root = VaultKeyModule.forRoot({ broker: SERVER, isGlobal: false });
    @Module({ providers: [Feature] })
    class Without {}
    @Module({ imports: [root], providers: [Feature] })
    class With {}

    await expect(start(root, { module: Without })).rejects.toThrow(/CurrentVaultKey/);
    const app = await start(root, { module: With });
    expect(app.get(Feature, { strict: false }).current).toBeInstanceOf(CurrentVaultKey);
  });

  it('imported twice with equal options, there is still one broker and one queue', async () => {
    const app = await start(
      VaultKeyModule.forRoot({ embedded: embedded() }),
      VaultKeyModule.forRootAsync({ useFactory: () => ({ embedded: embedded() }) }),
    );
    for (const token of [BrokerClient, RevocationQueue, BrokerOperator]) {
      const all = app.get<unknown[]>(token as never, { strict: false, each: true });
      expect(all).toHaveLength(2);
      expect(new Set(all).size).toBe(1);
    }
  });

  it('imported twice with different options, the application does not start', async () => {
    await expect(
      start(
        VaultKeyModule.forRoot({ broker: SERVER }),
        VaultKeyModule.forRoot({ broker: { ...SERVER, token: 'another-token' } }),
      ),
    ).rejects.toThrow(/^nestjs-vault-key cannot start: .*imported twice with different options/s);
  });

  it('each application has a broker of its own', async () => {
    const root = VaultKeyModule.forRoot({ embedded: embedded() });
    const first = await start(root);
    const second = await Test.createTestingModule({ imports: [root] }).compile();
    const clientOf = (app: TestingModule) => app.get(BrokerClient, { strict: false });
    expect(clientOf(first)).not.toBe(clientOf(second));
    await second.close();
  });

  it('options that are invalid keep the application from starting', async () => {
    await expect(start(VaultKeyModule.forRootAsync({ useFactory: () => ({}) }))).rejects.toThrow(
      /broker or embedded must be given/,
    );
  });

  it('the embedded broker is injectable, and closed with the application', async () => {
    const app = await start(VaultKeyModule.forRoot({ embedded: embedded() }));
    expect(app.get(BrokerClient, { strict: false })).toBeInstanceOf(EmbeddedBrokerClient);
    const operator = app.get(BrokerOperator, { strict: false });
    expect(await operator.keys()).toEqual({ keys: [] });
    await app.close();
    module = undefined;
    await expect(operator.keys()).rejects.toThrow();
  });

  it('where the broker is a server, BrokerOperator says so', async () => {
    const app = await start(VaultKeyModule.forRoot({ broker: SERVER }));
    const operator = app.get(BrokerOperator, { strict: false });
    expect(() => operator.keys()).toThrow(
      /only where VaultKeyModule is configured with `embedded`/,
    );
  });

  it('a key issued in the embedded broker is there until its invocation is over', async () => {
    const app = await start(VaultKeyModule.forRoot({ embedded: embedded() }));
    const broker = brokerOf(app);
    const policy = { dailyUsdCap: 5, allowedEndpoints: ['/v1/refunds'] };
    await app.get(VaultKeyService, { strict: false }).run(
      policy,
      async ({ id }) => {
        expect(await broker.key(id)).toMatchObject({ status: 'active', label: 'nest-u1-r1' });
      },
      { userId: 'u1', runId: 'r1' },
    );
    await app.get(RevocationQueue, { strict: false }).drain();
    expect(await broker.keys({})).toMatchObject({ keys: [{ status: 'revoked' }] });
  });
});
