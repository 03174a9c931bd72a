import fc from 'fast-check';
import type { KeyRecord } from '../keys/key';
import type { AdmittedCall } from '../ledger/records';
import { MemoryStore } from '../ledger/memory/memory-store';
import { StoreLedger } from '../ledger/store-ledger';
import { stripe } from '../vendors/stripe/stripe';
import { CallTable } from './call-table';
import { microsOf, rateOf } from './currency';
import type { Rate } from './currency';
import type { ObjectPrice, PriceableCall } from './price';
import { propertyRuns } from '../../../test/support/property-runs';

const CAP = 3_000 * 10_000;
const CONFIGURED = {
  rates: new Map([
    ['eur', rateOf(1.09123) as Rate],
    ['kwd', rateOf(3.25) as Rate],
  ]),
  calls: new CallTable<never>([]),
};
const key: KeyRecord = {
  id: 'vk_1',
  tokenHash: 'hash',
  label: 'a label',
  vendor: 'stripe',
  capMicros: CAP,
  allowedEndpoints: ['/v1/refunds'],
  subject: {},
  budgets: {},
  createdAt: 0,
  expiresAt: 1e15,
};

type Answer = { status: number; body: unknown };

/** One payment as Stripe has it, that was authorised without the broker. */
class Payment {
  captured = 0;
  refunded = 0;
  status: 'requires_capture' | 'succeeded' | 'canceled' = 'requires_capture';

  constructor(
    readonly id: string,
    readonly currency: string,
    public amount: number,
  ) {}

  get chargeId(): string {
    return this.id.replace('pi', 'ch');
  }

  intent(expanded = false) {
    return {
      id: this.id,
      object: 'payment_intent',
      amount: this.amount,
      amount_capturable: this.status === 'requires_capture' ? this.amount - this.captured : 0,
      amount_received: this.captured,
      currency: this.currency,
      status: this.status,
      latest_charge: expanded ? this.charge() : this.chargeId,
    };
  }

  charge() {
    return {
      id: this.chargeId,
      object: 'charge',
      amount: this.amount,
      amount_captured: this.captured,
      amount_refunded: this.refunded,
      captured: this.captured > 0,
      currency: this.currency,
      payment_intent: this.id,
      status: 'succeeded',
    };
  }

  /** Executes a call with what it was forwarded with. Returns what it moved, minor units. */
  execute({ segments, parameters }: PriceableCall): { answer: Answer; moved: number } {
    const given = new Map(parameters.map(({ path, value }) => [path[0], value]));
    const refused = { answer: { status: 400, body: { error: { code: 'x' } } }, moved: 0 };
    if (segments[0] === 'refunds') {
      const amount = Number(given.get('amount') ?? this.captured - this.refunded);
      if (amount < 1 || amount > this.captured - this.refunded) return refused;
      this.refunded += amount;
      const body = { id: 're_1', object: 'refund', amount, currency: this.currency };
      return { answer: { status: 200, body }, moved: amount };
    }
    if (this.status !== 'requires_capture') return refused;
    switch (segments[2]) {
      case 'capture': {
        const open = this.amount - this.captured;
        const amount = Number(given.get('amount_to_capture') ?? open);
        if (amount < 1 || amount > open) return refused;
        this.captured += amount;
        const isLast = given.get('final_capture') !== 'false' || this.captured === this.amount;
        if (isLast) this.status = 'succeeded';
        return { answer: { status: 200, body: this.intent() }, moved: amount };
      }
      case 'increment_authorization': {
        const total = Number(given.get('amount'));
        if (total <= this.amount) return refused;
        this.amount = total;
        return { answer: { status: 200, body: this.intent() }, moved: 0 };
      }
      default:
        this.status = 'canceled';
        return { answer: { status: 200, body: this.intent() }, moved: 0 };
    }
  }
}

function callOf(path: string, fields: Record<string, unknown>): PriceableCall {
  return {
    method: 'POST',
    segments: path.split('/'),
    parameters: Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => ({ path: [name], value: String(value) })),
    decimals: new Set(),
  };
}

const sum = fc.integer({ min: 1, max: 1_200 });
const named = fc.option(sum, { nil: undefined });
const at = fc.nat({ max: 1 });
/** What an agent asks for, or another program does, or which call goes on by one step. */
const step = fc.oneof(
  fc.record({
    do: fc.constant('capture' as const),
    at,
    amount: named,
    isFinal: fc.boolean(),
    byHand: fc.boolean(),
  }),
  fc.record({
    do: fc.constant('refund' as const),
    at,
    amount: named,
    byCharge: fc.boolean(),
    byHand: fc.boolean(),
  }),
  fc.record({ do: fc.constant('increment' as const), at, amount: sum, byHand: fc.boolean() }),
  fc.record({ do: fc.constant('cancel' as const), at, byHand: fc.constant(false) }),
  fc.record({ do: fc.constant('go on' as const), which: fc.nat({ max: 9 }) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function callFor(payment: Payment, what: Exclude<Step, { do: 'go on' }>): PriceableCall {
  const path = `payment_intents/${payment.id}`;
  switch (what.do) {
    case 'capture':
      return callOf(`${path}/capture`, {
        amount_to_capture: what.amount,
        ...(what.isFinal ? {} : { final_capture: 'false' }),
      });
    case 'refund':
      return callOf('refunds', {
        ...(what.byCharge ? { charge: payment.chargeId } : { payment_intent: payment.id }),
        amount: what.amount,
      });
    case 'increment':
      return callOf(`${path}/increment_authorization`, { amount: what.amount });
    case 'cancel':
      return callOf(`${path}/cancel`, {});
  }
}

it('payments made elsewhere never move more through the broker than its cap, nor more than is counted', async () => {
  const currency = fc.constantFrom('usd', 'eur', 'kwd');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(currency, sum), { minLength: 2, maxLength: 2 }),
      fc.array(step, { maxLength: 40 }),
      async (made, steps) => {
        const ledger = new StoreLedger(new MemoryStore());
        await ledger.issue(key);
        const payments = made.map(([code, amount], i) => new Payment(`pi_${i}`, code, amount));
        /** Minor units that captures have moved, by payment; each refund is counted by itself. */
        const captured = new Map<Payment, number>();
        let refunded = 0;
        const micros = (amount: number, of: Payment) =>
          microsOf(amount, of.currency, CONFIGURED.rates) ?? Infinity;
        /** Calls under way; each function takes its call on by one step. */
        const underWay: (() => Promise<boolean>)[] = [];
        const check = async () => {
          const { spent = 0, held = 0 } = (await ledger.key(key.id))?.balance ?? {};
          const moved = [...captured].reduce((all, [of, each]) => all + micros(each, of), refunded);
          expect(moved).toBeLessThanOrEqual(CAP);
          expect(moved).toBeLessThanOrEqual(spent + held);
        };
        const goOn = async (which: number) => {
          const next = underWay[which];
          if (next !== undefined && !(await next())) underWay.splice(which, 1);
          await check();
        };
        for (const what of steps) {
          if (what.do === 'go on') {
            await goOn(what.which % Math.max(1, underWay.length));
            continue;
          }
          const payment = payments[what.at] as Payment;
          const call = callFor(payment, what);
          if (what.byHand) payment.execute(call);
          else underWay.push(run(payment, call));
        }
        while (underWay.length > 0) await goOn(0);

        function run(payment: Payment, call: PriceableCall): () => Promise<boolean> {
          const price = stripe.price(call, CONFIGURED);
          const admission = {
            callId: `call_${Math.random()}`,
            key,
            account: '',
            price,
            canLookUp: true,
            audit: { at: 'then', event: 'refusal' as const },
          };
          let hold: AdmittedCall | undefined;
          let found: Awaited<ReturnType<typeof stripe.objects.find>> | undefined;
          let answer: Answer | undefined;
          return async () => {
            if (answer !== undefined && hold !== undefined) {
              const outcome = stripe.outcome(price, call, answer.status, answer.body, CONFIGURED);
              await ledger.end({ call: hold, outcome, audit: {} });
              return false;
            }
            if (hold !== undefined) {
              const field = 'addedField' in price ? price.addedField : undefined;
              const added =
                field === undefined || hold.addedAmount === undefined
                  ? []
                  : [{ path: [field], value: String(hold.addedAmount) }];
              const forwarded = { ...call, parameters: [...call.parameters, ...added] };
              const executed = payment.execute(forwarded);
              answer = structuredClone(executed.answer);
              if (call.segments[0] === 'refunds') refunded += micros(executed.moved, payment);
              else captured.set(payment, (captured.get(payment) ?? 0) + executed.moved);
              return true;
            }
            const decision = await ledger.admit({
              ...admission,
              ...(found === undefined ? {} : { found }),
            });
            if (decision.admitted) {
              hold = decision.call;
              return true;
            }
            if (decision.asksVendor !== true) return false;
            const lookup = {
              get: (path: string) =>
                Promise.resolve(
                  path.startsWith('charges')
                    ? payment.charge()
                    : payment.intent(path.includes('expand')),
                ),
            };
            try {
              found = await stripe.objects.find(call, price as ObjectPrice, lookup);
              return true;
            } catch {
              return false;
            }
          };
        }
      },
    ),
    { numRuns: propertyRuns(400) },
  );
});
