import { endInvocation } from '../telemetry/invocation-trace';
import { enterInvocation } from './invocation-context';
import type { InvocationRecord } from './invocation-context';
import type { VaultKey } from './vault-key';

/** One invocation that has its key. What opened it ends it, once. */
export class Invocation {
  readonly #record: InvocationRecord;
  readonly #onEnd: (() => void) | undefined;
  #thrown: { error: unknown } | undefined;
  #ended = false;
  #keepers = 0;

  /** @param onEnd Absent where the key belongs to the invocation around this one, which ends it. */
  constructor(record: InvocationRecord, onEnd?: () => void) {
    this.#record = record;
    this.#onEnd = onEnd;
  }

  get key(): VaultKey {
    return this.#record.key;
  }

  /** The handler has settled. The key goes on until the invocation ends, with the response. */
  handled(): void {
    this.#record.handled = true;
  }

  /** What its work threw, to be told of it when it ends. */
  failed(error: unknown): void {
    this.#thrown ??= { error };
  }

  /** Runs work in the context of this invocation. */
  enter<T>(work: () => T): T {
    const { trace } = this.#record;
    if (trace === undefined) return enterInvocation(this.#record, work);
    return trace.within(() => enterInvocation(this.#record, work));
  }

  /**
   * Keeps the invocation open until what it gives is called: the invocation ends when the last of
   * them was.
   */
  keepOpen(): () => void {
    this.#keepers++;
    let done = false;
    return () => {
      if (done) return;
      done = true;
      if (--this.#keepers === 0) this.end();
    };
  }

  /** The work is over: the key serves no further call, and its revocation is on its way. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd?.();
    if (this.#record.trace !== undefined) endInvocation(this.#record.trace, this.#thrown);
  }
}
