import { Webhook } from 'standardwebhooks';
import { Broker } from '../../lib/broker/broker';
import { BrokerOptionsError } from '../../lib/broker/broker.options';
import { BrokerServer } from '../support/broker-server';
import type { BrokerServerSettings } from '../support/broker-server';
import { temporaryFile } from '../support/broker-process';
import { TestClock } from '../support/test-clock';
import { until } from '../support/until';
import { WebhookReceiver } from '../support/webhook-receiver';
import type { ReceivedEvent } from '../support/webhook-receiver';
import { RecordingVendor } from './recording-vendor';

const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const NEXT = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
const TIMES = { firstMs: 40, mostMs: 200, giveUpMs: 3 * 86_400_000 };

let vendor: RecordingVendor;
let receiver: WebhookReceiver;
let broker: BrokerServer;
beforeAll(async () => {
  vendor = await RecordingVendor.start();
});
afterAll(() => vendor.close());
beforeEach(async () => {
  vendor.reset();
  receiver = await WebhookReceiver.start();
});
afterEach(async () => {
  await broker?.close();
  await receiver.close();
});

async function start(options: BrokerServerSettings & { hook?: object } = {}): Promise<void> {
  const { hook, host, ...more } = options;
  broker = await BrokerServer.start(vendor, {
    webhooks: { ops: { url: receiver.url, secret: SECRET, events: ['issue'], ...hook } },
    ...more,
    host: { webhookTimes: TIMES, ...host },
  });
  await settled();
}
/** What happens from now on is sent. */
const settled = async () => {
  const { body } = await broker.api('GET', '/v1/webhooks');
  if (body.webhooks.length > 0) {
    await until(
      async () => (await broker.broker.webhooks.list()).webhooks[0]?.rows_ahead === 0,
      () => 'it has not begun',
    );
  }
};
const issue = (user = 'u1') => broker.issue({ subject: { user_id: user } });
const state = async () => (await broker.api('GET', '/v1/webhooks')).body.webhooks[0];
const users = (of: readonly ReceivedEvent[]) => of.map(({ event }) => event.subject.user_id);

describe('a webhook', () => {
  it('sends each event once, signed by the Standard Webhooks scheme', async () => {
    await start();
    const key = await issue();
    await issue();
    await receiver.took(2);
    const [first] = receiver.taken;
    expect(first?.path).toBe('/hooks?of=tests');
    expect(first?.event).toMatchObject({ kind: 'issue', key_id: key.id });
    expect(new Webhook(SECRET).verify(first?.body ?? '', headersOf(first))).toEqual(first?.event);
    expect(() => new Webhook(NEXT).verify(first?.body ?? '', headersOf(first))).toThrow();
    expect(new Set(receiver.taken.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
    expect(await state()).toMatchObject({
      name: 'ops',
      origin: new URL(receiver.url).origin,
      status: 'active',
    });
    expect(JSON.stringify(await state())).not.toMatch(/hooks|whsec/);
    expect(receiver.received).toHaveLength(2);
  });

  it('is signed by both secrets while they are changed', async () => {
    await start({ hook: { nextSecret: NEXT } });
    await issue();
    await receiver.took(1);
    const [first] = receiver.taken;
    for (const secret of [SECRET, NEXT]) {
      expect(new Webhook(secret).verify(first?.body ?? '', headersOf(first))).toEqual(first?.event);
    }
  });

  it('is sent all kinds but calls where it names none', async () => {
    await start({ hook: { events: undefined } });
    const key = await broker.issue({ budgets: { user: 20 }, subject: { user_id: 'u1' } });
    await broker.call(key.token, 'POST', '/v1/payment_intents', {
      body: 'amount=1000&currency=usd',
    });
    await broker.api('POST', '/v1/brakes', { scope: 'user', id: 'u1', reason: 'enough' });
    await receiver.took(3);
    expect(receiver.taken.map(({ event }) => event.kind)).toEqual(['issue', 'threshold', 'brake']);
  });

  it('gets what it was not up for, and keeps the order of each subject', async () => {
    await start();
    await receiver.close();
    for (let i = 0; i < 30; i++) await issue(`u${i % 3}`);
    await until(
      async () => (await state()).status === 'behind',
      () => 'nothing has failed',
    );
    await receiver.open();
    await receiver.took(30);
    expectOrder();
    await until(
      async () => (await state()).status === 'active',
      async () => JSON.stringify(await state()),
    );
  });

  it('holds up one subject alone by an event that is not taken', async () => {
    await start();
    let isBad = true;
    receiver.answer = ({ subject }) => (isBad && subject.user_id === 'bad' ? 500 : 200);
    for (const user of ['bad', 'u1', 'bad', 'u2', 'bad', 'u1']) await issue(user);
    await receiver.took(3);
    // By now it has failed more often than a receiver that is down may.
    await until(
      () => receiver.received.length >= 12,
      () => 'it is not tried again',
    );
    await issue('u3');
    await receiver.took(4);
    expect(users(receiver.taken)).not.toContain('bad');
    isBad = false;
    await receiver.took(7);
    expectOrder();
  });

  it('asks a receiver that is down with one event at a time', async () => {
    await start();
    receiver.answer = () => 503;
    for (let i = 0; i < 60; i++) await issue(`u${i}`);
    await until(
      () => receiver.received.length >= 12,
      () => 'it is not tried again',
    );
    // Each subject would have been tried once otherwise.
    expect(new Set(users(receiver.received)).size).toBeLessThan(30);
    receiver.answer = () => 200;
    await receiver.took(60);
    expectOrder();
  });

  it('is sent nothing more once it has answered 410, until an operator says so', async () => {
    const log: string[] = [];
    await start({ host: { log: (line) => log.push(line) } });
    receiver.answer = () => 410;
    await issue('u1');
    await until(
      async () => (await state()).status === 'stopped',
      () => 'it goes on',
    );
    // The line is logged once the store has said so.
    await until(
      () => log.join().includes('webhook ops: its receiver has answered 410'),
      () => log.join('\n'),
    );
    await issue('u2');
    receiver.answer = () => 200;
    expect(receiver.received).toHaveLength(1);
    expect((await broker.api('POST', '/v1/webhooks/ops/resume')).body.status).not.toBe('stopped');
    await receiver.took(2);
    expect(new Set(users(receiver.taken))).toEqual(new Set(['u1', 'u2']));
    const { body } = await broker.api('GET', '/v1/audit?event=webhook');
    expect(body.entries.map(({ verdict }: { verdict: string }) => verdict)).toEqual([
      'resumed',
      'stopped',
    ]);
  });

  it('follows no redirect', async () => {
    await start();
    receiver.answer = () => ({ status: 307, headers: { location: `${receiver.url}&elsewhere` } });
    await issue();
    await until(
      () => receiver.received.length >= 2,
      () => 'it is not tried again',
    );
    expect(receiver.received.map(({ path }) => path)).not.toContain('/hooks?of=tests&elsewhere');
    expect((await state()).last_failure).toBe('answered 307');
  });

  it('parks an event that has not arrived in three days, audits it, and replays it', async () => {
    const clock = new TestClock(Date.now());
    await start({ host: { clock } });
    receiver.answer = ({ subject }) => (subject.user_id === 'bad' ? 500 : 200);
    await issue('bad');
    await issue('good');
    await receiver.took(1);
    clock.instant += 2 * 86_400_000;
    await issue('bad');
    await until(
      async () => (await state()).subjects_behind === 1,
      () => 'nothing is behind',
    );
    expect((await state()).parked).toEqual([]);
    clock.instant += 86_400_000;
    // The later one of the subject is tried for its own three days.
    await until(
      async () => {
        const { parked, subjects_behind } = await state();
        return parked.length === 1 && subjects_behind === 1;
      },
      async () => JSON.stringify(await state()),
    );
    const { parked } = await state();
    expect(parked).toEqual([expect.objectContaining({ kind: 'issue', reason: 'answered 500' })]);
    const { body: audit } = await broker.api('GET', '/v1/audit?event=webhook');
    expect(audit.entries[0]).toMatchObject({ verdict: 'parked' });
    const replay = (id: unknown) => broker.api('POST', '/v1/webhooks/ops/replay', { id });
    expect((await replay(parked[0].id)).body).toEqual({
      id: parked[0].id,
      outcome: 'failed',
      receiver_status: 500,
      reason: 'answered 500',
    });
    receiver.answer = () => 200;
    expect((await replay(parked[0].id)).body).toMatchObject({
      outcome: 'delivered',
      receiver_status: 200,
    });
    const last = receiver.received.at(-1);
    expect(last?.event.id).toBe(parked[0].id);
    expect(last?.headers['webhook-id']).toBe(receiver.received[0]?.headers['webhook-id']);
    expect((await state()).parked).toEqual([]);
    expect((await replay('99999')).status).toBe(404);
    expect((await replay(7)).status).toBe(422);
    expect((await broker.api('POST', '/v1/webhooks/other/replay', { id: '1' })).status).toBe(404);
  });

  it('goes on after a restart where it was, and begins with what is told from then on', async () => {
    broker = await BrokerServer.start(vendor);
    await issue('before');
    const { store } = broker;
    await broker.close();
    await start({ store });
    await issue('u1');
    await receiver.took(1);
    await receiver.close();
    await issue('u2');
    await broker.close();
    await receiver.open();
    await start({ store });
    await receiver.took(2);
    expect(users(receiver.taken)).toEqual(['u1', 'u2']);
  });

  it('has its settings checked at the start, all faults at once, without a secret in them', async () => {
    const opened = Broker.open({
      store: `sqlite:${temporaryFile()}`,
      vendors: { stripe: { secretKey: 'sk_test_1' } },
      thresholds: [0],
      webhooks: {
        a: { url: 'http://hooks.example.com/x', secret: SECRET },
        b: { url: 'https://u:p@hooks.example.com', secret: 'whsec_c2hvcnQ=' },
        c: { url: 'https://hooks.example.com', events: ['nothing' as 'call'] },
        d: { url: 'https://hooks.example.com', secret: SECRET, secretFile: '/x' },
        'E e': { url: 'https://hooks.example.com', secret: SECRET },
      },
    });
    const error = await opened.catch((thrown: unknown) => thrown as BrokerOptionsError);
    expect(error).toBeInstanceOf(BrokerOptionsError);
    expect((error as BrokerOptionsError).faults.map(({ path }) => path)).toEqual([
      'thresholds',
      'webhooks.a.url',
      'webhooks.b.url',
      'webhooks.b.secret',
      'webhooks.c.events',
      'webhooks.c.secret',
      'webhooks.d.secretFile',
      'webhooks."E e"',
    ]);
    expect((error as Error).message).not.toMatch(/c2hvcnQ|AQEB/);
  });
});

function headersOf(received: ReceivedEvent | undefined): Record<string, string> {
  return received?.headers as Record<string, string>;
}

/** Within each subject the events came in the order of their ids, and each once. */
function expectOrder(): void {
  const bySubject = new Map<string, number[]>();
  for (const { event } of receiver.taken) {
    const ids = bySubject.get(event.subject.user_id) ?? [];
    bySubject.set(event.subject.user_id, [...ids, Number(event.id)]);
  }
  for (const ids of bySubject.values()) {
    expect(ids).toEqual([...new Set(ids)].sort((one, other) => one - other));
  }
}
