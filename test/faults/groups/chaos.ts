import type { PostgresServer } from '../../support/postgres-server';
import type { Fault } from '../harness/fault';
import type { Member } from '../harness/member';
import type { World } from '../harness/world';
import { beginAgain, killServer } from './servers';

const SECONDS = Number(process.env['FAULTS_CHAOS_SECONDS'] ?? 20);
const KILL_EVERY_MS = 2_000;
/** When the server is killed, of the whole time. */
const SERVER_KILLS = [0.4, 0.7];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Kills an instance, and starts it again however long its server is away. */
async function killAndStart(world: World, member: Member): Promise<void> {
  world.hasDeaths = true;
  await member.kill();
  await pause(200);
  // A server that was killed may take a while to start.
  for (let left = 200; ; left--) {
    try {
      await member.start();
      return;
    } catch (error) {
      if (left === 0) throw error;
      await pause(300);
    }
  }
}

const chaos: Fault = {
  name: `an instance of four is killed every 2 s for ${SECONDS} s, and PostgreSQL is killed twice`,
  on: ['postgres'],
  setting: { members: 4, load: 3 },
  async strike(world, shared) {
    const server = shared as PostgresServer;
    const began = performance.now();
    const starting: Promise<void>[] = [];
    const track = (started: Promise<void>): void => {
      started.catch(() => {});
      starting.push(started);
    };
    const serverKills = SERVER_KILLS.map((part) => part * SECONDS * 1_000);
    let serverIsBack = Promise.resolve();
    let kills = 0;
    let nextKill = KILL_EVERY_MS;
    while (performance.now() - began < SECONDS * 1_000) {
      await pause(50);
      const passed = performance.now() - began;
      if (passed >= nextKill) {
        nextKill += KILL_EVERY_MS;
        const member = world.random.pick(world.live);
        if (member !== undefined) {
          kills += 1;
          track(killAndStart(world, member));
        }
      }
      if (passed >= (serverKills[0] ?? Infinity)) {
        serverKills.shift();
        // Never while it is still starting after the one before.
        serverIsBack = serverIsBack.then(async () => {
          await killServer(server);
          await pause(300);
          await beginAgain(server);
        });
        track(serverIsBack);
      }
    }
    await Promise.all(starting);
    return `${kills} instances and ${SERVER_KILLS.length} servers killed`;
  },
};

export const CHAOS_FAULTS: readonly Fault[] = [chaos];
