/** Points that handlers stop at until the test lets them go on, by name. */
export class Gates {
  readonly #gates = new Map<string, Gate>();

  gate(name: string): Gate {
    const gate = this.#gates.get(name) ?? new Gate();
    this.#gates.set(name, gate);
    return gate;
  }
}

/** Shut until it is opened. */
export class Gate {
  /** Resolves when somebody stands before the gate. */
  readonly reached: Promise<void>;
  open!: () => void;
  readonly #opened: Promise<void>;
  #reach!: () => void;

  constructor() {
    this.reached = new Promise((resolve) => (this.#reach = resolve));
    this.#opened = new Promise((resolve) => (this.open = resolve));
  }

  pass(): Promise<void> {
    this.#reach();
    return this.#opened;
  }
}
