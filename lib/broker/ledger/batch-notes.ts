/** What works have noted, by the batch that they are in: it is true once that batch is written. */
export class BatchNotes<Note> {
  #deciding: Note[] = [];
  /** Of the batches on their way, the oldest first. */
  readonly #sent: (readonly Note[])[] = [];

  /** Notes something for the batch that is being decided. */
  add(note: Note): void {
    this.#deciding.push(note);
  }

  /** All that is noted and not written, the oldest first. */
  get all(): Note[] {
    return [...this.#sent.flat(), ...this.#deciding];
  }

  /** The batch is on its way: what is noted from now on is of the next one. */
  sent(): void {
    this.#sent.push(this.#deciding);
    this.#deciding = [];
  }

  /** The oldest batch on its way is written: what was noted for it. */
  written(): readonly Note[] {
    return this.#sent.shift() ?? [];
  }

  /** The batch that is being decided came to nothing: what was noted for it. */
  undone(): readonly Note[] {
    const notes = this.#deciding;
    this.#deciding = [];
    return notes;
  }

  /** All batches that are not written came to nothing: what was noted for them. */
  lost(): readonly Note[] {
    const notes = this.all;
    this.#sent.length = 0;
    this.#deciding = [];
    return notes;
  }
}
