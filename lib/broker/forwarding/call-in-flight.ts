import type { ExchangeEnd } from './exchange';

/** A call that has left, until its settlement is written. */
export class CallInFlight {
  /** How it ended. */
  end: ExchangeEnd | undefined;
  #hasLeft = false;
  #landed = false;
  #onLanded: (() => void) | undefined;

  /**
   * @param onLeft It counts no more among the calls that its key has under way. At the latest when it has landed.
   * @param hurry Has the settlement written now: someone waits for it.
   */
  constructor(
    private readonly onLeft: () => void,
    private readonly onLanded: () => void,
    private readonly hurry: () => void,
  ) {}

  leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.onLeft();
  }

  readonly land = (): void => {
    this.#landed = true;
    this.leave();
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
