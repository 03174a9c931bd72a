import { AgentTool, ProxiedStripeService, VaultKeyModule } from 'nestjs-vault-key';
import { Broker, type BrokerOptions } from 'nestjs-vault-key/broker';
import { createStripeVendor, type StripeVendor } from 'nestjs-vault-key/testing';

// Each expected error proves that types were found: without them everything would be `any`, and
// the compiler reports an expected error that does not occur.

export const policy = AgentTool({ dailyUsdCap: 500, allowedEndpoints: ['/v1/payment_intents'] });
// @ts-expect-error a cap is a number
AgentTool({ dailyUsdCap: 'five hundred', allowedEndpoints: [] });

export const root = VaultKeyModule.forRoot({
  embedded: { vendors: { stripe: { secretKey: 'sk_test_1' } }, store: 'sqlite::memory:' },
});
// @ts-expect-error a store is a string
VaultKeyModule.forRoot({ embedded: { vendors: { stripe: { secretKey: 'sk_test_1' } }, store: 1 } });

export async function charge(stripe: ProxiedStripeService): Promise<string> {
  const intent = await stripe.createPaymentIntent({ amount: 2_000 });
  // @ts-expect-error an amount is a number
  await stripe.createPaymentIntent({ amount: '2000' });
  return intent.id;
}

const options: BrokerOptions = { vendors: { stripe: { secretKey: 'sk_test_1' } } };
export const broker: Promise<Broker> = Broker.open(options);
// @ts-expect-error a broker is not made of a number
void Broker.open(42);

export const vendor: Promise<StripeVendor> = createStripeVendor({ port: 0 });
// @ts-expect-error a port is a number
void createStripeVendor({ port: 'http' });
