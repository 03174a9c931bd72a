import { attemptEnds } from './broker-choice';
import type { BrokerChoice } from './broker-choice';
import type { BrokerConnections } from './broker-connections';
import type { FlightLimits } from './flight';
import type { KeptConnections } from './kept-connections';
import { parseObject, readText } from './management-answer';
import type { ManagementAnswer } from './management-answer';
import type { Unanswered } from './no-answer';
import type { RequestSender } from './request-sender';

/** One call of the management API. */
export interface ManagementCall {
  method: string;
  path: string;
  body?: string | undefined;
  /** In place of the management token. */
  token?: string | undefined;
  /**
   * Whether doing it twice does what doing it once does. One that does not is repeated at another broker
   * only where it was certainly not done.
   */
  isRepeatable: boolean;
}

/** What a management call came to at the broker that tells most. */
export interface Managed {
  flight: Unanswered;
  answer?: ManagementAnswer;
  /** Whether a broker that was asked before may have done it: its answer was lost. */
  mayHaveBeenDone: boolean;
}

/** What an answer says of its broker: it is not ready, or something before it could not reach it. */
const NOT_READY: ReadonlySet<number> = new Set([502, 503, 504]);

/** How much an attempt that failed tells, from least to most. */
const UNSENT = 1;
const NOT_DONE = 2;
const MAYBE_DONE = 3;

/** Asks brokers on one store, each after the one before it has failed, until one answers. */
export class ManagementCalls {
  constructor(
    private readonly brokers: BrokerChoice<BrokerConnections>,
    private readonly sender: RequestSender,
    private readonly managementToken: string,
    private readonly limits: FlightLimits,
  ) {}

  /** Never rejects. Its answer is read to its end or as far as it came. */
  async ask(
    call: ManagementCall,
    connectionsOf: (broker: BrokerConnections) => KeptConnections,
  ): Promise<Managed> {
    const order = this.brokers.inOrder();
    const ends = attemptEnds(order.length);
    let failed: { tells: number; managed: Omit<Managed, 'mayHaveBeenDone'> } | undefined;
    let mayHaveBeenDone = false;
    for (const broker of order) {
      const connections = connectionsOf(broker);
      const { value: endsAt } = ends.next();
      let managed = await this.#askOne(broker, call, connections, endsAt);
      if (call.isRepeatable && closedOnReuse(managed)) {
        mayHaveBeenDone = true;
        managed = await this.#askOne(broker, call, connections, endsAt);
      }
      const { flight, answer } = managed;
      if (answer?.complete === true && !NOT_READY.has(answer.status)) {
        this.brokers.worked(broker);
        return { ...managed, mayHaveBeenDone };
      }
      // More was asked of it than it does at once, which is no fault of the broker's.
      if (!flight.queued) this.brokers.failed(broker);
      const tells = toldBy(flight, answer);
      if (failed === undefined || tells > failed.tells) failed = { tells, managed };
      if (tells === MAYBE_DONE && !call.isRepeatable) break;
      mayHaveBeenDone ||= tells === MAYBE_DONE;
    }
    if (failed === undefined) throw new Error('there is no broker to ask');
    return { ...failed.managed, mayHaveBeenDone };
  }

  async #askOne(
    broker: BrokerConnections,
    { method, path, body, token = this.managementToken }: ManagementCall,
    connections: KeptConnections,
    endsAt: number | undefined,
  ): Promise<Omit<Managed, 'mayHaveBeenDone'>> {
    const { flight, answer } = await this.sender.send(
      {
        base: broker.api,
        method,
        path,
        headers: {
          accept: 'application/json',
          'accept-encoding': 'identity',
          authorization: `Bearer ${token}`,
          'user-agent': 'nestjs-vault-key',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body }),
      },
      endsAt === undefined ? this.limits : { ...this.limits, endsAt },
      connections,
    );
    if (answer === undefined) return { flight };
    const { status, headers } = answer;
    return { flight, answer: { status, headers, ...(await readText(answer.body)) } };
  }
}

/**
 * Whether a kept connection broke under a call: its broker has stopped, or closed what was idle. Behind a
 * balancer a new connection leads to another.
 */
function closedOnReuse({ flight, answer }: Omit<Managed, 'mayHaveBeenDone'>): boolean {
  return answer === undefined && flight.sent && flight.reused === true && !flight.timedOut;
}

function toldBy(flight: Unanswered, answer: ManagementAnswer | undefined): number {
  if (answer === undefined) return flight.sent ? MAYBE_DONE : UNSENT;
  // A broker says these before it does anything. A store that did not answer may have done it.
  const code = answer.complete && answer.status === 503 && parseObject(answer.text)?.['code'];
  return code === 'overloaded' ? NOT_DONE : MAYBE_DONE;
}
