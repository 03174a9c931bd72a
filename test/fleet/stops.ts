import { SeededRandom } from '../support/seeded-random';
import { until } from '../support/until';
import type { ProgramProcess } from '../support/program-process';
import { faultsTold, rethrowWithSeed } from './faults-told';
import { Fleet } from './fleet';
import type { FleetSize } from './fleet';
import type { StopKind, Target, Try } from './probe';

const KINDS: readonly StopKind[] = ['brake', 'revocation', 'end of a lease', 'budget of 0'];
const LANES = 2;
/** How many calls are admitted before the stop. */
const RUN_UP = { low: 1, high: 8 };
const REFUSALS = { low: 3, high: 8 };
/** What a call may be refused with once it is stopped, by the way it was stopped. */
const CODES: Record<StopKind, string> = {
  brake: 'braked',
  revocation: 'invalid_key',
  'end of a lease': 'invalid_key',
  'budget of 0': 'cap_exhausted',
};

export interface StopFigures {
  kind: StopKind;
  rounds: number;
  admittedBefore: number;
  /** Calls that were on their way when the answer came. */
  underWay: number;
  refusedAfter: number;
  admittedAfter: number;
  /** How soon after the answer the first call was begun, in microseconds: the least and the median. */
  soonestUs: number;
  medianSoonestUs: number;
  seconds: number;
}

/** Stops a key at one instance while all others call with it, over and over, until there were so many tries after the answers. */
export function playStops(size: FleetSize, tries: number, seed: number): Promise<StopFigures[]> {
  return rethrowWithSeed(seed, async () => {
    const random = new SeededRandom(seed);
    const fleet = await Fleet.start(size, { user: 100_000 });
    try {
      const figures: StopFigures[] = [];
      for (const kind of KINDS) figures.push(await playKind(fleet, kind, tries, random, seed));
      const admitted = figures.reduce((sum, { admittedBefore }) => sum + admittedBefore, 0);
      const executed = await fleet.vendor.executed();
      expect(executed.filter(({ movements }) => movements !== 1)).toEqual([]);
      expect(executed).toHaveLength(admitted);
      const verdict = await fleet.brokers[0]?.api('GET', '/v1/audit/verify');
      expect(verdict?.body).toMatchObject({ ok: true });
      await fleet.stop();
      await faultsTold(fleet);
      return figures;
    } finally {
      await fleet.close();
    }
  });
}

async function playKind(
  fleet: Fleet,
  kind: StopKind,
  wanted: number,
  random: SeededRandom,
  seed: number,
): Promise<StopFigures> {
  const begun = performance.now();
  const soonest: number[] = [];
  const sums = { rounds: 0, admittedBefore: 0, underWay: 0, refusedAfter: 0, admittedAfter: 0 };
  while (sums.refusedAfter + sums.admittedAfter < wanted) {
    if (sums.rounds === wanted) {
      throw new Error(`${kind}: in ${wanted} rounds hardly a call was begun after the answer`);
    }
    const name = `${seed}-${kind.replaceAll(' ', '-')}-${++sums.rounds}`;
    const { answeredAt, tries } = await playRound(fleet, kind, name, random, sums.rounds);
    const after = tries.filter(({ begunAt }) => begunAt > answeredAt);
    const before = tries.filter(({ begunAt }) => begunAt <= answeredAt);
    const late = after.filter(({ status }) => status === 200);
    if (late.length > 0) {
      const us = late.map((each) => Math.round((each.begunAt - answeredAt) / 1e3));
      throw new Error(`${name}: admitted after the answer, begun ${us.join()} µs after it`);
    }
    const others = tries.filter(({ status, code }) => status !== 200 && code !== CODES[kind]);
    expect(others).toEqual([]);
    sums.admittedBefore += before.filter(({ status }) => status === 200).length;
    sums.underWay += before.filter(({ endedAt }) => endedAt > answeredAt).length;
    sums.refusedAfter += after.length;
    if (after.length > 0) {
      soonest.push(Math.min(...after.map(({ begunAt }) => begunAt - answeredAt)) / 1e3);
    }
  }
  soonest.sort((one, other) => one - other);
  return {
    kind,
    ...sums,
    soonestUs: Math.round(soonest[0] ?? NaN),
    medianSoonestUs: Math.round(soonest[Math.floor(soonest.length / 2)] ?? NaN),
    seconds: Math.round((performance.now() - begun) / 1_000),
  };
}

/** One key, which all applications but one call with until that one has stopped it. */
async function playRound(
  fleet: Fleet,
  kind: StopKind,
  name: string,
  random: SeededRandom,
  round: number,
): Promise<{ answeredAt: number; tries: Try[] }> {
  const by = fleet.apps[round % fleet.apps.length] as ProgramProcess;
  const issuer = fleet.brokers[round % fleet.brokers.length];
  if (issuer === undefined) throw new Error('the fleet has no broker');
  const lease = await issuer.api('POST', '/v1/leases', { ttl_seconds: 600 });
  const leaseId = lease.body.id as string;
  const key = await issuer.issue({
    label: name,
    daily_usd_cap: 100_000,
    subject: { tenant_id: 'acme', user_id: name },
    budgets: { user: 100_000 },
    lease_id: leaseId,
  });
  const probing = fleet.apps
    .filter((app) => app !== by)
    .map((app, i) =>
      app.ask<Try[]>('probe', {
        token: key.token,
        lanes: LANES,
        refusals: random.int(REFUSALS.low, REFUSALS.high),
        name: `${name}-${i}`,
      }),
    );
  const runUp = random.int(RUN_UP.low, RUN_UP.high);
  const admitted = async (): Promise<number> => {
    const [row] = await fleet.query(
      `SELECT count(*)::int AS count FROM vault_key.holds WHERE key_id = '${key.id}'`,
    );
    return Number(row?.['count']);
  };
  await until(
    async () => (await admitted()) >= runUp,
    async () => `${name}: ${await admitted()} calls are admitted`,
  );
  const target: Target = { kind, tenant: 'acme', user: name, keyId: key.id, leaseId };
  const answeredAt = await by.ask<number>('stop', target);
  return { answeredAt, tries: (await Promise.all(probing)).flat() };
}
