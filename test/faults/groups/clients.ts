import { once } from 'node:events';
import { request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { until } from '../../support/until';
import { bodyOf } from '../harness/agents';
import type { Fault } from '../harness/fault';
import type { AgentKey, Payment } from '../harness/record';
import type { World } from '../harness/world';

const BOTH = ['postgres', 'sqlite'] as const;
const MARK = 1_234;
const CALLS = 5;

/** Sends a payment over a connection of its own, which the fault may treat as it likes. */
function begin(world: World, payment: Payment, sentBytes = Infinity): ClientRequest {
  payment.isUnclear = true;
  const body = bodyOf(payment.id, payment.cents);
  const req = request(`${world.struck.broker.url}/stripe/v1/payment_intents`, {
    method: 'POST',
    agent: false,
    headers: {
      authorization: `Bearer ${payment.key.token}`,
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
      'idempotency-key': payment.idempotencyKey,
    },
  });
  req.on('error', () => {});
  if (sentBytes >= body.length) req.end(body);
  else req.write(body.slice(0, sentBytes));
  return req;
}

const several = (world: World, key: AgentKey): Payment[] =>
  Array.from({ length: CALLS }, () => world.agents.newPayment(key, MARK));

/** What its callers left counts as the vendor has it. */
async function untilSpent(world: World, key: AgentKey, usd: number): Promise<void> {
  await until(
    async () => (await world.other.broker.money(key)).spent === usd,
    async () => JSON.stringify(await world.other.broker.money(key)),
  );
}

const goneBeforeAnswer: Fault = {
  name: 'clients are gone before the vendor has answered',
  on: BOTH,
  isQuick: true,
  async strike(world) {
    const key = await world.freshKey();
    const held = world.vendor.hold(({ params }) => params['amount'] === String(MARK), {
      times: CALLS,
    });
    const calls = several(world, key).map((payment) => begin(world, payment));
    await held.arrived;
    for (const call of calls) call.destroy();
    held.release();
    await untilSpent(world, key, 61.7);
    return 'what they paid is settled';
  },
};

/** The vendor's answers to marked payments are longer than what a connection takes at once. */
function answerAtLength(world: World): void {
  world.vendor.next(
    ({ params }) => params['amount'] === String(MARK),
    { stream: { bytes: 64 * 1_048_576 } },
    { times: CALLS },
  );
}

const goneMidStream: Fault = {
  name: 'clients are gone in the middle of a long answer',
  on: BOTH,
  async strike(world) {
    const key = await world.freshKey();
    answerAtLength(world);
    for (const payment of several(world, key)) {
      const call = begin(world, payment);
      const [answer] = (await once(call, 'response')) as [IncomingMessage];
      await once(answer, 'data');
      call.destroy();
    }
    await untilSpent(world, key, 61.7);
    return 'what they paid is settled';
  },
};

const readsNothing: Fault = {
  name: 'clients do not read their answers',
  on: BOTH,
  async strike(world) {
    const key = await world.freshKey();
    answerAtLength(world);
    const calls = several(world, key).map((payment) => begin(world, payment));
    for (const call of calls) {
      const [answer] = (await once(call, 'response')) as [IncomingMessage];
      answer.pause();
    }
    await world.untilPaid(20);
    for (const call of calls) call.destroy();
    await untilSpent(world, key, 61.7);
    return 'others went on meanwhile';
  },
};

const halfBody: Fault = {
  name: 'clients send half a body and are gone, or stay without a word',
  on: BOTH,
  async strike(world) {
    const key = await world.freshKey();
    const [silent, ...gone] = several(world, key).map((payment) => begin(world, payment, 20));
    await Promise.all(gone.map((call) => once(call, 'socket')));
    await world.untilPaid(5);
    for (const call of gone) call.destroy();
    await world.untilPaid(10);
    silent?.destroy();
    const money = await world.other.broker.money(key);
    if (money.held + money.spent > 0) throw new Error(`they hold ${JSON.stringify(money)}`);
    return 'nothing is held for them';
  },
};

export const CLIENT_FAULTS: readonly Fault[] = [
  goneBeforeAnswer,
  goneMidStream,
  readsNothing,
  halfBody,
];
