import type { StripeFault } from '../../../lib/testing/stripe/stripe-script';
import { until } from '../../support/until';
import type { Fault } from '../harness/fault';

const BOTH = ['postgres', 'sqlite'] as const;
const MARK = 1_234;

/** A third of the payments of the load meets it, until so many have. */
function met(name: string, fault: StripeFault, times: number): Fault {
  return {
    name,
    on: BOTH,
    async strike(world) {
      const { vendor, random } = world;
      const scripted = vendor.next(() => random.chance(0.34), fault, { times });
      await until(
        () => scripted.calls.length >= times,
        () => `${scripted.calls.length} of ${times} calls have met it`,
      );
      return `${times} calls met it`;
    },
  };
}

const down: Fault = {
  name: 'the vendor refuses connections for a while',
  on: BOTH,
  async strike(world) {
    const { vendorWay, struck, agents } = world;
    const key = await world.freshKey();
    await vendorWay.refuse();
    const answered: unknown[] = [];
    for (let i = 0; i < 5; i++) {
      const { answer } = await agents.pay(struck, key, MARK);
      answered.push(answer?.headers['x-vault-key-verdict']);
    }
    await until(
      async () => (await struck.broker.money(key)).held === 0,
      async () => JSON.stringify(await struck.broker.money(key)),
    );
    await vendorWay.accept();
    if (answered.some((each) => each !== 'vendor_unreachable')) throw new Error(answered.join());
    return 'calls were answered vendor_unreachable, and hold nothing';
  },
};

const closes: Fault = {
  name: 'the vendor takes connections and closes them at once',
  on: BOTH,
  async strike(world) {
    const { vendorWay, struck, agents } = world;
    const key = await world.freshKey();
    vendorWay.isShut = true;
    vendorWay.cut();
    const answered: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const { answer } = await agents.pay(struck, key, MARK);
      answered.push(answer?.headers['x-vault-key-verdict']);
    }
    vendorWay.isShut = false;
    if (answered.some((each) => !/^vendor_(?:unreachable|outcome_unknown)$/.test(String(each)))) {
      throw new Error(`calls were answered ${answered.join()}`);
    }
    return `calls were answered ${[...new Set(answered)].join()}`;
  },
};

const halfOpen: Fault = {
  name: 'connections to the vendor are half-open',
  on: BOTH,
  async strike(world) {
    const { vendorWay, struck, agents } = world;
    const key = await world.freshKey();
    vendorWay.isFrozen = true;
    const { answer, payment } = await agents.pay(struck, key, MARK);
    vendorWay.cut();
    vendorWay.thaw();
    if (answer?.status !== 504) throw new Error(`the call was answered ${answer?.text}`);
    if (!payment.isUnclear) throw new Error('nothing can be known of it');
  },
};

/** The object of a payment that took another amount. */
const took = (cents: number) => ({
  status: 200,
  at: 'after' as const,
  body: {
    id: `pi_twice_${cents}`,
    object: 'payment_intent',
    amount: cents,
    amount_received: cents,
    currency: 'usd',
    status: 'succeeded',
  },
});

const twice: Fault = {
  name: 'the vendor answers that it took twice as much',
  on: BOTH,
  isQuick: true,
  async strike(world) {
    const { vendor, struck, agents } = world;
    const key = await world.freshKey();
    vendor.next(({ params }) => params['amount'] === String(MARK), took(2 * MARK));
    const { payment, answer } = await agents.pay(struck, key, MARK);
    payment.reportedCents = 2 * MARK;
    if (answer?.status !== 200) throw new Error(`the call was answered ${answer?.text}`);
    await until(
      async () => (await struck.broker.money(key)).spent === 24.68,
      async () => JSON.stringify(await struck.broker.money(key)),
    );
  },
};

const beyondCap: Fault = {
  name: 'the vendor answers that it took more than the cap',
  on: BOTH,
  async strike(world) {
    const { vendor, struck, other, agents } = world;
    const key = await world.freshKey({ daily_usd_cap: 20 });
    key.isOverspent = true;
    vendor.next(({ params }) => params['amount'] === String(MARK), took(2 * MARK));
    const { payment } = await agents.pay(struck, key, MARK);
    payment.reportedCents = 2 * MARK;
    await until(
      async () => (await other.broker.money(key)).remaining === -4.68,
      async () => JSON.stringify(await other.broker.money(key)),
    );
    const { answer } = await agents.pay(other, key, 50);
    if (answer?.body?.code !== 'cap_exhausted') {
      throw new Error(`the next call was answered ${answer?.text}`);
    }
    return 'its remainder is shown as negative, and nothing more passes';
  },
};

export const VENDOR_FAULTS: readonly Fault[] = [
  met('the vendor resets connections before it executes', { reset: 'before' }, 8),
  met('the vendor executes and resets the connection', { reset: 'after' }, 8),
  met('the vendor hangs before it executes', { hang: 'before' }, 4),
  met('the vendor executes and hangs', { hang: 'after' }, 4),
  met('the vendor answers with half a body', { truncate: true }, 8),
  met('the vendor executes and answers 500', { status: 500, at: 'after' }, 8),
  met('a gateway of the vendor answers 502 though it executed', { status: 502, at: 'after' }, 8),
  met('the vendor answers 429 again and again', { status: 429 }, 20),
  met('the vendor does not take its own secret', { status: 401 }, 8),
  met('the vendor answers with a redirect', { status: 302, headers: { location: '/' } }, 8),
  met('the vendor is slow by 700 ms', { delayMs: 700 }, 12),
  down,
  closes,
  halfOpen,
  twice,
  beyondCap,
];
