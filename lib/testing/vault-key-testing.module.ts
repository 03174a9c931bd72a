import { Inject, Module } from '@nestjs/common';
import type { DynamicModule, OnApplicationShutdown } from '@nestjs/common';
import { VaultKeyModule } from '../vault-key.module';
import type { VaultKeyModuleOptions } from '../vault-key.options';
import { StripeVendor, createStripeVendor } from './stripe-vendor';

/** What a spec may set of the module; the broker and the vendor are given. */
export type VaultKeyTestingOptions = Pick<VaultKeyModuleOptions, 'identify' | 'budgets' | 'lease'>;

/**
 * Options of `VaultKeyModule` for a broker in memory in front of an offline Stripe: in place of an
 * application's own, where its module imports `VaultKeyModule` itself.
 *
 * @example
 * ```ts
 * const vendor = await createStripeVendor();
 * const module = await Test.createTestingModule({ imports: [AppModule] })
 *   .overrideProvider(VAULT_KEY_MODULE_OPTIONS)
 *   .useValue(vaultKeyTestingOptions(vendor))
 *   .compile();
 * ```
 */
export function vaultKeyTestingOptions(
  { secretKey, url }: StripeVendor,
  options: VaultKeyTestingOptions = {},
): VaultKeyModuleOptions {
  return {
    embedded: { vendors: { stripe: { secretKey, baseUrl: url } }, store: 'sqlite::memory:' },
    ...options,
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
 * Inject `StripeVendor` to see what was charged and to script faults, `EmbeddedBroker` to see keys
 * and their spend.
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
 *     expect(app.get(StripeVendor).calls('POST /v1/payment_intents')).toHaveLength(1);
 *     const { keys } = await app.get(EmbeddedBroker).keys();
 *     expect(keys).toMatchObject([{ spent_usd: 12 }]);
 *   });
 * });
 * ```
 *
 * Where the application's own module imports `VaultKeyModule`, see {@link vaultKeyTestingOptions}.
 */
@Module({})
export class VaultKeyTestingModule {
  /** A broker of its own and a vendor of its own, for one application under test. */
  static forRoot(options: VaultKeyTestingOptions = {}): DynamicModule {
    return {
      module: VaultKeyTestingModule,
      global: true,
      imports: [
        OfflineStripeModule,
        VaultKeyModule.forRootAsync({
          imports: [OfflineStripeModule],
          inject: [StripeVendor],
          useFactory: (vendor: StripeVendor) => vaultKeyTestingOptions(vendor, options),
        }),
      ],
      exports: [OfflineStripeModule],
    };
  }
}
