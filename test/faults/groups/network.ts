import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { temporaryFile } from '../../support/broker-process';
import { until } from '../../support/until';
import type { Fault } from '../harness/fault';
import type { Member } from '../harness/member';
import type { CommitMoment } from '../harness/postgres-proxy';
import type { World } from '../harness/world';

const MARK = 1_234;

async function withoutLoad(world: World, member: Member, work: () => Promise<void>): Promise<void> {
  await world.agents.rest();
  member.isShunned = true;
  world.agents.goOn();
  await work();
  member.isShunned = false;
}

/** Something that an instance writes, and what its caller is told. */
interface Deed {
  name: string;
  /** Does it; `stop` gives the COMMIT that is meant. */
  run(world: World, stop: () => Promise<void>): Promise<boolean>;
}

const DEEDS: readonly Deed[] = [
  {
    name: 'an issue',
    async run({ struck, agents }, stop) {
      const issued = agents.issue(struck, 'fault');
      await stop();
      return (await issued) !== undefined;
    },
  },
  {
    name: 'a revocation',
    async run(world, stop) {
      const key = await world.freshKey();
      const revoked = world.agents.revoke(world.struck, key);
      await stop();
      return revoked;
    },
  },
  {
    name: 'a hold',
    async run(world, stop) {
      const key = await world.freshKey();
      const sent = world.agents.pay(world.struck, key, MARK);
      await stop();
      return (await sent).answer?.status === 200;
    },
  },
  {
    name: 'a settlement',
    async run(world, stop) {
      const { struck, agents, vendor } = world;
      const key = await world.freshKey();
      const held = vendor.hold(({ params }) => params['amount'] === String(MARK));
      const sent = agents.pay(struck, key, MARK);
      await held.arrived;
      const stopping = stop();
      held.release();
      await stopping;
      return (await sent).answer?.status === 200;
    },
  },
];

function commitLost(deed: Deed, moment: CommitMoment): Fault {
  const what = moment === 'after' ? 'the answer to the COMMIT' : 'the COMMIT itself';
  return {
    name: `${what} of ${deed.name} is lost`,
    on: ['postgres'],
    isQuick: moment === 'after' && deed.name === 'a hold',
    async strike(world) {
      const { struck } = world;
      await withoutLoad(world, struck, async () => {
        const isDone = await deed.run(world, async () => {
          const stop = struck.stopCommit(moment);
          await stop.reached;
          stop.cut();
        });
        // What has arrived is found out, and told as if nothing had been.
        if (moment === 'after' && !isDone) throw new Error(`${deed.name} was refused`);
      });
    },
  };
}

const lostAndAway: Fault = {
  name: 'the answer to the COMMIT of a hold is lost, and the server stays away for 3 s',
  on: ['postgres'],
  async strike(world) {
    const { struck, agents } = world;
    const key = await world.freshKey();
    await withoutLoad(world, struck, async () => {
      const stop = struck.stopCommit('after');
      const sent = agents.pay(struck, key, MARK);
      await stop.reached;
      const { way } = struck;
      if (way === undefined) throw new Error('there is no way to the server');
      way.isShut = true;
      way.cut();
      stop.cut();
      const { payment, answer } = await sent;
      if (answer?.status !== 503) throw new Error(`the call was answered ${answer?.text}`);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      way.isShut = false;
      // Its caller tries again, with the same Idempotency-Key.
      await until(
        async () => (await agents.send(world.other, payment)).answer?.status === 200,
        () => 'the retry does not pass',
      );
    });
  },
};

function latency(ms: number, payments: number): Fault {
  return {
    name: `the way to the server takes ${ms} ms more, both ways`,
    on: ['postgres'],
    setting: { ttlMs: 6_000 },
    async strike(world) {
      for (const { way } of world.members) if (way !== undefined) way.latencyMs = ms;
      await world.untilPaid(payments);
      for (const { way } of world.members) if (way !== undefined) way.latencyMs = 0;
      return `${payments} payments meanwhile`;
    },
  };
}

const flapping: Fault = {
  name: 'connections to the server end all the time, wherever their transactions are',
  on: ['postgres'],
  async strike(world) {
    const until = performance.now() + 4_000;
    let cuts = 0;
    while (performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, world.random.int(20, 150)));
      world.random.pick(world.members)?.way?.cut();
      cuts += 1;
    }
    return `cut ${cuts} times`;
  },
};

/** A way that is open and brings nothing: both sides wait. */
function halfOpen(name: string, begin: (world: World) => void): Fault {
  return {
    name,
    on: ['postgres'],
    async strike(world) {
      const { struck, agents } = world;
      const key = await world.freshKey();
      world.hasDeaths = true;
      begin(world);
      const began = performance.now();
      const { answer } = await agents.pay(struck, key, MARK);
      const waited = performance.now() - began;
      if (answer?.status !== 503) throw new Error(`the call was answered ${answer?.text}`);
      await world.untilPaid(5);
      struck.way?.thaw();
      struck.way?.cut();
      return `503 after ${(waited / 1_000).toFixed(1)} s, and the other instance went on`;
    },
  };
}

const cutOff: Fault = {
  name: 'an instance is cut off from the store beyond its life, and comes back',
  on: ['postgres'],
  async strike(world) {
    const { struck, other, agents, vendor } = world;
    const key = await world.freshKey();
    const held = vendor.hold(({ params }) => params['amount'] === String(MARK));
    const sent = agents.pay(struck, key, MARK);
    await held.arrived;
    world.hasDeaths = true;
    const { way } = struck;
    if (way === undefined) throw new Error('there is no way to the server');
    way.isShut = true;
    way.cut();
    await until(
      async () =>
        (await other.broker.api('GET', '/v1/holds?state=unknown&limit=1000')).body.holds.some(
          ({ key_id: id }: { key_id: string }) => id === key.id,
        ),
      () => 'its hold is not unknown',
      2 * world.ttlMs + 3_000,
    );
    // The vendor has answered; the one that is cut off keeps the settlement until it is back.
    held.release();
    const { answer } = await sent;
    way.isShut = false;
    await until(
      async () => (await other.broker.money(key)).spent === 12.34,
      async () => JSON.stringify(await other.broker.money(key)),
    );
    return `its call in flight was answered ${answer?.status} and is settled`;
  },
};

/** How a command gets mounts of its own here: as root, or as root of a user namespace. */
export const namespaceOptions = [['-m'], ['-rm']].find(
  (options) =>
    spawnSync('unshare', [...options, 'sh', '-c', 'mount -t tmpfs tmpfs /tmp']).status === 0,
);

/** A name that a broker's own /etc/hosts knows, until it does not. */
function nameFails(whose: 'the store' | 'the vendor'): Fault {
  const hosts = temporaryFile('hosts');
  const known = '127.0.0.1 localhost store.test\n';
  // Nothing else is asked: a name that is not in the file is not known at all.
  const switches = temporaryFile('nsswitch.conf');
  const mounts = `mount --bind ${hosts} /etc/hosts && mount --bind ${switches} /etc/nsswitch.conf && exec "$0" "$@"`;
  return {
    name: `the name of ${whose} is not resolved for a while`,
    on: whose === 'the store' ? ['postgres'] : ['postgres', 'sqlite'],
    cannotPlay: () => {
      if (namespaceOptions !== undefined) {
        writeFileSync(hosts, known);
        writeFileSync(switches, 'hosts: files\n');
        return undefined;
      }
      return 'nobody may have mounts of its own';
    },
    setting: {
      within: ['unshare', ...(namespaceOptions ?? []), 'sh', '-c', mounts],
      ...(whose === 'the store' ? { storeHost: 'store.test' } : { vendorHost: 'localhost' }),
    },
    async strike(world) {
      const { struck, agents, members, vendorWay } = world;
      const key = await world.freshKey();
      writeFileSync(hosts, '# nothing\n');
      // What is connected stays so: the names are asked for when connections are made again.
      for (const { way } of members) way?.cut();
      vendorWay.cut();
      const expected = whose === 'the store' ? 503 : 502;
      let answered = '';
      await until(
        async () => {
          const { answer } = await agents.pay(struck, key, 100);
          answered = `${answer?.status} ${String(answer?.headers['x-vault-key-verdict'])}`;
          return answer?.status === expected;
        },
        () => `a call was answered ${answered}`,
      );
      writeFileSync(hosts, known);
      return `calls were answered ${answered} meanwhile`;
    },
  };
}

export const NETWORK_FAULTS: readonly Fault[] = [
  ...DEEDS.map((deed) => commitLost(deed, 'after')),
  ...DEEDS.map((deed) => commitLost(deed, 'before')),
  lostAndAway,
  latency(2, 40),
  latency(200, 6),
  flapping,
  halfOpen('connections to the server are half-open, both ways', ({ struck }) => {
    if (struck.way !== undefined) struck.way.isFrozen = true;
  }),
  halfOpen('what is sent reaches the server, and its answers do not come back', ({ struck }) => {
    if (struck.way !== undefined) struck.way.isDeaf = true;
  }),
  cutOff,
  nameFails('the store'),
  nameFails('the vendor'),
];
