import { writeFileSync } from 'node:fs';
import { BrokerProcess, temporaryFile } from '../support/broker-process';
import { PostgresServer } from '../support/postgres-server';
import { until } from '../support/until';
import { WebhookReceiver } from '../support/webhook-receiver';
import { EventStream } from '../support/event-stream';

const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const USERS = 3;

let receiver: WebhookReceiver;
let brokers: BrokerProcess[] = [];
beforeEach(async () => {
  receiver = await WebhookReceiver.start();
});
afterEach(async () => {
  for (const broker of brokers.splice(0)) await broker.kill('SIGKILL');
  await receiver.close();
});

/** A config file with one webhook, that names its secret's file. */
function config(): string {
  const file = temporaryFile('config.json');
  const secretFile = temporaryFile('secret');
  writeFileSync(secretFile, `${SECRET}\n`);
  const webhooks = { ops: { url: receiver.url, secretFile, events: ['issue'] } };
  writeFileSync(file, JSON.stringify({ webhooks }));
  return file;
}
async function start(options: Parameters<typeof BrokerProcess.start>[0]): Promise<BrokerProcess> {
  const broker = await BrokerProcess.start(options);
  brokers.push(broker);
  return broker;
}
const begun = (broker: BrokerProcess) =>
  until(
    async () => (await broker.api('GET', '/v1/webhooks')).body.webhooks[0]?.rows_ahead === 0,
    () => 'the webhook has not begun',
  );
const issue = (broker: BrokerProcess, i: number) =>
  broker.issue({ subject: { user_id: `u${i % USERS}` } });

/** Each event of each user has come, and each user's in their order: what comes again is old. */
function expectAll(keys: readonly { id: string }[]): void {
  const first = new Map<string, number[]>();
  const seen = new Set<string>();
  for (const { event } of receiver.taken) {
    if (seen.has(event.id)) continue;
    seen.add(event.id);
    const ids = first.get(event.subject.user_id) ?? [];
    first.set(event.subject.user_id, [...ids, Number(event.id)]);
  }
  for (const ids of first.values()) expect(ids).toEqual([...ids].sort((a, b) => a - b));
  const told = new Set(receiver.taken.map(({ event }) => event.key_id));
  expect(keys.filter(({ id }) => !told.has(id))).toEqual([]);
}
const toldKeys = () => new Set(receiver.taken.map(({ event }) => event.key_id)).size;

describe('webhooks of the command', () => {
  it('all arrive, each subject in its order, though the receiver was down and the broker was killed', async () => {
    let broker = await start({ args: ['--config', config()] });
    await begun(broker);
    const keys = [];
    for (let i = 0; i < 10; i++) keys.push(await issue(broker, i));
    await receiver.close();
    for (let i = 0; i < 20; i++) keys.push(await issue(broker, i));
    await until(
      async () => (await broker.api('GET', '/v1/webhooks')).body.webhooks[0].status === 'behind',
      () => 'nothing has failed',
    );
    await broker.kill('SIGKILL');
    broker = await broker.restart();
    brokers = [broker];
    for (let i = 0; i < 20; i++) keys.push(await issue(broker, i));
    await receiver.open();
    await until(
      () => toldKeys() === keys.length,
      () => `${toldKeys()} of ${keys.length} have arrived`,
    );
    expectAll(keys);
  });

  it('have a command that lists them and replays an event', async () => {
    const broker = await start({ args: ['--config', config()] });
    await begun(broker);
    await issue(broker, 0);
    await receiver.took(1);
    const run = (...args: string[]) =>
      BrokerProcess.run({ args: ['webhooks', ...args, '--url', broker.url] });
    expect((await run('list')).stdout).toMatch(/^NAME +STATUS +AHEAD[^\n]*\nops +(?:active)/);
    const id = receiver.taken[0]?.event.id as string;
    const replayed = await run('replay', 'ops', id);
    expect([replayed.code, replayed.stdout]).toEqual([
      0,
      expect.stringMatching(new RegExp(`${id} +delivered +200`)),
    ]);
    await receiver.took(2);
    receiver.answer = () => 500;
    expect((await run('replay', 'ops', id)).code).toBe(1);
    expect((await run('resume', 'ops')).code).toBe(0);
    expect((await run('stop', 'ops')).code).toBe(2);
  });
});

describe('two brokers on one PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server.remove());

  it('send each event once, tell it to readers of both, and go on where one is killed', async () => {
    const store = await server.database();
    const env = { VAULT_KEY_AUDIT_KEY: 'an audit key of more than forty characters' };
    const args = ['--config', config()];
    const [one, two] = [await start({ store, env, args }), await start({ store, env, args })];
    await begun(one);
    const readers = [await EventStream.open(one), await EventStream.open(two)];
    const keys = [];
    for (let i = 0; i < 12; i++) keys.push(await issue(i % 2 === 0 ? one : two, i));
    await receiver.took(keys.length);
    expect(receiver.received).toHaveLength(keys.length);
    const told = await Promise.all(readers.map((reader) => reader.has(keys.length)));
    expect(told[0]).toEqual(told[1]);
    readers.forEach((reader) => reader.close());
    await one.kill('SIGKILL');
    keys.push(await issue(two, 1));
    await until(
      () => toldKeys() === keys.length,
      () => 'the other broker does not go on',
    );
    expectAll(keys);
  });
});
