import { BatchNotes } from './batch-notes';

/** How to take back what batches have changed in memory, the latest change first. */
export class BatchUndo {
  readonly #undos = new BatchNotes<() => void>();

  add(undo: () => void): void {
    this.#undos.add(undo);
  }

  /** The batch that is being decided is on its way. */
  sent(): void {
    this.#undos.sent();
  }

  /** The oldest batch on its way is written. */
  written(): void {
    this.#undos.written();
  }

  /** Takes back the batch that is being decided. */
  undone(): void {
    run(this.#undos.undone());
  }

  /** Takes back all that is not written. */
  lost(): void {
    run(this.#undos.lost());
  }
}

function run(undos: readonly (() => void)[]): void {
  for (const undo of undos.toReversed()) undo();
}
