import { Global, Inject, Module } from '@nestjs/common';
import type { DynamicModule, OnApplicationShutdown } from '@nestjs/common';
import { VaultKeyModule } from '../vault-key.module';
import type { VendorOptions } from '../broker/accounts/account';
import type { SecretOptions } from '../broker/accounts/secrets';
import type { VaultKeyModuleOptions } from '../vault-key.options';
import { StripeVendor, createStripeVendor } from './stripe-vendor';
import { TestingBroker } from './testing-broker';

const DEFAULT_VENDOR_TIMEOUT = '2s';

/** What a spec may set of the module; the broker and the vendor are given. */
export interface VaultKeyTestingOptions extends Pick<
  VaultKeyModuleOptions,
  'identify' | 'account' | 'budgets' | 'budgetsMode' | 'lease' | 'shutdownGrace' | 'eventEmitter'
> {
  /**
   * How long the broker waits for the vendor to begin its answer: digits and `ms` or `s`. Short, so
   * that a spec sees a time-out in a moment; an application's own default is 80 s.
   *
   * @default '2s'
   */
  vendorTimeout?: string | undefined;
  /** What the application's own `embedded.vendors.stripe` says beside the secret: rates, prices, … */
  stripe?: Omit<VendorOptions, 'kind' | 'baseUrl' | keyof SecretOptions> | undefined;
  /**
   * Accounts beside `stripe`, by their names, each at an offline Stripe of its own, which the spec makes
   * with `createStripeVendor({ secretKey })` and closes.
   */
  accounts?: Readonly<Record<string, StripeVendor>> | undefined;
}

/**
 * Options of `VaultKeyModule` for a broker in memory in front of an offline Stripe: in place of an
 * application's own, where its module imports `VaultKeyModule` itself. All of the application's
 * options are replaced: give what the spec relies on (`identify`, `budgets`, …) again.
 *
 * @example
 * ```ts
 * const module = await Test.createTestingModule({ imports: [AppModule, VaultKeyTestingModule] })
 *   .overrideProvider(VAULT_KEY_MODULE_OPTIONS)
 *   .useFactory({
 *     inject: [StripeVendor],
 *     factory: (vendor: StripeVendor) => vaultKeyTestingOptions(vendor, { budgets: { user: 500 } }),
 *   })
 *   .compile();
 * ```
 */
export function vaultKeyTestingOptions(
  { secretKey, url }: StripeVendor,
  options: VaultKeyTestingOptions = {},
): VaultKeyModuleOptions {
  const { vendorTimeout = DEFAULT_VENDOR_TIMEOUT, stripe, accounts = {}, ...rest } = options;
  const others = Object.entries(accounts).map(([name, account]) => [
    name,
    { kind: 'stripe', secretKey: account.secretKey, baseUrl: account.url },
  ]);
  return {
    embedded: {
      vendors: { stripe: { ...stripe, secretKey, baseUrl: url }, ...Object.fromEntries(others) },
      store: 'sqlite::memory:',
      vendorTimeout,
    },
    ...rest,
  };
}

@Module({
  providers: [{ provide: StripeVendor, useFactory: () => createStripeVendor() }],
  exports: [StripeVendor],
})
class OfflineStripeModule implements OnApplicationShutdown {
  constructor(@Inject(StripeVendor) private readonly vendor: StripeVendor) {}

  onApplicationShutdown(): Promise<void> {
    return this.vendor.close();
  }
}

/**
 * `VaultKeyModule` for specs: a real broker, in memory, in front of an offline Stripe on a free
 * port of this machine. No account, no file, nothing left behind once the application is closed.
 * Inject `StripeVendor` to see what was charged and to script what goes wrong, `TestingBroker` for
 * a cap that is reached or a broker that is down, `BrokerOperator` to see keys and their spend.
 *
 * `forRoot()` brings `VaultKeyModule` with it. Where the application's own module imports that,
 * import this one without `forRoot` and see {@link vaultKeyTestingOptions}.
 *
 * @example
 * ```ts
 * describe('the charge tool', () => {
 *   let app: INestApplication;
 *
 *   beforeEach(async () => {
 *     const module = await Test.createTestingModule({
 *       imports: [VaultKeyTestingModule.forRoot()],
 *       controllers: [AgentToolsController],
 *     }).compile();
 *     app = await module.createNestApplication().init();
 *   });
 *   afterEach(() => app.close());
 *
 *   it('charges the customer once', async () => {
 *     await request(app.getHttpServer()).post('/agent-tools/charge').send({ amount: 1200 }).expect(201);
 *     expect(app.get(StripeVendor)).toHaveCharged({ amount: 1200, currency: 'usd', times: 1 });
 *   });
 * });
 * ```
 */
@Global()
@Module({
  imports: [OfflineStripeModule],
  providers: [TestingBroker],
  exports: [OfflineStripeModule, TestingBroker],
})
export class VaultKeyTestingModule {
  /** With `VaultKeyModule`: a broker and a vendor of its own, for one application under test. */
  static forRoot(options: VaultKeyTestingOptions = {}): DynamicModule {
    return {
      module: VaultKeyTestingModule,
      imports: [
        VaultKeyModule.forRootAsync({
          imports: [OfflineStripeModule],
          inject: [StripeVendor],
          useFactory: (vendor: StripeVendor) => vaultKeyTestingOptions(vendor, options),
        }),
      ],
    };
  }
}
