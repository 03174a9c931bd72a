// The broker's events in the application's emitter: the package that it needs is there where it asks for its module.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { VaultKeyModule } from 'nestjs-vault-key';

const embedded = {
  vendors: { stripe: { secretKey: 'sk_test_offline' } },
  store: 'sqlite::memory:',
};
try {
  await NestFactory.createApplicationContext(
    VaultKeyModule.forRoot({ embedded, eventEmitter: true }),
    { logger: false, abortOnError: false },
  );
} catch (error) {
  if (!error.message.includes('needs EventEmitterModule')) throw error;
  console.log(error.message);
}
