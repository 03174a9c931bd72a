// The application's own registry, with what vault keys measure in it.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { VaultKeyModule } from 'nestjs-vault-key';

// Absent, it is missed by the package itself: what is given looks like a registry.
const { Registry } = await import('prom-client').catch(() => ({ Registry: undefined }));
const registry = Registry === undefined ? { registerMetric() {} } : new Registry();
const app = await NestFactory.createApplicationContext(
  VaultKeyModule.forRoot({
    embedded: {
      vendors: { stripe: { secretKey: 'sk_test_offline' } },
      store: 'sqlite::memory:',
    },
    metrics: { registry },
  }),
  { logger: false, abortOnError: false },
);
if (!(await registry.metrics()).includes('vault_key_live_keys 0')) throw new Error('not measured');
await app.close();
