import fc from 'fast-check';
import type { KeyRecord } from '../keys/key';
import type { Ledger } from '../ledger/ledger';
import type { AdmittedCall } from '../ledger/records';
import { MemoryStore } from '../ledger/memory/memory-store';
import { SqliteLedger } from '../ledger/sqlite/sqlite-ledger';
import { StoreLedger } from '../ledger/store-ledger';
import { BrokerRefusal } from '../refusal';
import { rateOf } from './currency';
import type { Rate } from './currency';
import { CallTable } from './call-table';
import { parseFormBody } from './form-body';
import type { Outcome, PriceableCall } from './price';
import { stripe } from '../vendors/stripe/stripe';
import { propertyRuns } from '../../../test/support/property-runs';

const key: KeyRecord = {
  id: 'vk_1',
  tokenHash: 'hash',
  label: 'a label',
  vendor: 'stripe',
  capMicros: 40_000_000,
  allowedEndpoints: ['/v1/payment_intents'],
  subject: {},
  budgets: {},
  createdAt: 0,
  expiresAt: 1e15,
};
const MICROS_PER_UNIT = { usd: 10_000, eur: 10_912.3 } as const;
type Currency = keyof typeof MICROS_PER_UNIT;
const CONFIGURED = {
  rates: new Map([['eur', rateOf(1.09123) as Rate]]),
  calls: new CallTable<never>([]),
};

/** A PaymentIntent as the vendor has it; amounts in minor units. */
interface Intent {
  id: string;
  currency: Currency;
  amount: number;
  capturable: number;
  received: number;
  status: 'requires_confirmation' | 'requires_capture' | 'succeeded' | 'canceled';
  /** Its creation was declined, so that the broker has released it until its next call. */
  letGo: boolean;
}

interface Sent {
  call: PriceableCall;
  hold: AdmittedCall;
  declines: boolean;
  answer?: { status: number; body: unknown };
}

/** Stripe's PaymentIntents, by its documentation, as one sequence of executions. */
class ModelVendor {
  readonly intents = new Map<string, Intent>();

  execute({ call, declines }: Sent): { status: number; body: unknown } {
    const [, id = '', action] = call.segments;
    const given = new Map(call.parameters.map(({ path, value }) => [path[0], value]));
    const sum = (name: string, otherwise: number) => Number(given.get(name) ?? otherwise);
    if (id === '') return this.#create(given, declines);
    const intent = this.intents.get(id);
    if (intent === undefined) return { status: 404, body: { error: {} } };
    const refused = { status: 400, body: { error: { payment_intent: this.show(intent) } } };
    switch (action) {
      case undefined:
        if (intent.status !== 'requires_confirmation') return refused;
        intent.amount = sum('amount', intent.amount);
        intent.letGo &&= !given.has('amount');
        break;
      case 'increment_authorization': {
        const total = sum('amount', 0);
        if (intent.status !== 'requires_capture' || total <= intent.amount) return refused;
        if (declines) return this.#declined(intent);
        intent.amount = total;
        intent.capturable = total - intent.received;
        break;
      }
      case 'confirm':
        if (intent.status !== 'requires_confirmation') return refused;
        if (sum('amount_to_confirm', intent.amount) !== intent.amount) return refused;
        if (declines) return this.#declined(intent);
        intent.letGo = false;
        intent.status = 'requires_capture';
        intent.capturable = intent.amount;
        break;
      case 'capture': {
        const captured = sum('amount_to_capture', intent.capturable);
        if (intent.status !== 'requires_capture' || captured > intent.capturable) return refused;
        intent.received += captured;
        const goesOn = given.get('final_capture') === 'false' && captured < intent.capturable;
        intent.capturable = goesOn ? intent.capturable - captured : 0;
        if (!goesOn) intent.status = 'succeeded';
        break;
      }
      case 'cancel':
        if (intent.status === 'succeeded' || intent.status === 'canceled') return refused;
        intent.status = 'canceled';
        intent.capturable = 0;
        break;
    }
    return { status: 200, body: this.show(intent) };
  }

  /** What has moved, and what may still without a call that the broker holds for, micro-dollars. */
  exposureMicros(): number {
    let micros = 0;
    for (const { status, letGo, amount, received, capturable, currency } of this.intents.values()) {
      const open = status === 'requires_confirmation' && !letGo ? amount : 0;
      micros += (received + capturable + open) * MICROS_PER_UNIT[currency];
    }
    return micros;
  }

  show({ id, amount, received, currency, status }: Intent) {
    return { id, amount, amount_received: received, currency, status, latest_charge: `ch_${id}` };
  }

  #create(given: ReadonlyMap<string | undefined, string>, declines: boolean) {
    const confirm = given.get('confirm') === 'true';
    const amount = Number(given.get('amount'));
    const intent: Intent = {
      id: `pi_${this.intents.size}`,
      currency: given.get('currency') as Currency,
      amount,
      capturable: 0,
      received: 0,
      status: 'requires_confirmation',
      letGo: confirm && declines,
    };
    this.intents.set(intent.id, intent);
    if (confirm && declines) return this.#declined(intent);
    if (confirm) Object.assign(intent, { status: 'requires_capture', capturable: amount });
    return { status: 200, body: this.show(intent) };
  }

  #declined(intent: Intent) {
    return { status: 402, body: { error: { payment_intent: this.show(intent) } } };
  }
}

const step = fc.record({
  do: fc.constantFrom('send', 'execute', 'answer', 'through'),
  call: fc.constantFrom(
    'create',
    'create',
    'update',
    'update',
    'increment',
    'confirm',
    'capture',
    'cancel',
  ),
  target: fc.nat(1),
  which: fc.nat(7),
  amount: fc.integer({ min: 1, max: 400 }),
  flag: fc.boolean(),
  declines: fc.boolean(),
  currency: fc.constantFrom<Currency>('usd', 'eur'),
  lost: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function callOf({ call, target, amount, flag, currency }: Step): PriceableCall {
  const [action, body]: [action: string | undefined, body: string] = {
    create: [undefined, `amount=${amount}&currency=${currency}${flag ? '&confirm=true' : ''}`],
    update: [undefined, flag ? `amount=${amount}` : 'description=x'],
    increment: ['increment_authorization', `amount=${amount}`],
    confirm: ['confirm', ''],
    capture: ['capture', flag ? `amount_to_capture=${amount}&final_capture=false` : ''],
    cancel: ['cancel', ''],
  }[call] as [string | undefined, string];
  const id = call === 'create' ? [] : [`pi_${target}`];
  return {
    method: 'POST',
    segments: ['payment_intents', ...id, ...(action === undefined ? [] : [action])],
    parameters: parseFormBody(body),
    decimals: new Set(),
  };
}

/** Follows the steps and expects the ledger to cover the vendor after each; tells what happened. */
async function follow(
  ledger: Ledger,
  steps: readonly Step[],
): Promise<{ calls: number; givenBack: number }> {
  let givenBack = 0;
  await ledger.issue(key);
  const vendor = new ModelVendor();
  const sent: Sent[] = [];
  let calls = 0;
  let spentBefore = 0;
  const send = async (each: Step): Promise<Sent | undefined> => {
    const call = callOf(each);
    const hold = await admit(ledger, call, `call_${++calls}`);
    if (hold === undefined) return undefined;
    const added = { call, hold, declines: each.declines };
    sent.push(added);
    return added;
  };
  const execute = (next: Sent | undefined): void => {
    if (next !== undefined) next.answer = vendor.execute(next);
  };
  const answer = async (next: Sent | undefined, lost: boolean): Promise<void> => {
    if (next?.answer === undefined) return;
    sent.splice(sent.indexOf(next), 1);
    const { status, body } = next.answer;
    const { hold, call } = next;
    const outcome: Outcome = lost
      ? { ending: 'unknown' }
      : stripe.outcome(hold.price, call, status, body, CONFIGURED);
    await ledger.end({ call: hold, outcome, audit: {} });
  };
  const pick = (isAnswered: boolean, which: number): Sent | undefined => {
    const some = sent.filter((each) => (each.answer !== undefined) === isAnswered);
    return some[which % Math.max(1, some.length)];
  };
  for (const each of steps) {
    if (each.do === 'send') await send(each);
    if (each.do === 'execute') execute(pick(false, each.which));
    if (each.do === 'answer') await answer(pick(true, each.which), each.lost);
    if (each.do === 'through') {
      const next = await send(each);
      execute(next);
      await answer(next, each.lost);
    }
    const balance = (await ledger.key(key.id))?.balance ?? { spent: -1, held: -1, undone: 0 };
    const exposed = Math.floor(vendor.exposureMicros());
    const covered = balance.spent + balance.held;
    // Asked a hundred thousand times: expect() would take longer than the ledger does.
    if (balance.spent < 0 || balance.held < 0 || covered < exposed) {
      throw new Error(`${JSON.stringify(balance)} does not cover ${exposed} micro-dollars`);
    }
    if (balance.spent < spentBefore) givenBack++;
    spentBefore = balance.spent;
  }
  await ledger.close();
  return { calls, givenBack };
}

/** One PaymentIntent, and changes of it that overtake each other. */
const overlapping = fc
  .tuple(step, fc.array(step, { minLength: 4, maxLength: 30 }))
  .map(([first, rest]): Step[] => [
    { ...first, do: 'through', call: 'create', flag: false, lost: false },
    ...rest.map((each): Step => ({
      ...each,
      target: 0,
      do: each.do === 'through' ? 'execute' : each.do,
      call: each.call === 'confirm' ? 'confirm' : 'update',
      flag: true,
    })),
  ]);

/** The rules are the same on every store: one in memory follows most of the steps. */
/** Fewer runs may give nothing back, and then prove nothing. */
const LEDGERS: [name: string, open: () => Ledger, runs: number][] = [
  ['in memory', () => new StoreLedger(new MemoryStore()), Math.max(200, propertyRuns(400))],
  ['in SQLite', () => new SqliteLedger(':memory:'), Math.max(60, propertyRuns(60))],
];

describe.each(LEDGERS)(
  'what is spent and held %s covers what PaymentIntents moved and may move',
  (_store, open, numRuns) => {
    it.each([
      [
        'whatever the order of sending, execution and answers',
        fc.array(step, { minLength: 10, maxLength: 60 }),
      ],
      ['however changes of one object overtake each other', overlapping],
    ])('%s', async (_name, arbitrary) => {
      let calls = 0;
      let givenBack = 0;
      await fc.assert(
        fc.asyncProperty(arbitrary, async (steps) => {
          const followed = await follow(open(), steps);
          calls += followed.calls;
          givenBack += followed.givenBack;
        }),
        { numRuns },
      );
      expect(calls).toBeGreaterThan(numRuns);
      expect(givenBack).toBeGreaterThan(numRuns / 80);
    });
  },
);

async function admit(
  ledger: Ledger,
  call: PriceableCall,
  callId: string,
): Promise<AdmittedCall | undefined> {
  try {
    const decision = await ledger.admit({
      callId,
      key,
      account: '',
      price: stripe.price(call, CONFIGURED),
      audit: { at: 'then', event: 'refusal' },
    });
    return decision.admitted ? decision.call : undefined;
  } catch (error) {
    if (error instanceof BrokerRefusal) return undefined;
    throw error;
  }
}
