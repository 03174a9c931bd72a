import { Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Trace } from '../broker/telemetry/trace';
import type { BrokerClient, RevokeResult } from '../broker-client/broker-client';
import { beginRevocation } from '../telemetry/invocation-trace';
import type { GracefulStop } from './graceful-stop';
import type { InstanceLease } from './instance-lease';

const BATCH_WAIT_MS = 50;
const BATCH_SIZE = 100;
const RETRY_BASE_MS = 200;
const RETRY_CAP_MS = 10_000;
const DRAIN_LIMIT_MS = 10_000;

/** A key on its way to being revoked. */
interface Revocation {
  readonly id: string;
  /** Epoch milliseconds: from here on the broker refuses the key anyhow. */
  readonly expiresAt: number;
  /** That of the invocation whose key it was. */
  readonly trace: Trace | undefined;
  attempts: number;
}

/**
 * Revokes keys behind the answers: ids wait at most 50 ms or for 100 of them, and what fails is
 * tried again, with back-off, until the key expires by itself. Neither delays nor changes what a
 * caller gets.
 */
export class RevocationQueue implements OnApplicationShutdown {
  readonly #client: BrokerClient;
  readonly #lease: InstanceLease | undefined;
  readonly #stop: GracefulStop | undefined;
  readonly #logger = new Logger('VaultKeyRevocation');
  /** All that is not yet revoked, by id, so that an id given twice is revoked once. */
  readonly #backlog = new Map<string, Revocation>();
  #waiting: Revocation[] = [];
  #batchTimer: NodeJS.Timeout | undefined;
  readonly #retries = new Map<NodeJS.Timeout, Revocation[]>();
  #activeInvocations = 0;
  readonly #onIdle = new Set<() => void>();
  #draining = false;
  #shutDown: Promise<void> | undefined;

  /**
   * @param lease Ended once the queue is drained: what is left of the keys ends with it.
   * @param stop Finished before the queue is drained.
   * @internal
   */
  constructor(client: BrokerClient, lease?: InstanceLease, stop?: GracefulStop) {
    this.#client = client;
    this.#lease = lease;
    this.#stop = stop;
  }

  /** How many keys wait to be revoked, those in a request to the broker included. */
  get backlog(): number {
    return this.#backlog.size;
  }

  /** How many invocations are at work, those whose key is still being issued included. */
  get activeInvocations(): number {
    return this.#activeInvocations;
  }

  /**
   * Takes a key's id for revocation.
   *
   * @internal
   */
  add(id: string, expiresAt: Date, trace?: Trace): void {
    if (this.#backlog.has(id)) return;
    const revocation = { id, expiresAt: expiresAt.getTime(), trace, attempts: 0 };
    this.#backlog.set(id, revocation);
    this.#waiting.push(revocation);
    if (this.#waiting.length >= BATCH_SIZE) this.#flush();
    else this.#batchTimer ??= this.#after(BATCH_WAIT_MS, () => this.#flush());
  }

  /**
   * Counts an invocation in, before its key is asked for.
   *
   * @internal
   */
  invocationStarted(): void {
    this.#activeInvocations++;
  }

  /**
   * Counts an invocation out, once its key is in the queue.
   *
   * @internal
   */
  invocationEnded(): void {
    this.#activeInvocations--;
    this.#checkIdle();
  }

  /**
   * Waits for the invocations at work, then until every key that has ended is revoked: in a spec
   * that looks at keys, before it does. Never throws.
   *
   * @param timeoutMs How long it waits at most, in milliseconds; {@link backlog} and
   * {@link activeInvocations} say what is left then.
   */
  async drain(timeoutMs = DRAIN_LIMIT_MS): Promise<void> {
    this.#draining = true;
    this.#flush();
    this.#retryNow();
    if (!this.#isIdle()) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#onIdle.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    this.#draining = false;
  }

  /** Drains, ends the lease, then releases the broker. */
  onApplicationShutdown(): Promise<void> {
    this.#shutDown ??= this.#end();
    return this.#shutDown;
  }

  async #end(): Promise<void> {
    try {
      this.#stop?.finish();
      await this.drain();
      for (const retry of this.#retries.keys()) clearTimeout(retry);
      this.#tellWhatIsLeft();
      await this.#lease?.end();
    } finally {
      await this.#client.close();
    }
  }

  #tellWhatIsLeft(): void {
    const end = this.#lease === undefined ? 'their expiry' : "the application's lease";
    if (this.#activeInvocations > 0) {
      this.#logger.warn(
        `Shutting down with ${this.#activeInvocations} invocation(s) still at work; their keys end with ${end}.`,
      );
    }
    if (this.#backlog.size > 0) {
      this.#logger.warn(
        `Shutting down with ${this.#backlog.size} key(s) not revoked; they end with ${end}: ${[...this.#backlog.keys()].slice(0, 20).join(', ')}`,
      );
    }
  }

  #flush(): void {
    clearTimeout(this.#batchTimer);
    this.#batchTimer = undefined;
    while (this.#waiting.length > 0) void this.#revoke(this.#waiting.splice(0, BATCH_SIZE));
  }

  async #revoke(batch: Revocation[]): Promise<void> {
    const byId = new Map(batch.map((revocation) => [revocation.id, revocation]));
    const { ended, failed } = await this.#askTraced(batch);
    for (const id of ended) {
      byId.delete(id);
      this.#backlog.delete(id);
    }
    // An id the broker's answer passed over is not known to be revoked.
    if (byId.size > 0) this.#retryLater([...byId.values()], failed[0]?.reason ?? 'no answer');
    this.#checkIdle();
  }

  async #askTraced(batch: readonly Revocation[]): Promise<RevokeResult> {
    const ids = batch.map(({ id }) => id);
    const trace = beginRevocation(batch);
    if (trace === undefined) return this.#askBroker(ids);
    const result = await trace.within(() => this.#askBroker(ids));
    if (result.failed.length > 0) trace.failed('not_revoked');
    trace.end();
    return result;
  }

  async #askBroker(ids: readonly string[]): Promise<RevokeResult> {
    try {
      return await this.#client.revoke(ids);
    } catch {
      return { ended: [], failed: ids.map((id) => ({ id, reason: 'the broker client failed' })) };
    }
  }

  #retryLater(batch: Revocation[], reason: string): void {
    const now = Date.now();
    const alive: Revocation[] = [];
    for (const revocation of batch) {
      if (revocation.expiresAt > now) alive.push(revocation);
      else this.#backlog.delete(revocation.id);
    }
    const [first] = alive;
    if (first === undefined) return;
    if (first.attempts === 0) {
      this.#logger.warn(
        `Could not revoke ${alive.length} key(s) (${reason}); trying again until they expire: ${alive
          .slice(0, 20)
          .map(({ id }) => id)
          .join(', ')}`,
      );
    }
    for (const revocation of alive) revocation.attempts++;
    const most = Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** (first.attempts - 1));
    const retry = this.#after(Math.random() * most, () => {
      this.#retries.delete(retry);
      void this.#revoke(alive);
    });
    this.#retries.set(retry, alive);
  }

  #retryNow(): void {
    for (const [retry, batch] of this.#retries) {
      clearTimeout(retry);
      void this.#revoke(batch);
    }
    this.#retries.clear();
  }

  /** Only a shutdown may keep the process alive. */
  #after(ms: number, work: () => void): NodeJS.Timeout {
    const timer = setTimeout(work, ms);
    return this.#draining ? timer : timer.unref();
  }

  #isIdle(): boolean {
    return this.#activeInvocations === 0 && this.#backlog.size === 0;
  }

  #checkIdle(): void {
    if (!this.#isIdle()) return;
    for (const idle of this.#onIdle) idle();
    this.#onIdle.clear();
  }
}
