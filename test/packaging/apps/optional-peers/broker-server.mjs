// One charge through the command that is installed with the package.
import 'reflect-metadata';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { NestFactory } from '@nestjs/core';
import { ProxiedStripeService, VaultKeyModule, VaultKeyService } from 'nestjs-vault-key';
import { createStripeVendor } from 'nestjs-vault-key/testing';

const token = 'packaging-suite-token-of-forty-characters';
const vendor = await createStripeVendor();
const broker = spawn(
  'node_modules/.bin/vault-key-broker',
  ['--port', '0', '--store', 'sqlite::memory:'],
  {
    env: {
      ...process.env,
      KEYBRAKE_TOKEN: token,
      STRIPE_SECRET_KEY: vendor.secretKey,
      STRIPE_BASE_URL: vendor.url,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
try {
  const [line] = await once(createInterface(broker.stdout), 'line');
  const app = await NestFactory.createApplicationContext(
    VaultKeyModule.forRoot({ broker: { url: line.split(' ').at(-1), token } }),
    { logger: ['error', 'warn'], abortOnError: false },
  );
  const policy = { dailyUsdCap: 500, allowedEndpoints: ['/v1/payment_intents'] };
  const { id } = await app
    .get(VaultKeyService, { strict: false })
    .run(policy, () =>
      app.get(ProxiedStripeService, { strict: false }).createPaymentIntent({ amount: 2_000 }),
    );
  console.log(id);
  await app.close();
} finally {
  broker.kill();
  await vendor.close();
}
