/** Takes how much longer a call has taken than its vendor, in seconds. */
type AddedListener = (vendor: string, seconds: number) => void;

/** What became of the calls since the process began; counts alone, no names. */
export class CallCounts {
  /** Of known keys, by vendor and verdict. */
  readonly #calls = new Map<string, Map<string, number>>();
  /** Refused before a key was known, by code. */
  readonly #unknown = new Map<string, number>();
  readonly #listeners = new Set<AddedListener>();

  call(vendor: string, verdict: string): void {
    let byVerdict = this.#calls.get(vendor);
    if (byVerdict === undefined) this.#calls.set(vendor, (byVerdict = new Map()));
    byVerdict.set(verdict, (byVerdict.get(verdict) ?? 0) + 1);
  }

  unknownCaller(code: string): void {
    this.#unknown.set(code, (this.#unknown.get(code) ?? 0) + 1);
  }

  /** A call was answered by its vendor; `seconds` is what the broker added to the time of that. */
  answered(vendor: string, seconds: number): void {
    for (const listener of this.#listeners) listener(vendor, seconds);
  }

  /** @returns What ends it. */
  onAnswered(listener: AddedListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get calls(): { vendor: string; verdict: string; count: number }[] {
    return [...this.#calls].flatMap(([vendor, byVerdict]) =>
      [...byVerdict].map(([verdict, count]) => ({ vendor, verdict, count })),
    );
  }

  get unknownCallers(): { code: string; count: number }[] {
    return [...this.#unknown].map(([code, count]) => ({ code, count }));
  }
}
