import { Client } from 'pg';
import type { PostgresServer } from '../../support/postgres-server';
import { until } from '../../support/until';
import type { Fault, FaultyServer } from '../harness/fault';
import { SmallDiskServer } from '../harness/small-disk';
import { processTree, query } from '../harness/stores';
import type { World } from '../harness/world';

type Server = FaultyServer | PostgresServer;

/** A fault of the server that the faults share; it is well again after it. */
function ofServer(
  name: string,
  strike: (world: World, server: PostgresServer) => Promise<string | void>,
  more: Partial<Fault> = {},
): Fault {
  return {
    name,
    on: ['postgres'],
    ...more,
    strike: (world: World, server: Server) => strike(world, server as PostgresServer),
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts a server whose last processes may still be ending. */
export async function beginAgain(server: PostgresServer, given: string[] = []): Promise<void> {
  for (let left = 20; ; left--) {
    try {
      await server.begin(given);
      return;
    } catch (error) {
      if (left === 0) throw error;
      await pause(100);
    }
  }
}

const stopped = ofServer('PostgreSQL is stopped, and started after 2 s', async (_world, server) => {
  await server.end('SIGINT');
  await pause(2_000);
  await beginAgain(server);
});

/** As the loss of its power does: all of its processes end at once. */
export async function killServer(server: PostgresServer): Promise<void> {
  const tree = processTree(server.pid);
  const ended = server.end('SIGKILL');
  for (const pid of tree.slice(1)) kill(pid, 'SIGKILL');
  await ended;
}

const killed = ofServer(
  'PostgreSQL is killed, with all its processes, and started',
  async (_world, server) => {
    await killServer(server);
    await beginAgain(server);
  },
);

const restarted = ofServer(
  'PostgreSQL is restarted three times in a row',
  async (world, server) => {
    for (let left = 3; left > 0; left--) {
      await server.end('SIGINT');
      await beginAgain(server);
      await world.untilPaid(3);
    }
  },
);

const paused = ofServer(
  'PostgreSQL is paused for 8 s',
  async (world, server) => {
    const { refused } = world.record;
    const tree = processTree(server.pid);
    for (const pid of tree) kill(pid, 'SIGSTOP');
    try {
      await pause(8_000);
    } finally {
      for (const pid of tree) kill(pid, 'SIGCONT');
    }
    if (world.record.refused === refused) throw new Error('nobody was refused meanwhile');
  },
  { setting: { ttlMs: 4_000 } },
);

const backendKilled = ofServer(
  'a process of PostgreSQL is killed in the middle of its work, so that all others end',
  async (world) => {
    const [row] = await query(
      world.url,
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'nestjs-vault-key' AND datname = current_database() LIMIT 1",
    );
    kill(Number(row?.['pid']), 'SIGKILL');
    await pause(1_000);
  },
);

const terminated = ofServer(
  'an administrator ends all connections, ten times in a row',
  async (world) => {
    for (let left = 10; left > 0; left--) {
      await query(
        world.url,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'nestjs-vault-key' AND datname = current_database()`,
      ).catch(() => []);
      await pause(200);
    }
  },
);

const outOfConnections = ofServer('PostgreSQL is out of connections', async (world, server) => {
  await server.end('SIGINT');
  await beginAgain(server, ['max_connections=16', 'superuser_reserved_connections=0']);
  await world.untilPaid(3);
  const takers: Client[] = [];
  const take = async (): Promise<boolean> => {
    const client = new Client({ connectionString: world.url });
    client.on('error', () => {});
    try {
      await client.connect();
      takers.push(client);
      return true;
    } catch {
      return false;
    }
  };
  while (await take());
  const { refused } = world.record;
  // Those that the instances have are taken from them too.
  await takers[0]?.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nestjs-vault-key'`,
  );
  const deadline = performance.now() + 2_500;
  while (performance.now() < deadline) if (!(await take())) await pause(20);
  const isRefused = world.record.refused > refused;
  const count = takers.length;
  await Promise.all(takers.map((client) => client.end()));
  await server.end('SIGINT');
  await beginAgain(server);
  if (!isRefused) throw new Error('nobody was refused meanwhile');
  return `${count} of 16 connections taken by others`;
});

const readOnly = ofServer(
  'PostgreSQL takes no writes, as after a failover',
  async (world, server) => {
    const key = await world.freshKey();
    await server.end('SIGINT');
    await server.beginAsStandby();
    try {
      await until(
        async () => (await world.agents.pay(world.struck, key, 100)).answer?.status === 503,
        () => 'no call is refused',
      );
      const { status } = await world.struck.broker.api('GET', '/readyz');
      if (status !== 503) throw new Error(`/readyz answered ${status}`);
    } finally {
      await server.query('postgres', 'SELECT pg_promote()');
    }
  },
);

const locked = ofServer(
  'somebody locks a table of the store for 7 s',
  async (world) => {
    const client = new Client({ connectionString: world.url });
    await client.connect();
    await client.query('BEGIN');
    await client.query('LOCK TABLE vault_key.holds IN ACCESS EXCLUSIVE MODE');
    await pause(7_000);
    await client.query('ROLLBACK');
    await client.end();
  },
  { setting: { ttlMs: 6_000 } },
);

const diskFull: Fault = {
  name: 'the disk of PostgreSQL is full for a while',
  on: ['postgres'],
  cannotPlay: () => SmallDiskServer.reasonNot,
  server: () => SmallDiskServer.start(),
  async strike(world, server) {
    const disk = server as SmallDiskServer;
    const { refused } = world.record;
    disk.fill();
    await until(
      () => world.record.refused > refused,
      () => `nobody is refused: ${world.describeAnswers()}`,
    );
    await pause(2_000);
    const hadEnded = await disk.free();
    return hadEnded ? 'the server had ended, and was started again' : 'the server went on';
  },
};

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

export const SERVER_FAULTS: readonly Fault[] = [
  stopped,
  killed,
  restarted,
  paused,
  backendKilled,
  terminated,
  outOfConnections,
  readOnly,
  locked,
  diskFull,
];
