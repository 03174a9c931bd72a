import { setTimeout as delay } from 'node:timers/promises';
import type { BrokerOperator, KeyInfo } from 'nestjs-vault-key';
import type { Movement, StripeAccount } from '../stripe-account/stripe-account';
import { dollars } from './text';

const PATIENCE_MS = 2_000;

/** A call to Stripe, as the broker's audit log has it. */
export interface AuditedCall {
  user: string;
  method: string;
  path: string;
  /** What the call asked for. */
  requestedUsd: number;
  settledUsd: number;
  /** What became of it: `settled`, `released`, `unknown`, or why it was refused. */
  verdict: string;
}

/** What the broker and Stripe each have on their books about one run. */
export class Books {
  constructor(
    private readonly operator: BrokerOperator,
    private readonly account: StripeAccount,
    private readonly runId: string,
  ) {}

  /** The run's keys, oldest first. */
  async keys(): Promise<KeyInfo[]> {
    const { keys } = await this.operator.keys({ runId: this.runId, limit: 1_000 });
    return keys.toReversed();
  }

  /**
   * One key of the run, as soon as the condition holds, or as it is after two seconds: an
   * answer does not wait for the book to be written up.
   */
  async key(
    id: string | undefined,
    condition: (key: KeyInfo) => boolean,
  ): Promise<KeyInfo | undefined> {
    const find = async () => (await this.keys()).find((key) => key.id === id);
    return eventually(find, (key) => key !== undefined && condition(key));
  }

  /** Waits until no key of the run is alive, at most two seconds; gives those that still are. */
  async keysAlive(): Promise<KeyInfo[]> {
    const alive = async () => (await this.keys()).filter((key) => key.status === 'active');
    return eventually(alive, (keys) => keys.length === 0);
  }

  /** The run's keys once each call under them has ended in the book, or as they are after two seconds. */
  settledKeys(): Promise<KeyInfo[]> {
    const isSettled = ({ heldUsd, status }: KeyInfo) => heldUsd === 0 && status !== 'active';
    return eventually(
      () => this.keys(),
      (keys) => keys.every(isSettled),
    );
  }

  /** What Stripe executed. */
  movements(): Promise<Movement[]> {
    return this.account.movements(this.runId);
  }

  /** How many revocations the run's audit log has. */
  async revocations(): Promise<number> {
    const query = { runId: this.runId, event: 'revoke', limit: 1_000 };
    return (await this.operator.audit(query)).entries.length;
  }

  /** The calls of the run, oldest first. */
  async calls(): Promise<AuditedCall[]> {
    const { entries } = await this.operator.audit({ runId: this.runId, limit: 1_000 });
    return entries
      .toReversed()
      .filter(({ callId }) => callId !== null)
      .map((entry) => ({
        user: entry.subject.userId ?? '',
        method: entry.method ?? '',
        path: entry.path ?? '',
        requestedUsd: entry.requestedUsd ?? 0,
        settledUsd: entry.settledUsd ?? 0,
        verdict: entry.verdict ?? '',
      }));
  }
}

/** Where the books say different things, in sentences; empty where they agree. */
export function differences(keys: readonly KeyInfo[], movements: readonly Movement[]): string[] {
  const found: string[] = [];
  const ids = new Set(keys.map(({ id }) => id));
  for (const { id, spentUsd, heldUsd } of keys) {
    const executed = executedUnder(id, movements);
    if (Math.round(spentUsd * 1_000_000) !== executed * 10_000) {
      found.push(
        `For ${id} the broker counts ${dollars(spentUsd)}, and Stripe executed ${dollars(executed / 100)}.`,
      );
    }
    if (heldUsd !== 0) {
      found.push(`For ${id} the broker still holds ${dollars(heldUsd)}, of unknown outcome.`);
    }
  }
  for (const { id, cents, vaultKeyId } of movements) {
    if (vaultKeyId === undefined || !ids.has(vaultKeyId)) {
      found.push(`Stripe moved ${dollars(cents / 100)} (${id}) that no vault key paid for.`);
    }
  }
  return found;
}

/** Cents that Stripe moved under a key. */
export function executedUnder(keyId: string, movements: readonly Movement[]): number {
  return movements
    .filter(({ vaultKeyId }) => vaultKeyId === keyId)
    .reduce((sum, { cents }) => sum + cents, 0);
}

async function eventually<T>(read: () => Promise<T>, isThere: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  let value = await read();
  while (!isThere(value) && Date.now() < deadline) {
    await delay(20);
    value = await read();
  }
  return value;
}
