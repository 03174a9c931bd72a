import { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { createStripeVendor, StripeVendor } from 'nestjs-vault-key/testing';
import 'nestjs-vault-key/testing/jest';
import request from 'supertest';
import { App } from 'supertest/types';
import { AppModule } from './app.module';

describe('AgentToolsController', () => {
  let vendor: StripeVendor;
  let app: INestApplication<App>;

  beforeAll(async () => {
    vendor = await createStripeVendor();
    process.env.APP_STRIPE_KEY = vendor.secretKey;
    process.env.APP_STRIPE_URL = vendor.url;
    const moduleRef = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = await moduleRef.createNestApplication().init();
  });

  afterAll(async () => {
    await app.close();
    await vendor.close();
  });

  it('charges within the cap', async () => {
    await request(app.getHttpServer())
      .post('/agent-tools/charge')
      .send({ amount: 2_000 })
      .expect(201)
      .expect(({ body }) => expect(body).toEqual({ id: expect.stringMatching(/^pi_/) }));
    expect(vendor).toHaveReceived('POST /v1/payment_intents', { amount: 2_000 });
  });

  it('is refused above the cap', async () => {
    await request(app.getHttpServer())
      .post('/agent-tools/charge')
      .send({ amount: 60_000 })
      .expect(402)
      .expect(({ body }) =>
        expect(body).toMatchObject({ error: 'spend_cap_exceeded', retryable: false }),
      );
  });
});
