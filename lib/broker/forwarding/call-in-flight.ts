import type { ExchangeEnd } from './exchange';

/** A call that has left, until its settlement is written. */
export class CallInFlight {
  /** How it ended. */
  end: ExchangeEnd | undefined;
  #landed = false;
  #onLanded: (() => void) | undefined;

  /** @param hurry Has the settlement written now: someone waits for it. */
  constructor(
    private readonly onLanded: () => void,
    private readonly hurry: () => void,
  ) {}

  readonly land = (): void => {
    this.#landed = true;
    this.onLanded();
    this.#onLanded?.();
  };

  landed(): Promise<void> {
    if (this.#landed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onLanded = resolve;
      if (this.end !== undefined) this.hurry();
    });
  }
}
