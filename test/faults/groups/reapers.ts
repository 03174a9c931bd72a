import { until } from '../../support/until';
import type { Fault } from '../harness/fault';
import type { Member } from '../harness/member';
import type { AgentKey } from '../harness/record';
import type { World } from '../harness/world';

const CALLS = 6;
const MARK = 1_234;

/** Has calls in flight at the first instance, kills it, and returns the key that they were made with. */
async function leaveCalls(world: World): Promise<string> {
  const { struck, agents, vendor } = world;
  const key = await world.freshKey();
  struck.isShunned = true;
  const held = vendor.hold(({ params }) => params['amount'] === String(MARK), { times: CALLS });
  const sent = Array.from({ length: CALLS }, () => agents.pay(struck, key, MARK));
  await held.arrived;
  world.hasDeaths = true;
  await struck.kill();
  held.release();
  await Promise.all(sent);
  return key.id;
}

/** All that the dead one left is unknown, and told once in the log. */
async function untilReaped(world: World, member: Member, keyId: string): Promise<void> {
  const unknown = async (): Promise<number> => {
    const { body } = await member.broker.api('GET', '/v1/holds?state=unknown&limit=1000');
    return (body.holds as { key_id: string }[]).filter(({ key_id: id }) => id === keyId).length;
  };
  await until(
    async () => (await unknown()) === CALLS,
    async () => `${await unknown()} of ${CALLS} holds are unknown`,
    2 * world.ttlMs + 5_000,
  );
  const told = async (): Promise<number> => {
    const { body } = await member.broker.api(
      'GET',
      `/v1/audit?key_id=${keyId}&verdict=unknown&limit=100`,
    );
    return (body.entries as unknown[]).length;
  };
  await until(
    async () => (await told()) >= CALLS,
    async () => `the log tells of ${await told()} of ${CALLS} calls that were cut off`,
  );
  if ((await told()) > CALLS) throw new Error(`the log tells ${await told()} times of ${CALLS}`);
}

const diesHalfWay: Fault = {
  name: 'an instance dies half-way while it ends what another one left, and so does the next',
  on: ['postgres'],
  setting: { members: 2 },
  async strike(world) {
    const { other, agents } = world;
    await agents.rest();
    other.isShunned = true;
    const keyId = await leaveCalls(world);
    // The flights of its operations have ended, and nothing else has.
    const first = other.stopCommit('after');
    await first.reached;
    await other.kill();
    await other.start();
    const second = other.stopCommit('after');
    await second.reached;
    await other.kill();
    await other.start();
    await untilReaped(world, other, keyId);
    await world.struck.start();
    for (const member of world.members) member.isShunned = false;
    agents.goOn();
    return 'killed after each of its first two COMMITs';
  },
};

const twoAtOnce: Fault = {
  name: 'two instances end what a third one left, at once',
  on: ['postgres'],
  setting: { members: 3 },
  async strike(world) {
    const { other, agents } = world;
    const third = world.members[2] as Member;
    await agents.rest();
    for (const member of world.members) member.isShunned = true;
    const keyId = await leaveCalls(world);
    const [one, two] = [other.stopCommit('before'), third.stopCommit('before')];
    await Promise.race([one.reached, two.reached]);
    // Whoever comes second waits for the locks of the first.
    await until(
      () => hasWaiter(world),
      () => 'nobody waits for the locks of the one that came first',
    );
    one.open();
    two.open();
    await untilReaped(world, third, keyId);
    await world.struck.start();
    for (const member of world.members) member.isShunned = false;
    agents.goOn();
    return 'the one that came second waited for the locks of the first';
  },
};

/** Whether an instance waits for what another one has locked. */
async function hasWaiter(world: World): Promise<boolean> {
  const [row] = await world.queryStore(
    `SELECT count(*)::int AS count FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE NOT granted AND datname = current_database() AND application_name = 'nestjs-vault-key'`,
  );
  return Number(row?.['count']) > 0;
}

const holdsLocks: Fault = {
  name: 'an instance is paused in the middle of its transaction, with its locks',
  on: ['postgres'],
  setting: { members: 2, ttlMs: 6_000 },
  async strike(world) {
    const { struck, other, agents } = world;
    const key = await world.freshKey();
    await agents.rest();
    struck.isShunned = true;
    const stop = struck.stopCommit('before');
    const sent = agents.pay(struck, key, MARK);
    await stop.reached;
    struck.signal('SIGSTOP');
    agents.goOn();
    const began = performance.now();
    // The same key: its balance is locked.
    await until(
      async () => (await agents.pay(other, key, 100)).answer?.status === 200,
      () => 'the other instance is held up',
      8_000,
    );
    const waited = ((performance.now() - began) / 1_000).toFixed(1);
    struck.signal('SIGCONT');
    stop.open();
    await sent;
    struck.isShunned = false;
    return `the other one waited ${waited} s for its locks`;
  },
};

const lateBatch: Fault = {
  name: 'a batch of an instance that was declared dead comes late, before it knows',
  on: ['postgres'],
  setting: { members: 2, ttlMs: 5_000 },
  async strike(world) {
    const { struck, agents, vendor } = world;
    const key = await world.freshKey();
    await agents.rest();
    struck.isShunned = true;
    const writers = async () =>
      (await world.queryStore('SELECT id FROM vault_key.writers WHERE closed_at IS NULL')).map(
        ({ id }) => String(id),
      );
    const before = await writers();
    // Which of them it is shows by its next batch: each moves its own number.
    const counts = async () =>
      new Map(
        (await world.queryStore('SELECT id, batch FROM vault_key.writers')).map(({ id, batch }) => [
          String(id),
          Number(batch),
        ]),
      );
    const first = await counts();
    await agents.revoke(struck, await issued(world, struck));
    const second = await counts();
    const id = before.find((each) => second.get(each) !== first.get(each));
    if (id === undefined) throw new Error('no writer has moved');
    const held = vendor.hold(({ params }) => params['amount'] === String(MARK));
    const stop = struck.way?.stopLoad();
    const sent = agents.pay(struck, key, MARK);
    await stop?.reached;
    await world.queryStore(
      `UPDATE vault_key.writers SET closed_at = vault_key.now_ms(), reaped_at = vault_key.now_ms() WHERE id = '${id}'`,
    );
    stop?.open();
    await held.arrived;
    // What it has decided belongs to another instance, which others end when it dies.
    world.hasDeaths = true;
    await struck.kill();
    held.release();
    await sent;
    await struck.start();
    struck.isShunned = false;
    agents.goOn();
    const [row] = await world.queryStore(
      `SELECT count(*)::int AS count FROM vault_key.holds WHERE writer = '${id}' AND state = 'held'`,
    );
    if (row?.['count'] !== 0) throw new Error('it has written in spite of its fence');
    return 'it went on as another instance';
  },
};

async function issued(world: World, member: Member): Promise<AgentKey> {
  const key = await world.agents.issue(member, 'fault');
  if (key === undefined) throw new Error('no key was issued');
  return key;
}

export const REAPER_FAULTS: readonly Fault[] = [diesHalfWay, twoAtOnce, holdsLocks, lateBatch];
