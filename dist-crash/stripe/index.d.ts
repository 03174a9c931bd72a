import { STRIPE_CLIENT } from './stripe-client.token';
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
export declare function InjectStripe(): PropertyDecorator & ParameterDecorator;
export { STRIPE_CLIENT };
