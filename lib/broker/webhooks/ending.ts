/** An end that is waited for beside other things. */
export class Ending {
  #isOver = false;
  readonly #waiting = new Set<() => void>();

  get isOver(): boolean {
    return this.#isOver;
  }

  /** From now on nothing is waited for. */
  end(): void {
    this.#isOver = true;
    for (const each of this.#waiting) each();
  }

  /** Resolves with what is waited for, which never rejects, or at the end. */
  async wait(other: Promise<unknown>): Promise<void> {
    if (this.#isOver) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        this.#waiting.delete(go);
        resolve();
      };
      this.#waiting.add(go);
      void other.then(go);
    });
  }

  /** Resolves after some milliseconds, or at the end. */
  waitFor(ms: number): Promise<void> {
    return this.wait(new Promise((resolve) => void setTimeout(resolve, ms).unref()));
  }
}
