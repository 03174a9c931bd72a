// An instance of a Nest application in a process of its own: it pays when it is told to over IPC, each
// time under a key of its own, and says how it went.
require('reflect-metadata');
const { join } = require('node:path');
const { NestFactory } = require('@nestjs/core');

const { ProxiedStripeService, VaultKeyModule, VaultKeyService } = require(
  join(process.env.INSTANCE_DIST, 'index.js'),
);

class Root {}

(async () => {
  const options = JSON.parse(process.env.NEST_OPTIONS);
  const app = await NestFactory.createApplicationContext(
    { module: Root, imports: [VaultKeyModule.forRoot(options)] },
    { logger: false },
  );
  const keys = app.get(VaultKeyService);
  const stripe = app.get(ProxiedStripeService);
  const say = (message) => process.send(message);
  process.on('message', async ({ number, payment }) => {
    const { operation, cents, idempotencyKey } = payment;
    let key;
    try {
      await keys.run(
        { dailyUsdCap: 50, allowedEndpoints: ['/v1/payment_intents'] },
        async (given) => {
          key = { id: given.id, token: given.token };
          say({ number, key });
          await stripe.createPaymentIntent(
            {
              amount: cents,
              paymentMethod: 'pm_card_visa',
              confirm: true,
              metadata: { operation },
            },
            { idempotencyKey },
          );
        },
        { userId: 'nest' },
      );
      say({ number, outcome: 'paid' });
    } catch (error) {
      say({ number, outcome: error.code ?? `${error.name}: ${error.message}` });
    }
  });
  say({ isReady: true });
})().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
