import { writeFileSync } from 'node:fs';
import { BrokerProcess, temporaryFile } from '../support/broker-process';
import type { IssuedKey } from '../support/broker-process';
import { until } from '../support/until';
import { WebhookReceiver } from '../support/webhook-receiver';

const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
/** More than may fail in a row before the receiver counts as down. */
const USERS = 8;
/** How long the receiver is down. */
const OUTAGE_MS = 60_000;
/** How long what waits may take to arrive, once the receiver is up again. */
const ARRIVED_WITHIN_MS = 120_000;

const passed = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it('webhooks all arrive, in order for each user, though the receiver was down for a minute and the broker was killed', async () => {
  const receiver = await WebhookReceiver.start();
  const config = temporaryFile('config.json');
  const webhooks = { ops: { url: receiver.url, secret: SECRET, events: ['issue', 'brake'] } };
  writeFileSync(config, JSON.stringify({ webhooks }));
  let broker = await BrokerProcess.start({ args: ['--config', config] });
  const state = async () => (await broker.api('GET', '/v1/webhooks')).body.webhooks[0];
  await until(
    async () => (await state()).rows_ahead === 0,
    () => 'the webhook has not begun',
  );
  const keys: IssuedKey[] = [];
  const issue = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      keys.push(await broker.issue({ subject: { user_id: `u${keys.length % USERS}` } }));
    }
  };
  const told = () => new Set(receiver.taken.map(({ event }) => event.key_id));
  await issue(USERS);
  await receiver.took(USERS);

  await receiver.close();
  const down = performance.now();
  await issue(3 * USERS);
  await until(
    async () => (await state()).status === 'behind',
    () => 'nothing has failed',
  );
  await passed(OUTAGE_MS / 2);
  await issue(3 * USERS);
  await broker.kill('SIGKILL');
  broker = await broker.restart();
  await issue(3 * USERS);
  await passed(OUTAGE_MS - (performance.now() - down));
  await receiver.open();
  const up = performance.now();
  await until(
    () => told().size === keys.length,
    async () => `${told().size} of ${keys.length} have arrived: ${JSON.stringify(await state())}`,
    ARRIVED_WITHIN_MS,
  );
  const tookSeconds = (performance.now() - up) / 1_000;

  expect(keys.filter(({ id }) => !told().has(id))).toEqual([]);
  const inOrder = new Map<string, Set<number>>();
  for (const { event } of receiver.taken) {
    // What comes again, since the broker was killed before it could note it, keeps its place.
    const ids = inOrder.get(event.subject.user_id) ?? new Set();
    inOrder.set(event.subject.user_id, ids.add(Number(event.id)));
  }
  expect(inOrder.size).toBe(USERS);
  for (const ids of inOrder.values()) {
    expect([...ids]).toEqual([...ids].sort((one, other) => one - other));
  }
  await until(
    async () => (await state()).status === 'active',
    async () => JSON.stringify(await state()),
  );
  expect(await state()).toMatchObject({ subjects_behind: 0, parked: [] });
  expect(tookSeconds).toBeLessThan(ARRIVED_WITHIN_MS / 1_000);
  await broker.kill('SIGTERM');
});
