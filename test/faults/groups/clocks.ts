import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFile } from '../../support/broker-process';
import { until } from '../../support/until';
import type { Fault } from '../harness/fault';
import type { Member } from '../harness/member';
import { query } from '../harness/stores';
import type { World } from '../harness/world';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const SHIFTED_CLOCK = join(__dirname, '../../support/shifted-clock.js');

/** An instance whose machine's clock is set by what a file says, in milliseconds. */
function shiftable(file: string) {
  writeFileSync(file, '0');
  return { NODE_OPTIONS: `--require=${SHIFTED_CLOCK}`, SHIFTED_WALL_FILE: file };
}

function wallJumps(name: string, byMs: number): Fault {
  const file = temporaryFile('clock');
  return {
    name,
    on: ['postgres', 'sqlite'],
    get setting() {
      return { env: shiftable(file) };
    },
    async strike(world) {
      const before = await expiries(world);
      writeFileSync(file, String(byMs));
      await world.untilPaid(20);
      await untilOff(world.struck, byMs);
      // On PostgreSQL the server's clock decides, and nobody is told of this one.
      if (world.kind === 'sqlite') await untilSays(world.struck, "the machine's clock was set");
      const after = await expiries(world);
      // A life of 5 minutes from now, by a clock that has not moved.
      if (Math.abs(after - before) > HOUR_MS / 2) {
        throw new Error(`a key's end has moved by ${after - before} ms`);
      }
      writeFileSync(file, '0');
      return 'keys end when they would have';
    },
  };
}

/** Waits until an instance has a clock that is off by so much. */
function untilOff(member: Member, byMs: number): Promise<void> {
  return untilSays(member, `has a clock that is off by ${byMs} ms`);
}

function untilSays(member: Member, text: string): Promise<void> {
  return until(
    () => member.broker.output.includes(text),
    () => `${member.name} has not said "${text}": ${member.broker.output.slice(-500)}`,
    20_000,
  );
}

/** When a key ends that is issued now. */
async function expiries({ struck }: World): Promise<number> {
  const { body } = await struck.broker.api('POST', '/v1/keys', {
    label: 'clock',
    vendor: 'stripe',
    daily_usd_cap: 1,
    allowed_endpoints: ['/v1/payment_intents'],
  });
  return Date.parse(body.expires_at as string);
}

const startsOff: Fault = {
  name: 'an instance starts with its clock a day ahead, another one with its clock a day behind',
  on: ['postgres'],
  async strike(world) {
    const before = await expiries(world);
    for (const [member, shift] of [
      [world.struck, DAY_MS],
      [world.other, -DAY_MS],
    ] as const) {
      const file = temporaryFile('clock');
      const env = shiftable(file);
      writeFileSync(file, String(shift));
      await member.stop();
      await member.start({ env });
      await untilOff(member, shift);
    }
    const after = await expiries(world);
    if (Math.abs(after - before) > HOUR_MS / 2) {
      throw new Error(`a key's end has moved by ${after - before} ms`);
    }
    await world.untilPaid(20);
    return 'the clock of the server decides';
  },
};

const startsBehind: Fault = {
  name: 'a start on a file whose clock is an hour behind is refused',
  on: ['sqlite'],
  async strike(world) {
    const { struck } = world;
    const file = temporaryFile('clock');
    const env = shiftable(file);
    await struck.stop();
    writeFileSync(file, String(-HOUR_MS));
    const refused = await struck.startRefused({ env });
    if (refused.code !== 2 || !/clock/.test(refused.stderr)) {
      throw new Error(`it ended with ${refused.code} and said ${refused.stderr}`);
    }
    writeFileSync(file, '0');
    await struck.start();
    return refused.stderr
      .replace(/^\[test\].*\n/gm, '')
      .trim()
      .slice(0, 120);
  },
};

/** The one place where the store reads its server's clock. */
const setClock = (world: World, aheadMs: number): Promise<unknown> =>
  query(
    world.url,
    `CREATE OR REPLACE FUNCTION vault_key.now_ms() RETURNS bigint LANGUAGE sql VOLATILE
     RETURN (extract(epoch FROM clock_timestamp()) * 1000)::bigint + ${aheadMs}`,
  );

const serverAhead: Fault = {
  name: 'the clock of the server jumps an hour ahead, and back',
  on: ['postgres'],
  excuses: { endsKeys: true },
  async strike(world) {
    const { agents, struck, other } = world;
    const key = await world.freshKey();
    const lives = async (): Promise<number> => {
      const [row] = await query(
        world.url,
        'SELECT count(*)::int AS dead FROM vault_key.writers WHERE closed_at IS NOT NULL',
      );
      return Number(row?.['dead']);
    };
    const before = await lives();
    await setClock(world, HOUR_MS);
    await world.untilPaid(20);
    // Its 5 minutes are over by now, and it stays so.
    for (const member of [struck, other]) {
      const { answer } = await agents.pay(member, key, 100);
      if (answer?.status !== 401)
        throw new Error(`the key that ended was answered ${answer?.text}`);
    }
    agents.addEnded(key);
    await setClock(world, 0);
    for (const member of [struck, other]) {
      const { answer } = await agents.pay(member, key, 100);
      if (answer?.status !== 401) throw new Error(`the key is back: ${answer?.text}`);
    }
    await world.untilPaid(20);
    if ((await lives()) !== before) throw new Error('a living instance was declared dead');
    return 'a key that ended does not come back, and no living instance is declared dead';
  },
};

const serverBehind: Fault = {
  name: 'the clock of the server jumps an hour back, and ahead again',
  on: ['postgres'],
  async strike(world) {
    const { agents } = world;
    const key = await world.freshKey({ expires_in: '1s' });
    const statusAt = async (member: Member): Promise<number | undefined> =>
      (await agents.pay(member, key, 100)).answer?.status;
    for (const member of world.members) {
      await until(
        async () => (await statusAt(member)) === 401,
        () => `the key of 1 s has not ended at ${member.name}`,
      );
    }
    agents.addEnded(key);
    await setClock(world, -HOUR_MS);
    await world.untilPaid(20);
    for (const member of world.members) {
      const answer = await agents.tryEnded(member, key);
      if (answer?.status !== 401) throw new Error(`the key is back: ${answer?.text}`);
    }
    await setClock(world, 0);
    return 'a key that ended does not come back';
  },
};

export const CLOCK_FAULTS: readonly Fault[] = [
  wallJumps("the machine's clock is set a day ahead", DAY_MS),
  wallJumps("the machine's clock is set a day back", -DAY_MS),
  startsOff,
  startsBehind,
  serverAhead,
  serverBehind,
];
