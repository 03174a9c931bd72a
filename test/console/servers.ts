import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { VaultKeyAdminModule } from '../../lib/admin/vault-key-admin.module';
import { createBrokerServer } from '../../lib/broker/http/broker-server';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { VaultKeyModule } from '../../lib/vault-key.module';
import {
  BrokerProcess,
  MANAGEMENT_TOKEN,
  RunningBroker,
  send,
  temporaryFile,
} from '../support/broker-process';
import type { Answer } from '../support/broker-process';
import { brokerOf } from '../support/broker-of';
import { WebhookReceiver } from '../support/webhook-receiver';
import { pageOperators } from './page-operators';
import type { PageServer } from './page-server';

/** Where the page can be served, and how a broker with it is started there. */
export const SERVERS: Readonly<Record<string, (vendor: StripeVendor) => Promise<PageServer>>> = {
  'of the command': ofTheCommand,
  'in a Nest application on Express': (vendor) => inNest(vendor, new ExpressAdapter()),
  'in a Nest application on Fastify': (vendor) => inNest(vendor, new FastifyAdapter()),
};

async function ofTheCommand(vendor: StripeVendor): Promise<PageServer> {
  const { options, tokens } = pageOperators();
  const config = temporaryFile('config.json');
  const receiver = await WebhookReceiver.start();
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const webhooks = { ops: { url: receiver.url, secret, events: ['brake', 'lift'] } };
  writeFileSync(config, JSON.stringify({ operators: options, webhooks }));
  const broker = await BrokerProcess.start({ vendor, args: ['--config', config] });
  return {
    pageUrl: `${broker.url}/`,
    broker,
    tokens,
    receiver,
    api: (method, path, body) => ask(broker.url, tokens.admin, method, path, body),
    close: async () => void (await broker.kill('SIGTERM')),
  };
}

/** The page below a path of an application; its agents are served by the application's own broker. */
async function inNest(vendor: StripeVendor, adapter: AbstractHttpAdapter): Promise<PageServer> {
  const { options, tokens } = pageOperators();
  const stripe = { secretKey: vendor.secretKey, baseUrl: vendor.url };

  @Module({
    imports: [
      VaultKeyModule.forRoot({ embedded: { vendors: { stripe }, store: 'sqlite::memory:' } }),
      VaultKeyAdminModule.forRoot({ path: '/ops/vault-keys', operators: options }),
    ],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, adapter, { logger: false });
  await app.listen(0, '127.0.0.1');
  const url = `${await app.getUrl()}/ops/vault-keys`;
  // The application serves no proxy; the test's agents come by way of a socket all the same.
  const server = createBrokerServer(brokerOf(app), { token: MANAGEMENT_TOKEN });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    pageUrl: `${url}/`,
    broker: new (class extends RunningBroker {
      readonly url = `http://127.0.0.1:${port}`;
    })(),
    tokens,
    api: (method, path, body) => ask(url, tokens.admin, method, path, body),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await app.close();
    },
  };
}

function ask(
  url: string,
  token: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  return send(url, method, `${new URL(url).pathname.replace(/\/$/, '')}${path}`, {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
