import { setTimeout } from 'node:timers/promises';
import type { RunningBroker } from '../support/broker-process';
import type { Answer, IssuedKey } from '../support/broker-process';
import type { WebhookReceiver } from '../support/webhook-receiver';

export type Role = 'viewer' | 'operator' | 'admin';

/** A broker and its page, wherever they are served. */
export interface PageServer {
  /** Where the page is, with a slash at its end. */
  pageUrl: string;
  /** What agents ask: keys, and calls with them. */
  broker: RunningBroker;
  /** By the role of the operator whose it is. */
  tokens: Readonly<Record<Role, string>>;
  /** Of the webhook `ops`, which is sent brakes and lifts; only the command has one. */
  receiver?: WebhookReceiver;
  /** A call of the management API as an admin. */
  api(method: string, path: string, body?: unknown): Promise<Answer>;
  close(): Promise<void>;
}

/** What an agent thinks between two calls: a broker that is flooded is another suite's matter. */
const PACE_MS = 25;

/** An agent with one key, which pays. */
export class Agent {
  private constructor(
    private readonly broker: RunningBroker,
    readonly key: IssuedKey,
  ) {}

  static async of(
    broker: RunningBroker,
    user: string,
    fields: Readonly<Record<string, unknown>> = {},
  ): Promise<Agent> {
    const key = await broker.issue({
      label: `nest-${user}`,
      daily_usd_cap: 500,
      expires_in: '2h',
      subject: { tenant_id: 'acme', user_id: user, run_id: `run-${user}`, tool: 'charge' },
      allowed_endpoints: [
        '/v1/payment_intents',
        '/v1/payment_intents/*',
        '/v1/payment_intents/*/capture',
      ],
      ...fields,
    });
    return new Agent(broker, key);
  }

  /** Charges so many cents. Gives the code of the refusal, or `undefined`. */
  async pay(cents: number): Promise<string | undefined> {
    return (await this.charge(cents)).body?.code as string | undefined;
  }

  /** As {@link pay}; gives the whole answer. */
  charge(cents: number): Promise<Answer> {
    return this.send('/v1/payment_intents', paymentOf(cents));
  }

  send(path: string, body: string): Promise<Answer> {
    return this.broker.call(this.key.token, 'POST', path, { body });
  }

  /** Charges again and again, at an agent's pace, until a charge is refused: gives its code. */
  async payUntilRefused(cents: number, onPaid: () => void = () => {}): Promise<string> {
    for (;;) {
      const code = await this.pay(cents);
      if (code !== undefined) return code;
      onPaid();
      await setTimeout(PACE_MS);
    }
  }
}

/** A charge of so many cents; `manual` waits for a capture. */
export function paymentOf(cents: number, capture: 'automatic' | 'manual' = 'automatic'): string {
  return `amount=${cents}&currency=usd&payment_method=pm_card_visa&allowed_payment_method_types[0]=card&confirm=true&capture_method=${capture}`;
}
