/** How long a call has waited for its vendor. Several waits at once count once. */
export class VendorTime {
  #waits = 0;
  #since = 0;
  #ms = 0;

  /** Begins a wait. @returns What ends it; again is harmless. */
  wait(): () => void {
    if (this.#waits === 0) this.#since = performance.now();
    this.#waits += 1;
    let hasEnded = false;
    return () => {
      if (hasEnded) return;
      hasEnded = true;
      this.#waits -= 1;
      if (this.#waits === 0) this.#ms += performance.now() - this.#since;
    };
  }

  /** Milliseconds, of the waits that have ended. */
  get ms(): number {
    return this.#ms;
  }
}
