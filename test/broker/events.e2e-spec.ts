import { BrokerServer } from '../support/broker-server';
import { BrokerProcess } from '../support/broker-process';
import { EventStream } from '../support/event-stream';
import { SecretWatch } from '../support/secret-watch';
import { until } from '../support/until';
import { RecordingVendor } from './recording-vendor';

let vendor: RecordingVendor;
let broker: BrokerServer;
const streams: EventStream[] = [];
beforeAll(async () => {
  vendor = await RecordingVendor.start();
});
afterAll(() => vendor.close());
beforeEach(async () => {
  vendor.reset();
  broker = await BrokerServer.start(vendor);
});
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.close();
  await broker.close();
});

async function stream(options: Parameters<typeof EventStream.open>[1] = {}): Promise<EventStream> {
  const opened = await EventStream.open(broker, options);
  streams.push(opened);
  return opened;
}
const SUBJECT = { tenant_id: 't1', user_id: 'u1', run_id: 'r1', tool: 'Tool.pay' };
const issue = (fields = {}) => broker.issue({ subject: SUBJECT, ...fields });
/** Pays 10 USD. */
const pay = (token: string) =>
  broker.call(token, 'POST', '/v1/payment_intents', { body: 'amount=1000&currency=usd' });
const kinds = (of: EventStream) => of.events.map(({ kind }) => kind);

describe('the event stream', () => {
  it('tells what happens within two seconds, in its order, each with its id', async () => {
    const reader = await stream();
    expect(reader.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
    });
    const key = await issue({ budgets: { user: 20 }, daily_usd_cap: 15 });
    const began = performance.now();
    expect((await pay(key.token)).status).toBe(200);
    expect((await pay(key.token)).status).toBe(429);
    const { body: brake } = await broker.api('POST', '/v1/brakes', {
      scope: 'user',
      id: 'u1',
      reason: 'too fast',
    });
    await broker.api('DELETE', `/v1/brakes/${brake.id}`);
    await reader.has(6);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(kinds(reader)).toEqual(['issue', 'threshold', 'call', 'refusal', 'brake', 'lift']);
    expect(reader.events.map(({ id, event }) => event.id === id)).not.toContain(false);
    const [issued, threshold, call, refusal, braked, lifted] = reader.events.map((e) => e.event);
    expect(issued).toMatchObject({
      key_id: key.id,
      label: 'nest-u1-r1',
      subject: SUBJECT,
      cap_usd: 15,
    });
    expect(threshold).toMatchObject({
      kind: 'threshold',
      scope: 'user',
      subject: { tenant_id: 't1', user_id: 'u1' },
      percent: 50,
      cap_usd: 20,
      spent_usd: 0,
      held_usd: 10,
      remaining_usd: 10,
    });
    expect(call).toMatchObject({
      key_id: key.id,
      subject: SUBJECT,
      vendor: 'stripe',
      method: 'POST',
      path: '/v1/payment_intents',
      outcome: 'settled',
      requested_usd: 10,
      settled_usd: 10,
      amount: 1000,
      currency: 'usd',
      remaining_usd: 5,
      vendor_status: 200,
    });
    expect(refusal).toMatchObject({ code: 'cap_exhausted', requested_usd: 10, count: 1 });
    expect(braked).toMatchObject({
      brake_id: brake.id,
      scope: 'user',
      subject: { user_id: 'u1' },
      actor: 'app',
      reason: 'too fast',
    });
    expect(lifted).toMatchObject({ brake_id: brake.id, scope: 'user' });
  });

  it('goes on after the last event that a reader has, and after none for one that had none', async () => {
    const first = await stream();
    await until(
      () => first.lastId !== undefined,
      () => 'the stream names no place',
    );
    first.close();
    const key = await issue();
    await pay(key.token);
    const second = await stream({ lastId: first.lastId });
    await second.has(2);
    expect(kinds(second)).toEqual(['issue', 'call']);
    second.close();
    await pay(key.token);
    const third = await stream({ query: `?after=${second.events[0]?.id}` });
    await third.has(2);
    expect(kinds(third)).toEqual(['call', 'call']);
    // A reader that comes again sends the address it began with.
    const again = await stream({ query: '?after=0', lastId: third.events[0]?.id });
    await again.has(1);
    expect(again.events).toEqual(third.events.slice(1));
  });

  it('tells of a hold that nobody can end but an operator, and of its end', async () => {
    const key = await issue();
    const reader = await stream({ query: '?kind=call,unknown_hold,settlement' });
    vendor.respond = (_req, res) => res.writeHead(500).end('{}');
    await pay(key.token);
    await reader.has(2);
    expect(kinds(reader)).toEqual(['call', 'unknown_hold']);
    const [call, unknown] = reader.events;
    expect(unknown?.id).toBe(`${call?.id}.1`);
    expect(unknown?.event).toMatchObject({ call_id: call?.event.call_id, held_usd: 10 });
    const resumed = await stream({ lastId: call?.id });
    await resumed.has(1);
    expect(kinds(resumed)).toEqual(['unknown_hold']);
    await broker.api('POST', `/v1/holds/${call?.event.call_id}/settle`, { usd: 7 });
    await reader.has(3);
    expect(reader.events[2]?.event).toMatchObject({
      kind: 'settlement',
      outcome: 'settled',
      settled_usd: 7,
    });
  });

  it('tells a reader what it asks for alone', async () => {
    const reader = await stream({ query: '?kind=issue,call&user_id=u2&vendor=stripe' });
    const [one, two] = [await issue(), await issue({ subject: { user_id: 'u2' } })];
    await pay(one.token);
    await pay(two.token);
    await reader.has(2);
    expect(reader.events.map(({ event }) => [event.kind, event.key_id])).toEqual([
      ['issue', two.id],
      ['call', two.id],
    ]);
  });

  it.each([
    ['kind=nothing', 'kind'],
    ['after=abc', 'after'],
    ['since=1', 'since'],
  ])('refuses %s', async (query, field) => {
    const { status, body } = await broker.api('GET', `/v1/events?${query}`);
    expect([status, body.fields?.[0]?.field]).toEqual([422, field]);
  });

  it('is for callers with the management token', async () => {
    const { token } = await issue();
    await expect(EventStream.open({ url: broker.url, token })).rejects.toThrow('401');
  });

  it('ends with SIGTERM', async () => {
    const served = await BrokerProcess.start({ vendor });
    const open = await EventStream.open(served);
    streams.push(open);
    const exited = served.kill('SIGTERM');
    await open.ended();
    expect((await exited).code).toBe(0);
  });

  it('has no secret and no token', async () => {
    const watch = new SecretWatch();
    const reader = await stream();
    const key = await issue();
    watch.addSecret(key.token);
    watch.addSecret(vendor.secretKey);
    watch.addSecret(broker.token);
    await broker.call(key.token, 'POST', `/v1/payment_intents?key=${key.token}`, { body: '' });
    await pay(key.token);
    await reader.has(3);
    for (const { event } of reader.events) watch.show(event);
    watch.show((await broker.api('GET', '/metrics')).text);
    expect(watch.size).toBeGreaterThan(500);
    expect(watch.leaks()).toEqual([]);
  });
});
