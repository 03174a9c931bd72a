import { Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnModuleDestroy } from '@nestjs/common';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import type { VaultKey } from './vault-key';

/** How long work in progress may go on once the application is told to stop: milliseconds. */
const DEFAULT_SHUTDOWN_GRACE_MS = 10_000;

/**
 * The end of an application, as its invocations meet it. It begins with the first hook that Nest
 * calls after a signal or `app.close()`, long before Nest waits for the HTTP server: from then on
 * no invocation begins. Those at work have a while to end, then their keys are revoked under them,
 * those of streams too, which no server ever sees the end of.
 */
export class GracefulStop implements OnModuleDestroy, BeforeApplicationShutdown {
  readonly #graceMs: number;
  readonly #logger = new Logger('VaultKeyShutdown');
  /** What ends each invocation at work. */
  readonly #invocations = new Set<() => void>();
  /** What ends each key that belongs to no invocation, and the timer of its expiry. */
  readonly #keys = new Map<VaultKey, { end: () => void; timer: NodeJS.Timeout }>();
  readonly #onIdle = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #begun = false;
  #over = false;

  constructor(graceMs = DEFAULT_SHUTDOWN_GRACE_MS) {
    this.#graceMs = graceMs;
  }

  /** Whether the application has been told to stop. */
  get begun(): boolean {
    return this.#begun;
  }

  /**
   * Lets work begin, unless the application is stopping.
   *
   * @param atWork Whether it is part of an invocation that is at work already.
   * @throws VaultKeyUnavailableException where it may not.
   */
  admit(atWork: boolean): void {
    if (this.#over || (this.#begun && !atWork)) {
      throw new VaultKeyUnavailableException({
        message:
          'The application is shutting down, so no vault key was asked for. Nothing was run.',
      });
    }
  }

  /**
   * Counts an invocation in that has its key.
   *
   * @param end Ends it.
   * @returns What counts it out.
   */
  invocationOpened(end: () => void): () => void {
    this.#invocations.add(end);
    return () => {
      this.#invocations.delete(end);
      this.#checkIdle();
    };
  }

  /** Remembers a key that belongs to no invocation: the stop does not wait for its end. */
  keyIssued(key: VaultKey, end: () => void): void {
    const timer = setTimeout(() => this.#keys.delete(key), key.expiresAt.getTime() - Date.now());
    this.#keys.set(key, { end, timer: timer.unref() });
  }

  keyRevoked(key: VaultKey): void {
    clearTimeout(this.#keys.get(key)?.timer);
    this.#keys.delete(key);
  }

  /** The first hook of a shutdown. */
  onModuleDestroy(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#timer = setTimeout(() => this.finish(), this.#graceMs);
  }

  /**
   * The last hook before Nest closes its servers, and with `forceCloseConnections` their
   * connections.
   */
  async beforeApplicationShutdown(): Promise<void> {
    if (this.#invocations.size > 0 && !this.#over) {
      await new Promise<void>((resolve) => this.#onIdle.add(resolve));
    }
    this.#timer?.unref();
  }

  /** Ends what is left. Again is harmless. */
  finish(): void {
    if (this.#over) return;
    this.#begun = true;
    this.#over = true;
    clearTimeout(this.#timer);
    if (this.#invocations.size > 0) {
      this.#logger.warn(
        `${this.#invocations.size} invocation(s) were still at work ${this.#graceMs / 1_000} s after the application was told to stop. Their vault keys are revoked now, and their vendor calls refused. The option shutdownGrace gives them longer.`,
      );
    }
    for (const end of this.#invocations) end();
    for (const { end } of this.#keys.values()) end();
    this.#checkIdle();
  }

  #checkIdle(): void {
    if (this.#invocations.size > 0) return;
    for (const idle of this.#onIdle) idle();
    this.#onIdle.clear();
  }
}
