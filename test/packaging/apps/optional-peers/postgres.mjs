// The embedded broker with a store in PostgreSQL: the package that it needs is there where it looks for the server.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { VaultKeyModule } from 'nestjs-vault-key';

const embedded = {
  vendors: { stripe: { secretKey: 'sk_test_offline' } },
  store: 'postgres://app@127.0.0.1:1/ledger',
  auditKey: 'packaging-suite-audit-key-of-forty-characters',
};
try {
  await NestFactory.createApplicationContext(VaultKeyModule.forRoot({ embedded }), {
    logger: false,
    abortOnError: false,
  });
} catch (error) {
  if (!error.message.includes('cannot be reached (ECONNREFUSED)')) throw error;
  console.log(error.message);
}
