import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MANAGEMENT_TOKEN } from '../../support/broker-process';
import { until } from '../../support/until';
import type { Fault } from '../harness/fault';
import { AUDIT_KEY } from '../harness/member';
import type { Member } from '../harness/member';
import { NestInstance } from '../harness/nest-instance';
import { TcpProxy } from '../harness/tcp-proxy';
import type { World } from '../harness/world';

const MARK = 1_234;
const LEASE_SECONDS = 15;
const brokerAt = (url: string) => ({ broker: { url, token: MANAGEMENT_TOKEN } });

/** A gateway before a broker that answers calls of one kind with a 503 of its own, for a while. */
async function failingGateway(world: World, isMeant: (method: string, path: string) => boolean) {
  const gateway = { url: '', isFailing: false, failures: 0 };
  const server = createServer((req, res) => {
    const { method = '', url: path = '' } = req;
    if (gateway.isFailing && isMeant(method, path)) {
      gateway.failures += 1;
      req.resume();
      res.writeHead(503, { 'content-type': 'text/html' }).end('<h1>Service Unavailable</h1>');
      return;
    }
    const on = request(
      `${world.struck.broker.url}${path}`,
      { method, headers: req.headers },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res);
      },
    );
    on.on('error', () => res.destroy());
    req.pipe(on);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  gateway.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  world.onClose(() => {
    server.closeAllConnections();
    server.close();
  });
  return gateway;
}

const noIssue: Fault = {
  name: 'the management API answers 503 to issues, and is well again',
  on: ['postgres', 'sqlite'],
  async strike(world) {
    const gateway = await failingGateway(
      world,
      (method, path) => method === 'POST' && path === '/v1/keys',
    );
    const app = await NestInstance.start(world, brokerAt(gateway.url));
    gateway.isFailing = true;
    for (let i = 0; i < 5; i++) {
      const told = await app.pay(MARK).outcome;
      if (told !== 'vault_key_unavailable') throw new Error(`a handler without a key: ${told}`);
    }
    gateway.isFailing = false;
    const told = await app.pay(MARK).outcome;
    if (told !== 'paid') throw new Error(`after it: ${told}`);
    return 'no handler ran without a key';
  },
};

const noRevoke: Fault = {
  name: 'the management API answers 503 to revocations, and is well again',
  on: ['postgres', 'sqlite'],
  async strike(world) {
    const gateway = await failingGateway(
      world,
      (method, path) => method === 'DELETE' || path === '/v1/keys/revoke',
    );
    const app = await NestInstance.start(world, brokerAt(gateway.url));
    gateway.isFailing = true;
    const payments = Array.from({ length: 5 }, () => app.pay(MARK));
    const keys = await Promise.all(payments.map(({ keyGiven }) => keyGiven));
    await Promise.all(payments.map(({ outcome }) => outcome));
    await until(
      () => gateway.failures >= 2,
      () => 'no revocation was tried again',
    );
    gateway.isFailing = false;
    const active = async (): Promise<number> => {
      const views = await Promise.all(
        keys.map(({ id }) => world.struck.broker.api('GET', `/v1/keys/${id}`)),
      );
      return views.filter(({ body }) => body.status !== 'revoked').length;
    };
    await until(
      async () => (await active()) === 0,
      async () => `${await active()} keys are not revoked`,
    );
    for (const key of keys) {
      key.revocation = 'acknowledged';
      await world.agents.tryEnded(world.other, key);
    }
    return `${gateway.failures} times 503, and each key is revoked`;
  },
};

const balanced: Fault = {
  name: 'a broker behind a balancer is killed in the middle of calls of an application',
  on: ['postgres'],
  async strike(world) {
    const { struck, other, vendor } = world;
    const ports = world.members.map(({ broker }) => Number(new URL(broker.url).port));
    const balancer = await TcpProxy.start(...ports);
    world.onClose(() => balancer.close());
    const app = await NestInstance.start(world, brokerAt(balancer.url));
    const held = vendor.hold(({ params }) => params['amount'] === String(MARK), { times: 8 });
    const payments = Array.from({ length: 8 }, () => app.pay(MARK));
    await held.arrived;
    world.hasDeaths = true;
    await struck.kill();
    held.release();
    const told = await Promise.all(payments.map(({ outcome }) => outcome));
    const known = ['paid', 'vendor_outcome_unknown'];
    if (told.some((each) => !known.includes(each))) throw new Error(told.join(', '));
    balancer.targets.splice(0, balancer.targets.length, Number(new URL(other.broker.url).port));
    const next = await app.pay(MARK).outcome;
    if (next !== 'paid') throw new Error(`after it: ${next}`);
    await struck.start();
    return told.join(', ');
  },
};

/** The embedded broker of an application on the store that other brokers have too. */
const embeddedIn = (world: World) => ({
  embedded: {
    vendors: { stripe: { secretKey: world.vendor.secretKey, baseUrl: world.vendorWay.url } },
    store: world.url,
    auditKey: AUDIT_KEY,
  },
  lease: { ttlSeconds: LEASE_SECONDS },
});

async function untilRefused(world: World, member: Member, token: string): Promise<number> {
  const began = performance.now();
  await until(
    async () => {
      const answer = await member.broker.call(token, 'GET', '/v1/payment_intents/pi_1');
      return answer.status === 401;
    },
    () => 'its key still works',
    LEASE_SECONDS * 1_000 + 1_000,
  );
  return (performance.now() - began) / 1_000;
}

const embeddedKilled: Fault = {
  name: 'an application with an embedded broker is killed: its keys stop within 15 s, and its holds are unknown within 30 s',
  on: ['postgres'],
  setting: { ttlMs: 'real' },
  async strike(world) {
    const { other, vendor } = world;
    const app = await NestInstance.start(world, embeddedIn(world));
    const held = vendor.hold(({ params }) => params['amount'] === String(MARK), { times: 3 });
    const payments = Array.from({ length: 3 }, () => app.pay(MARK));
    const [key] = await Promise.all(payments.map(({ keyGiven }) => keyGiven));
    if (key === undefined) throw new Error('no key was issued');
    await held.arrived;
    world.hasDeaths = true;
    await app.kill();
    const killed = performance.now();
    held.release();
    const stopped = await untilRefused(world, other, key.token);
    const unknown = async (): Promise<number> => {
      const { body } = await other.broker.api('GET', '/v1/holds?state=unknown&limit=1000');
      return (body.holds as { key_id: string; held_usd: number }[]).filter(
        ({ held_usd: usd }) => usd === 12.34,
      ).length;
    };
    await until(
      async () => (await unknown()) === 3,
      async () => `${await unknown()} of 3 holds are unknown`,
      30_000 - (performance.now() - killed),
    );
    const seconds = ((performance.now() - killed) / 1_000).toFixed(1);
    return `its keys stopped after ${stopped.toFixed(1)} s, its holds were unknown after ${seconds} s`;
  },
};

export const APPLICATION_FAULTS: readonly Fault[] = [noIssue, noRevoke, balanced, embeddedKilled];
