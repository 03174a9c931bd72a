"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.STRIPE_CLIENT = void 0;
exports.InjectStripe = InjectStripe;
const common_1 = require("@nestjs/common");
const stripe_client_1 = require("./sdk/stripe-client");
const stripe_client_token_1 = require("./stripe-client.token");
Object.defineProperty(exports, "STRIPE_CLIENT", { enumerable: true, get: function () { return stripe_client_token_1.STRIPE_CLIENT; } });
// At the import, so that a package that is not there is named before an application is half up.
const Stripe = (0, stripe_client_1.loadStripe)();
(0, stripe_client_token_1.provideStripeClient)((vaultKeys) => (0, stripe_client_1.stripeClient)(Stripe, vaultKeys));
/**
 * Injects the official `stripe` client, each of whose calls goes with the vault key of the run it is
 * made in, through the broker's proxy. There is one in an application, for any number of runs at
 * once; outside a run its calls fail with `vault_key_missing`. It holds no key, and takes none.
 *
 * Inside the run a refused call fails with an error of the client's own, whose `code` is that of
 * this package's exception; out of the run it comes as that exception.
 *
 * @example
 * ```ts
 * @Controller('agent-tools')
 * export class AgentToolsController {
 *   constructor(@InjectStripe() private readonly stripe: Stripe) {}
 *
 *   @Post('charge')
 *   @AgentTool({ dailyUsdCap: 500, allowedEndpoints: ['/v1/payment_intents'] })
 *   charge(@Body() { amount }: ChargeDto): Promise<Stripe.PaymentIntent> {
 *     return this.stripe.paymentIntents.create({ amount, currency: 'usd' });
 *   }
 * }
 * ```
 */
function InjectStripe() {
    return (0, common_1.Inject)(stripe_client_token_1.STRIPE_CLIENT);
}
