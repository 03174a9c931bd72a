// An app with nothing but the package in it: starts and ends.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { VaultKeyModule } from 'nestjs-vault-key';

const app = await NestFactory.create(
  VaultKeyModule.forRoot({
    embedded: { vendors: { stripe: { secretKey: 'sk_test_packaging' } }, store: 'sqlite::memory:' },
  }),
  { logger: ['error', 'warn'], abortOnError: false },
);
await app.listen(0, '127.0.0.1');
await app.close();
