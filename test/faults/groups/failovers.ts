import { until } from '../../support/until';
import type { Fault } from '../harness/fault';
import { ReplicatedServer, systemPostgres } from '../harness/replicated-server';
import type { World } from '../harness/world';

/** A fault of a primary and its replica. */
function ofPair(
  name: string,
  isSynchronous: boolean,
  strike: (world: World, server: ReplicatedServer) => Promise<string | void>,
  more: Partial<Fault> = {},
): Fault {
  return {
    name,
    on: ['postgres'],
    cannotPlay: () =>
      systemPostgres === undefined ? 'the system has no PostgreSQL of its own' : undefined,
    server: () => ReplicatedServer.start(isSynchronous),
    ...more,
    strike: (world, server) => strike(world, server as ReplicatedServer),
  };
}

async function failOver(world: World, server: ReplicatedServer): Promise<void> {
  await server.killPrimary();
  await server.promote();
  world.moveTo(server.atReplica(world.url));
}

const synchronous = ofPair(
  'the primary is killed, and a replica that it waited for is promoted',
  true,
  async (world, server) => {
    await world.untilPaid(20);
    await failOver(world, server);
    return 'nothing that was acknowledged is lost';
  },
);

const asynchronous = ofPair(
  'the primary is killed, and a replica that it did not wait for is promoted',
  false,
  async (world, server) => {
    server.part();
    const { paid } = world.record;
    await world.untilPaid(30);
    await world.agents.rest();
    const lost = world.record.paid - paid;
    world.hasDeaths = true;
    // What lives on knows more than the replica: instances are started again by who decides to go on.
    for (const member of world.members) await member.kill();
    await server.killPrimary();
    await server.promote();
    world.moveTo(server.atReplica(world.url));
    const [row] = await world.queryStore('SELECT count(*)::int AS count FROM vault_key.holds');
    const [known, told] = [Number(row?.['count']), world.record.paid];
    if (known >= told) throw new Error(`nothing is lost: ${known} holds are known`);
    world.forget();
    for (const member of world.members) await member.start();
    world.agents.goOn();
    return `of ${told} payments, ${lost} of them without the replica, ${known} holds are known after it`;
  },
  { excuses: { endsKeys: true } },
);

const outlived = ofPair(
  'instances that outlive a failover to a replica that was behind decide nothing until they are started again',
  false,
  async (world, server) => {
    const { members, agents } = world;
    await agents.rest();
    // One that the replica has, and that lives on.
    const key = await world.freshKey({ daily_usd_cap: 1_000 });
    await server.untilCaughtUp();
    server.part();
    for (const member of members) await agents.pay(member, key, 1_234);
    world.hasDeaths = true;
    await failOver(world, server);
    for (let tries = 0; tries < 5; tries++) {
      await Promise.all(
        members.map(async (member) => {
          const { answer } = await agents.pay(member, key, 100);
          if (answer?.headers['x-vault-key-verdict'] === 'forwarded') {
            throw new Error(`${member.name} let a call through`);
          }
          await until(
            async () => (await member.broker.api('GET', '/readyz')).status === 503,
            () => `${member.name} is ready`,
            2 * world.ttlMs,
          );
        }),
      );
    }
    world.forget();
    for (const member of members) {
      await member.kill();
      await member.start();
    }
    agents.goOn();
  },
  { excuses: { endsKeys: true } },
);

const warned = ofPair(
  'a start on a primary that waits for no replica says what a failover loses',
  false,
  async (world) => {
    await world.struck.stop();
    await world.struck.start();
    await world.struck.broker.says('waits for none');
  },
);

const replicaAway = ofPair(
  'the replica that the primary waits for is away for a while',
  true,
  async (world, server) => {
    const { refused } = world.record;
    server.part();
    await until(
      () => world.record.refused > refused,
      () => `nobody is refused: ${world.describeAnswers()}`,
      15_000,
    );
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    server.join();
    await world.untilWell();
  },
  { setting: { ttlMs: 6_000 } },
);

const toStandby = ofPair(
  'the way of an instance leads to the standby for a while',
  true,
  async (world, server) => {
    const { struck } = world;
    const { way } = struck;
    if (way === undefined) throw new Error('there is no way to the server');
    const key = await world.freshKey();
    const [primary = 0] = way.targets.splice(
      0,
      1,
      Number(new URL(server.atReplica(world.url)).port),
    );
    way.cut();
    world.hasDeaths = true;
    await until(
      async () => (await world.agents.pay(struck, key, 100)).answer?.status === 503,
      () => 'no call is refused',
    );
    const { answer } = await world.agents.pay(struck, key, 100);
    if (answer?.status !== 503) throw new Error(`a standby let a call through: ${answer?.text}`);
    way.targets.splice(0, 1, primary);
    way.cut();
  },
);

const startOnStandby = ofPair('a start on a standby is refused', true, async (world, server) => {
  const { other } = world;
  await other.stop();
  const [primary = 0] =
    other.way?.targets.splice(0, 1, Number(new URL(server.atReplica(world.url)).port)) ?? [];
  const { code, stderr } = await other.startRefused();
  other.way?.targets.splice(0, 1, primary);
  await other.start();
  if (code !== 2 || !/standby/.test(stderr)) throw new Error(`it ended with ${code}: ${stderr}`);
  return stderr.trim().slice(0, 160);
});

export const FAILOVER_FAULTS: readonly Fault[] = [
  synchronous,
  asynchronous,
  outlived,
  warned,
  replicaAway,
  toStandby,
  startOnStandby,
];
