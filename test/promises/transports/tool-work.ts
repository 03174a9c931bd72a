import { BadRequestException, Injectable, Module } from '@nestjs/common';
import { CurrentVaultKey, ProxiedStripeService } from '../../../lib/index';
import type { AgentToolOptions, VaultKey } from '../../../lib/index';
import { Gates } from '../../support/gates';
import { SecretWatch } from '../../support/secret-watch';

/** What a caller asks a tool with. */
export interface ToolArgs {
  /** Cents; 100 by default. */
  amount?: number;
  /** The name of the gate to wait at before the charge. */
  gate?: string;
  /** What `fail` throws: an error of the user's own, or one of Nest's. */
  error?: 'own' | 'http';
}

/** What a charge that went through answers. */
export interface Charged {
  intent: string;
  /** The id of the run's key. */
  key: string;
}

export const POLICY: AgentToolOptions = {
  dailyUsdCap: 15,
  allowedEndpoints: ['/v1/payment_intents', '/v1/charges'],
};

/**
 * What the tools do, the same over every transport: a transport's own class has a method of the
 * same name for each of these, marked with {@link POLICY}, that hands its arguments over. Those of
 * `chargeUnmarked` and `failUnmarked` have no mark.
 */
@Injectable()
export class ToolWork {
  /** The run ids of the tools that began. */
  readonly began = new Set<string>();
  /** What calls that were left behind came to, by run id. */
  readonly leftBehind = new Map<string, Promise<unknown>>();

  constructor(
    private readonly stripe: ProxiedStripeService,
    private readonly vaultKeys: CurrentVaultKey,
    private readonly gates: Gates,
    private readonly watch: SecretWatch,
  ) {}

  async charge({ amount = 100, gate }: ToolArgs): Promise<Charged> {
    const key = this.#begin();
    if (gate !== undefined) await this.gates.gate(gate).pass();
    const { id } = await this.#charge(key, amount);
    return { intent: id, key: this.vaultKeys.get().id };
  }

  /** Two charges of 10 USD under a cap of 15. */
  async chargeTwice(_args: ToolArgs): Promise<void> {
    const key = this.#begin();
    await this.#charge(key, 1_000);
    await this.#charge(key, 1_000);
  }

  /** A call that is not on the list. */
  async payOut(_args: ToolArgs): Promise<void> {
    this.#begin();
    await this.stripe.request('POST', '/v1/payouts', { amount: 100, currency: 'usd' });
  }

  async fail({ error }: ToolArgs): Promise<never> {
    this.#begin();
    return this.failUnmarked({ error });
  }

  /** Answers while a charge of its own waits at the gate. */
  async leaveBehind({ gate = '' }: ToolArgs): Promise<{ key: string }> {
    const key = this.#begin();
    const later = this.gates
      .gate(gate)
      .pass()
      .then(() => this.#charge(key, 100))
      .catch((error: unknown) => error);
    this.leftBehind.set(key.runId, later);
    return { key: key.id };
  }

  /** Tries to charge where there is no run. */
  async chargeUnmarked({ amount = 100 }: ToolArgs): Promise<{ key: string | null; error: string }> {
    const key = this.vaultKeys.tryGet();
    const error: unknown = await this.stripe
      .createPaymentIntent({ amount })
      .catch((reason: unknown) => reason);
    this.watch.show(error);
    return { key: key?.id ?? null, error: (error as Error).name };
  }

  async failUnmarked({ error = 'own' }: ToolArgs): Promise<never> {
    if (error === 'http') throw new BadRequestException('the tool threw');
    throw new RangeError('the tool threw');
  }

  #begin(): VaultKey {
    const key = this.vaultKeys.get();
    this.watch.addSecret(key.token);
    this.watch.show(key);
    this.began.add(key.runId);
    return key;
  }

  #charge({ id, runId: run, userId: user }: VaultKey, amount: number): Promise<{ id: string }> {
    return this.stripe.createPaymentIntent({ amount, metadata: { key: id, run, user } });
  }
}

/** To be imported beside a transport's own class. */
@Module({
  providers: [
    ToolWork,
    { provide: Gates, useFactory: () => new Gates() },
    { provide: SecretWatch, useFactory: () => new SecretWatch() },
  ],
  exports: [ToolWork],
})
export class ToolWorkModule {}
