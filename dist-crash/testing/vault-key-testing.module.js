"use strict";
var __decorate = (this && this.__decorate) || function (decorators, target, key, desc) {
    var c = arguments.length, r = c < 3 ? target : desc === null ? desc = Object.getOwnPropertyDescriptor(target, key) : desc, d;
    if (typeof Reflect === "object" && typeof Reflect.decorate === "function") r = Reflect.decorate(decorators, target, key, desc);
    else for (var i = decorators.length - 1; i >= 0; i--) if (d = decorators[i]) r = (c < 3 ? d(r) : c > 3 ? d(target, key, r) : d(target, key)) || r;
    return c > 3 && r && Object.defineProperty(target, key, r), r;
};
var __metadata = (this && this.__metadata) || function (k, v) {
    if (typeof Reflect === "object" && typeof Reflect.metadata === "function") return Reflect.metadata(k, v);
};
var __param = (this && this.__param) || function (paramIndex, decorator) {
    return function (target, key) { decorator(target, key, paramIndex); }
};
var VaultKeyTestingModule_1;
Object.defineProperty(exports, "__esModule", { value: true });
exports.VaultKeyTestingModule = void 0;
exports.vaultKeyTestingOptions = vaultKeyTestingOptions;
const common_1 = require("@nestjs/common");
const vault_key_module_1 = require("../vault-key.module");
const stripe_vendor_1 = require("./stripe-vendor");
const testing_broker_1 = require("./testing-broker");
const DEFAULT_VENDOR_TIMEOUT = '2s';
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
function vaultKeyTestingOptions({ secretKey, url }, options = {}) {
    const { vendorTimeout = DEFAULT_VENDOR_TIMEOUT, stripe, ...rest } = options;
    return {
        embedded: {
            vendors: { stripe: { ...stripe, secretKey, baseUrl: url } },
            store: 'sqlite::memory:',
            vendorTimeout,
        },
        ...rest,
    };
}
let OfflineStripeModule = class OfflineStripeModule {
    vendor;
    constructor(vendor) {
        this.vendor = vendor;
    }
    onApplicationShutdown() {
        return this.vendor.close();
    }
};
OfflineStripeModule = __decorate([
    (0, common_1.Module)({
        providers: [{ provide: stripe_vendor_1.StripeVendor, useFactory: () => (0, stripe_vendor_1.createStripeVendor)() }],
        exports: [stripe_vendor_1.StripeVendor],
    }),
    __param(0, (0, common_1.Inject)(stripe_vendor_1.StripeVendor)),
    __metadata("design:paramtypes", [stripe_vendor_1.StripeVendor])
], OfflineStripeModule);
/**
 * `VaultKeyModule` for specs: a real broker, in memory, in front of an offline Stripe on a free
 * port of this machine. No account, no file, nothing left behind once the application is closed.
 * Inject `StripeVendor` to see what was charged and to script what goes wrong, `TestingBroker` for
 * a cap that is reached or a broker that is down, `EmbeddedBroker` to see keys and their spend.
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
let VaultKeyTestingModule = VaultKeyTestingModule_1 = class VaultKeyTestingModule {
    /** With `VaultKeyModule`: a broker and a vendor of its own, for one application under test. */
    static forRoot(options = {}) {
        return {
            module: VaultKeyTestingModule_1,
            imports: [
                vault_key_module_1.VaultKeyModule.forRootAsync({
                    imports: [OfflineStripeModule],
                    inject: [stripe_vendor_1.StripeVendor],
                    useFactory: (vendor) => vaultKeyTestingOptions(vendor, options),
                }),
            ],
        };
    }
};
exports.VaultKeyTestingModule = VaultKeyTestingModule;
exports.VaultKeyTestingModule = VaultKeyTestingModule = VaultKeyTestingModule_1 = __decorate([
    (0, common_1.Global)(),
    (0, common_1.Module)({
        imports: [OfflineStripeModule],
        providers: [testing_broker_1.TestingBroker],
        exports: [OfflineStripeModule, testing_broker_1.TestingBroker],
    })
], VaultKeyTestingModule);
