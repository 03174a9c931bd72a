import { PostgresServer } from '../support/postgres-server';
import { APPLICATION_FAULTS } from './groups/applications';
import { CHAOS_FAULTS } from './groups/chaos';
import { CLIENT_FAULTS } from './groups/clients';
import { CLOCK_FAULTS } from './groups/clocks';
import { DEPLOY_FAULTS } from './groups/deploys';
import { FAILOVER_FAULTS } from './groups/failovers';
import { INSTANCE_FAULTS } from './groups/instances';
import { NETWORK_FAULTS } from './groups/network';
import { REAPER_FAULTS } from './groups/reapers';
import { SERVER_FAULTS } from './groups/servers';
import { VENDOR_FAULTS } from './groups/vendors';
import type { Fault } from './harness/fault';
import { playFault, tableOf } from './harness/play';
import type { PlayedFault, SkippedFault } from './harness/play';
import type { StoreKind } from './harness/world';

/** All faults that have a name, by what they strike. */
export const GROUPS: Readonly<Record<string, readonly Fault[]>> = {
  instances: INSTANCE_FAULTS,
  'what instances leave': REAPER_FAULTS,
  'the network': NETWORK_FAULTS,
  servers: SERVER_FAULTS,
  replicas: FAILOVER_FAULTS,
  'the vendor': VENDOR_FAULTS,
  clients: CLIENT_FAULTS,
  clocks: CLOCK_FAULTS,
  applications: APPLICATION_FAULTS,
  'a deploy': DEPLOY_FAULTS,
  'all of them': CHAOS_FAULTS,
};

const SEED = Number(process.env['FAULTS_SEED'] ?? Date.now() % 1_000_000_000);

/** Parts of names, with a `;` between them: what CI may leave out where it cannot be played. */
const MAY_SKIP = (process.env['FAULTS_MAY_SKIP'] ?? '').split(';').filter((part) => part !== '');

/** Defines a test for each fault and store, which print what was looked at, and a table at the end. */
export function defineFaults(groups: Readonly<Record<string, readonly Fault[]>>): void {
  const played: PlayedFault[] = [];
  const skipped: SkippedFault[] = [];
  let server: Promise<PostgresServer> | undefined;
  const shared = (): Promise<PostgresServer> => (server ??= PostgresServer.start());
  beforeAll(() => process.stdout.write(`FAULTS_SEED=${SEED} draws the same load again\n`));
  afterAll(async () => {
    process.stdout.write(tableOf(played, skipped));
    await (await server)?.remove();
  });

  describe.each(Object.entries(groups))('what happens to %s', (_group, faults) => {
    const plays = faults.flatMap((fault) =>
      fault.on.map((on): [string, StoreKind, Fault] => [fault.name, on, fault]),
    );
    it.each(plays)('%s (%s)', async (name, on, fault) => {
      const reason = fault.cannotPlay?.();
      if (reason !== undefined) {
        process.stdout.write(`not played here, ${name} (${on}): ${reason}\n`);
        skipped.push({ name, on, reason });
        if (!isCi() || MAY_SKIP.some((part) => name.includes(part))) return;
        throw new Error(
          `it cannot be played here (${reason}), and FAULTS_MAY_SKIP does not name it`,
        );
      }
      try {
        const one = await playFault(fault, on, SEED, shared);
        played.push(one);
        process.stdout.write(
          `${name} (${on}), ${one.seconds.toFixed(1)} s: ${one.findings.join('; ')}\n`,
        );
      } catch (error) {
        const failure = (error as Error).message;
        process.stdout.write(`FAILED ${failure}\n`);
        played.push({ name, on, seconds: 0, findings: [], failure });
        throw error;
      }
    });
  });
}

function isCi(): boolean {
  return process.env['CI'] === 'true';
}
