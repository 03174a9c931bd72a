import { Inject } from '@nestjs/common';
import { loadStripe, stripeClient } from './sdk/stripe-client';
import { STRIPE_CLIENT, provideStripeClient } from './stripe-client.token';

// At the import, so that a package that is not there is named before an application is half up.
const Stripe = loadStripe();
provideStripeClient((vaultKeys) => stripeClient(Stripe, vaultKeys));

/**
 * Injects the official `stripe` client, each of whose calls goes with the vault key of the
 * invocation it is made in, through the broker's proxy. There is one in an application, for any
 * number of invocations at once; outside an invocation its calls fail with `vault_key_missing`. It
 * holds no key, and takes none. Where an invocation has keys for several accounts, `for` names one:
 * see {@link InjectedStripe}.
 *
 * Inside the invocation a refused call fails with an error of the client's own, whose `code` is
 * that of this package's exception; out of the invocation it comes as that exception.
 *
 * @example
 * ```ts
 * @Controller('agent-tools')
 * export class AgentToolsController {
 *   constructor(@InjectStripe() private readonly stripe: Stripe) {}
 *
 *   @Post('charge')
 *   @AgentTool({ dailyUsdCap: 500, allowedEndpoints: ['/v1/payment_intents'] })
 *   charge(@Body() { amount, paymentMethod }: ChargeDto): Promise<Stripe.PaymentIntent> {
 *     return this.stripe.paymentIntents.create({
 *       amount,
 *       currency: 'usd',
 *       payment_method: paymentMethod,
 *       confirm: true,
 *       automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
 *     });
 *   }
 * }
 * ```
 */
export function InjectStripe(): PropertyDecorator & ParameterDecorator {
  return Inject(STRIPE_CLIENT);
}

export { STRIPE_CLIENT };
export type { InjectedStripe } from './sdk/stripe-client';
