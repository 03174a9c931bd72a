import { dirname } from 'node:path';
import { Module } from '@nestjs/common';
import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { VaultKeyModule } from '../../lib/index';
import { Browser } from '../support/browser';
import { testOperator } from '../support/test-operators';
import { temporaryFile } from '../support/broker-process';
import { blockWith, checkBlocks } from './code-blocks';
import { BLOCKS, PAGE } from './given/admin';

checkBlocks(PAGE, BLOCKS);
// The page's application has its store where it is started.
const before = process.cwd();
beforeAll(() => process.chdir(dirname(temporaryFile())));
afterAll(() => process.chdir(before));

const PUBLIC = { host: 'app.example.com', origin: 'https://app.example.com' };
const BRAKE = { scope: 'user', id: 'u1', reason: 'a test' };
const ann = testOperator('ann', 'admin');

let app: INestApplication | undefined;
async function started(module: Type, prepare: (app: INestApplication) => void = () => {}) {
  const made = await NestFactory.create(module, { logger: false, abortOnError: false });
  app = made;
  prepare(made);
  await made.listen(0, '127.0.0.1');
  return new Browser(`${await made.getUrl()}/vault-keys`, PUBLIC);
}
afterEach(async () => {
  await app?.close();
  app = undefined;
});

it('an operator logs in below the path of the application that the page shows', async () => {
  process.env['STRIPE_SECRET_KEY'] = 'sk_test_none';
  process.env['ANN_TOKEN_HASH'] = ann.options.tokenHashes[0];
  const { AppModule } = blockWith(PAGE, 'export class AppModule').run(['AppModule']);
  const own = await started(AppModule as Type);
  expect((await own.logIn(ann.token)).body).toMatchObject({ operator: 'ann', role: 'admin' });
  expect(own.setCookie[0]).toContain('; Path=/vault-keys; HttpOnly; SameSite=Strict; Secure');
  expect((await own.ask('POST', '/v1/brakes', { body: BRAKE })).status).toBe(201);
});

it("the application's own log-in lets its staff in", async () => {
  const { admin } = blockWith(PAGE, 'export const admin').run(['admin']);

  @Module({
    imports: [
      VaultKeyModule.forRoot({
        embedded: { vendors: { stripe: { secretKey: 'sk_test_none' } }, store: 'sqlite::memory:' },
      }),
      admin as DynamicModule,
    ],
  })
  class AppModule {}

  const own = await started(AppModule, (application) =>
    application.use(
      (
        req: { headers: Record<string, string>; user?: object },
        _res: unknown,
        next: () => void,
      ) => {
        const email = req.headers['x-user'];
        if (email !== undefined) req.user = { email, isStaff: email.endsWith('@example.com') };
        next();
      },
    ),
  );
  const as = (user: string) => ({ headers: { 'x-user': user } });
  expect((await own.ask('GET', '/v1/keys')).status).toBe(401);
  expect((await own.ask('GET', '/v1/keys', as('eve@elsewhere.test'))).status).toBe(401);
  const { body } = await own.ask('POST', '/v1/brakes', { body: BRAKE, ...as('ann@example.com') });
  expect(body.set_by).toBe('ann@example.com');
});
