/** A store's clock that stands still until a test sets it. */
export class TestClock {
  /** @param instant Epoch milliseconds. */
  constructor(public instant: number) {}

  now(): number {
    return this.instant;
  }
}
