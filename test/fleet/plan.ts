import type { SeededRandom } from '../support/seeded-random';

/** US dollars for a euro: with it amounts end below the cent. */
export const EUR_RATE = 1.0937;
const MICROS_A_CENT = { usd: 10_000, eur: 10_937 };
const DECLINED = 'pm_card_chargeDeclined';

/** One payment, whose operation is its idempotency key too. */
export interface Charge {
  operation: string;
  /** In the currency's minor unit. */
  amount: number;
  currency: 'usd' | 'eur';
  paymentMethod: string;
}

/** What came of a charge, as its caller was told. */
export interface Told {
  operation: string;
  /** 200 where it was executed; 0 where no answer came. */
  status: number;
  body?: unknown;
}

export interface Subject {
  tenant: string;
  user: string;
  run: string;
}

/** Some charges under one key of a Nest application, or sent to brokers under a key that is shared. */
export interface Invocation {
  subject: Subject;
  /** `parts` opens an invocation within it for each charge. */
  way: 'charges' | 'parts' | 'shared';
  /** The cap of its key, in USD. */
  capUsd: number;
  together: boolean;
  charges: Charge[];
  /** Which of the shared keys. */
  shared?: SharedKey;
}

/** A key under another one, both used at all brokers at the same time. */
export interface SharedKey {
  name: string;
  subject: Subject;
  capUsd: number;
  /** What all shared keys of its tenant may spend together, in USD. */
  parentCapUsd: number;
}

/** A charge with all that it counts under. */
export interface PlannedCharge {
  charge: Charge;
  subject: Subject;
  tool: string;
  micros: number;
}

/** A daily cap that an operator sets. */
export interface OperatorBudget {
  scope: string;
  id: string;
  tenant?: string;
  user?: string;
  usd: number;
}

export interface Plan {
  invocations: Invocation[];
  byOperation: ReadonlyMap<string, PlannedCharge>;
  /** Daily caps that travel with each key, in USD. */
  appBudgets: { user: number; run: number };
  operatorBudgets: readonly OperatorBudget[];
}

const TENANTS = ['t0', 't1', 't2'] as const;
const USERS = ['u0', 'u1', 'u2', 'u3'] as const;
const TOOLS = { charges: 'desk.charges', parts: 'desk.part', shared: 'desk.shared' };
const WAYS = ['charges', 'parts', 'charges', 'shared'] as const;
/** Of each user. */
const RUNS = 2;

/** What a charge costs, in micro-dollars. */
export function microsOf({ amount, currency }: { amount: number; currency: string }): number {
  return amount * MICROS_A_CENT[currency as 'usd' | 'eur'];
}

/** Charges of random size, and caps of every kind of which each refuses a part of them. */
export function drawPlan(random: SeededRandom, charges: number, name: string): Plan {
  const invocations: Invocation[] = [];
  for (let drawn = 0; drawn < charges;) {
    const place = invocations.length;
    const tenant = TENANTS[place % 3] ?? 't0';
    const user = USERS[Math.floor(place / 3) % 4] ?? 'u0';
    const way = WAYS[Math.floor(place / 12) % WAYS.length] ?? 'charges';
    const run = `${name}-${way === 'shared' ? 'shared' : random.int(1, RUNS)}`;
    const count = Math.min(1 + ((place * 2) % 5), charges - drawn);
    const some = Array.from({ length: count }, (): Charge => {
      drawn += 1;
      return {
        operation: `${name}-${drawn}`,
        amount: random.int(50, 1_000),
        currency: random.chance(0.3) ? 'eur' : 'usd',
        paymentMethod: random.chance(0.03) ? DECLINED : 'pm_card_visa',
      };
    });
    const isTight = count === 3 || count === 5;
    const capUsd = isTight ? usdOf(0.6 * sumOf(some)) : 10_000;
    const together = random.chance(0.6);
    invocations.push({ subject: { tenant, user, run }, way, capUsd, together, charges: some });
  }
  shareKeys(invocations);
  const planned = invocations.flatMap(({ charges: some, subject, way }) =>
    some.map((charge) => ({ charge, subject, tool: TOOLS[way], micros: microsOf(charge) })),
  );
  return {
    invocations,
    byOperation: new Map(planned.map((each) => [each.charge.operation, each])),
    ...budgetsFor(planned, `${name}-1`),
  };
}

/** One key for the shared charges of each user, and one above those of each tenant. */
function shareKeys(invocations: readonly Invocation[]): void {
  const shared = invocations.filter(({ way }) => way === 'shared');
  const ofTenant = groupSums(shared, ({ subject }) => subject.tenant);
  const ofUser = groupSums(shared, ({ subject }) => userOf(subject));
  const keys = new Map<string, SharedKey>();
  for (const invocation of shared) {
    const { subject } = invocation;
    const name = userOf(subject);
    const key = keys.get(name) ?? {
      name,
      subject,
      capUsd: usdOf(0.7 * (ofUser.get(name) ?? 0)),
      parentCapUsd: usdOf(0.5 * (ofTenant.get(subject.tenant) ?? 0)),
    };
    keys.set(name, key);
    invocation.shared = key;
  }
}

function budgetsFor(
  planned: readonly PlannedCharge[],
  first: string,
): Pick<Plan, 'appBudgets' | 'operatorBudgets'> {
  const sums = (nameOf: (charge: PlannedCharge) => string): Map<string, number> => {
    const by = new Map<string, number>();
    for (const each of planned) by.set(nameOf(each), (by.get(nameOf(each)) ?? 0) + each.micros);
    return by;
  };
  const tenants = sums(({ subject }) => subject.tenant);
  const tools = sums(({ tool }) => tool);
  const users = sums(({ subject }) => userOf(subject));
  const runs = sums(({ subject }) => `${userOf(subject)} ${subject.run}`);
  const total = planned.reduce((sum, { micros }) => sum + micros, 0);
  // An earlier cap refuses before a later one is looked at: each has to be met before the next is.
  return {
    appBudgets: { user: usdOf((0.8 * total) / users.size), run: usdOf((0.8 * total) / runs.size) },
    operatorBudgets: [
      { scope: 'tenant', id: 't0', usd: usdOf(0.2 * (tenants.get('t0') ?? 0)) },
      { scope: 'user', id: 'u0', tenant: 't1', usd: usdOf(0.2 * (users.get('t1 u0') ?? 0)) },
      {
        scope: 'run',
        id: first,
        tenant: 't1',
        user: 'u1',
        usd: usdOf(0.2 * (runs.get(`t1 u1 ${first}`) ?? 0)),
      },
      { scope: 'tool', id: TOOLS.parts, usd: usdOf(0.2 * (tools.get(TOOLS.parts) ?? 0)) },
      { scope: 'vendor', id: 'stripe', usd: usdOf(0.28 * total) },
    ],
  };
}

function groupSums(
  invocations: readonly Invocation[],
  nameOf: (invocation: Invocation) => string,
): Map<string, number> {
  const sums = new Map<string, number>();
  for (const each of invocations) {
    sums.set(nameOf(each), (sums.get(nameOf(each)) ?? 0) + sumOf(each.charges));
  }
  return sums;
}

function userOf({ tenant, user }: Subject): string {
  return `${tenant} ${user}`;
}

function sumOf(charges: readonly Charge[]): number {
  return charges.reduce((sum, charge) => sum + microsOf(charge), 0);
}

/** Whole cents. */
function usdOf(micros: number): number {
  return Math.floor(micros / 10_000) / 100;
}
