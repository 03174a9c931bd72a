import { until } from '../../support/until';
import type { Fault } from '../harness/fault';
import type { Member } from '../harness/member';
import type { CommitMoment } from '../harness/postgres-proxy';
import type { World } from '../harness/world';

const BOTH = ['postgres', 'sqlite'] as const;

/** Has the load leave an instance alone, so that its next COMMIT is the one that is meant. */
async function leaveAlone(world: World, member: Member): Promise<void> {
  await world.agents.rest();
  if (world.kind === 'sqlite') return;
  member.isShunned = true;
  world.agents.goOn();
}

/** Kills an instance where it stands, and starts it again. */
async function killAndStart(world: World, member: Member): Promise<void> {
  world.hasDeaths = true;
  await member.kill();
  await member.start();
  member.isShunned = false;
  world.agents.goOn();
}

function killAtIssue(moment: CommitMoment): Fault {
  return {
    name: `an instance is killed at an issue, ${moment} its COMMIT`,
    on: BOTH,
    async strike(world) {
      const { struck, agents } = world;
      await leaveAlone(world, struck);
      const stop = struck.stopCommit(moment);
      const issued = agents.issue(struck, 'fault');
      await stop.reached;
      await killAndStart(world, struck);
      if ((await issued) !== undefined) throw new Error('an issue was answered before its COMMIT');
    },
  };
}

function killAtRevoke(moment: CommitMoment): Fault {
  return {
    name: `an instance is killed at a revocation, ${moment} its COMMIT`,
    on: BOTH,
    async strike(world) {
      const { struck, agents } = world;
      const key = await world.freshKey();
      await leaveAlone(world, struck);
      const stop = struck.stopCommit(moment);
      const revoked = agents.revoke(struck, key);
      await stop.reached;
      await killAndStart(world, struck);
      if (await revoked) throw new Error('a revocation was answered before its COMMIT');
      // Asked again, as its client does.
      await until(
        () => agents.revoke(struck, key),
        () => 'the revocation is not acknowledged',
      );
    },
  };
}

function killAtHold(moment: CommitMoment): Fault {
  return {
    name: `an instance is killed at a hold, ${moment} its COMMIT`,
    on: BOTH,
    isQuick: moment === 'before',
    async strike(world) {
      const { struck, agents, vendor } = world;
      const key = await world.freshKey();
      await leaveAlone(world, struck);
      const stop = struck.stopCommit(moment);
      const sent = agents.pay(struck, key, 1_234);
      await stop.reached;
      await killAndStart(world, struck);
      const { payment } = await sent;
      const arrived = vendor.book.entries.some(
        ({ idempotencyKey }) => idempotencyKey === payment.idempotencyKey,
      );
      if (arrived) throw new Error('a call has left before its hold was written');
    },
  };
}

/** The hold is there, and the call has not arrived at the vendor. */
const killBeforeArrival: Fault = {
  name: 'an instance is killed between hold and forward',
  on: BOTH,
  async strike(world) {
    const { struck, agents, vendorWay } = world;
    const key = await world.freshKey();
    await leaveAlone(world, struck);
    vendorWay.isFrozen = true;
    const sent = agents.pay(struck, key, 1_234);
    await until(
      async () => {
        const { body } = await struck.broker.api('GET', `/v1/keys/${key.id}`);
        return body.held_usd === 12.34;
      },
      () => 'the hold is not written',
    );
    await killAndStart(world, struck);
    vendorWay.cut();
    vendorWay.thaw();
    await sent;
  },
};

function killAtVendor(moment: 'before' | 'after'): Fault {
  const name =
    moment === 'before'
      ? 'an instance is killed while the vendor has not executed its call yet'
      : 'an instance is killed between forward and settlement, while the vendor answers';
  return {
    name,
    on: BOTH,
    isQuick: moment === 'after',
    async strike(world) {
      const { struck, agents, vendor } = world;
      const key = await world.freshKey();
      await leaveAlone(world, struck);
      const held = vendor.hold(({ params }) => params['amount'] === '1234', { at: moment });
      const sent = agents.pay(struck, key, 1_234);
      await held.arrived;
      await killAndStart(world, struck);
      held.release();
      const { payment } = await sent;
      if (payment.isPaid) throw new Error('a dead instance has answered');
      // The same payment at another instance counts once.
      await until(
        async () => (await agents.send(world.other, payment)).answer?.status === 200,
        () => 'the retry does not pass',
      );
    },
  };
}

function killAtSettlement(moment: CommitMoment): Fault {
  return {
    name: `an instance is killed at a settlement, ${moment} its COMMIT`,
    on: BOTH,
    async strike(world) {
      const { struck, agents, vendor } = world;
      const key = await world.freshKey();
      await leaveAlone(world, struck);
      const held = vendor.hold(({ params }) => params['amount'] === '1234');
      const sent = agents.pay(struck, key, 1_234);
      await held.arrived;
      const stop = struck.stopCommit(moment);
      held.release();
      await stop.reached;
      await killAndStart(world, struck);
      await sent;
    },
  };
}

const killAll: Fault = {
  name: 'all instances are killed at once under load, and started again',
  on: BOTH,
  async strike(world) {
    world.hasDeaths = true;
    const { members } = world;
    await Promise.all(members.map((member) => member.kill()));
    await Promise.all(members.map((member) => member.start()));
  },
};

const stopInOrder: Fault = {
  name: 'an instance is stopped with SIGTERM under load, and started again',
  on: BOTH,
  isQuick: true,
  async strike(world) {
    const { struck } = world;
    const { code, stderr } = await struck.stop();
    if (code !== 0) throw new Error(`it ended with ${code}: ${stderr}`);
    await struck.start();
    return 'it ended with 0';
  },
};

/** Waits until a hold of a key is unknown, by the word of an instance that lives. */
async function untilUnknown({ other, ttlMs }: World, keyId: string): Promise<void> {
  await until(
    async () => {
      const { body } = await other.broker.api('GET', '/v1/holds?state=unknown&limit=1000');
      return (body.holds as { key_id: string }[]).some(({ key_id: id }) => id === keyId);
    },
    () => 'the hold of the instance that is gone is not unknown',
    2 * ttlMs + 3_000,
  );
}

/** @param lives For how long it is stopped, in lives of an instance. */
function pausedFor(lives: number): Fault {
  const isFenced = lives > 1;
  return {
    name: isFenced
      ? 'an instance is paused beyond its life, is fenced, and wakes'
      : 'an instance is paused for less than its life, and wakes',
    on: ['postgres'],
    async strike(world) {
      const { struck, other, agents, vendor, ttlMs } = world;
      const key = await world.freshKey();
      await leaveAlone(world, struck);
      const held = vendor.hold(({ params }) => params['amount'] === '1234');
      const sent = agents.pay(struck, key, 1_234);
      await held.arrived;
      struck.signal('SIGSTOP');
      if (isFenced) {
        world.hasDeaths = true;
        await untilUnknown(world, key.id);
      } else await new Promise((resolve) => setTimeout(resolve, ttlMs * lives));
      // It wakes in the middle of its call, and says how it went.
      held.release();
      struck.signal('SIGCONT');
      const { answer } = await sent;
      if (answer?.status !== 200) throw new Error(`its call was answered ${answer?.text}`);
      struck.isShunned = false;
      await until(
        async () => (await other.broker.money(key)).spent === 12.34,
        async () => JSON.stringify(await other.broker.money(key)),
      );
      if (!isFenced) return;
      // It is another instance to the store now: what it leaves is ended once more.
      const again = vendor.hold(({ params }) => params['amount'] === '1234');
      const cut = agents.pay(struck, key, 1_234);
      await again.arrived;
      await struck.kill();
      again.release();
      await untilUnknown(world, key.id);
      await cut;
      await struck.start();
      return 'its call in flight was unknown, and is settled by the one that woke; killed then, what it left is unknown too';
    },
  };
}

export const INSTANCE_FAULTS: readonly Fault[] = [
  killAtIssue('before'),
  killAtIssue('after'),
  killAtHold('before'),
  killAtHold('after'),
  killBeforeArrival,
  killAtVendor('before'),
  killAtVendor('after'),
  killAtSettlement('before'),
  killAtSettlement('after'),
  killAtRevoke('before'),
  killAtRevoke('after'),
  killAll,
  stopInOrder,
  pausedFor(0.5),
  pausedFor(2),
];
