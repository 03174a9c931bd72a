import type { INestApplicationContext } from '@nestjs/common';
import { BrokerOperator } from '../../lib/index';
import type { VaultKeyModuleOptions } from '../../lib/index';
import { BrokerClient, readWhole } from '../../lib/broker-client/broker-client';

/** How long a probe goes on at the most: what is not stopped by then never is. */
const LIMIT_MS = 30_000;

export type StopKind = 'brake' | 'revocation' | 'end of a lease' | 'budget of 0';

/** One call that was tried. Instants are of the machine's monotonic clock, in nanoseconds. */
export interface Try {
  begunAt: number;
  endedAt: number;
  status: number;
  /** The broker's code, or what the call threw. */
  code: string;
}

/** What is to be stopped. */
export interface Target {
  kind: StopKind;
  tenant: string;
  user: string;
  keyId: string;
  leaseId: string;
}

/** Calls and stops by the means of one instance. */
export class Probe {
  readonly #client: BrokerClient;

  constructor(
    private readonly app: INestApplicationContext,
    private readonly options: VaultKeyModuleOptions,
  ) {
    this.#client = app.get(BrokerClient, { strict: false });
  }

  /** Calls again and again, until each lane was refused so many times. */
  async run({ token, lanes, refusals, name }: ProbeRequest): Promise<Try[]> {
    const deadline = now() + LIMIT_MS * 1e6;
    const tries: Try[] = [];
    const lane = async (_: unknown, index: number): Promise<void> => {
      let refused = 0;
      for (let i = 0; refused < refusals && now() < deadline; i++) {
        const each = await this.#try(token, `${name}-${index}-${i}`);
        tries.push(each);
        if (each.status !== 200) refused += 1;
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return tries;
  }

  /** Stops it, and tells when the answer was there. */
  async stop(target: Target): Promise<number> {
    await this.#stop(target);
    return now();
  }

  async #try(token: string, operation: string): Promise<Try> {
    const begunAt = now();
    try {
      const answer = await this.#client.forward({
        vendor: 'stripe',
        token,
        method: 'POST',
        target: '/v1/payment_intents',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'idempotency-key': operation,
        },
        body: `amount=50&currency=usd&payment_method=pm_card_visa&confirm=true&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never&metadata[operation]=${operation}`,
      });
      const bytes = await readWhole(answer, 65_536);
      const code = answer.headers['x-vault-key-verdict'] ?? bytes?.toString() ?? '';
      return { begunAt, endedAt: now(), status: answer.status, code };
    } catch (error) {
      return { begunAt, endedAt: now(), status: 0, code: (error as Error).message };
    }
  }

  async #stop({ kind, tenant, user, keyId, leaseId }: Target): Promise<void> {
    switch (kind) {
      case 'brake':
        await this.#client.brake({
          scope: 'user',
          target: user,
          tenantId: tenant,
          reason: 'a test',
        });
        return;
      case 'revocation': {
        const { failed } = await this.#client.revoke([keyId]);
        if (failed.length > 0) throw new Error(failed[0]?.reason);
        return;
      }
      case 'end of a lease':
        return this.#client.endLease(leaseId);
      case 'budget of 0':
        return this.#capAtNothing(tenant, user);
    }
  }

  async #capAtNothing(tenant: string, user: string): Promise<void> {
    const { broker } = this.options;
    if (broker === undefined) {
      await this.app
        .get(BrokerOperator, { strict: false })
        .setBudget({ scope: 'user', id: user, tenantId: tenant }, 0);
      return;
    }
    const answer = await fetch(`${String(broker.url)}/v1/budgets/user/${user}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${broker.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ daily_usd_cap: 0, tenant_id: tenant }),
    });
    if (answer.status !== 200) throw new Error(`a budget was answered ${answer.status}`);
  }
}

interface ProbeRequest {
  token: string;
  lanes: number;
  refusals: number;
  name: string;
}

/** The same in all processes of the machine. */
function now(): number {
  return Number(process.hrtime.bigint());
}
