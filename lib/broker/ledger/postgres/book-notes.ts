import type { Note, NoteKind, NoteValues } from '../notes';
import type { Deletions } from './deletions';
import type { LoadedRows } from './loaded-rows';
import { nameOf } from './wanted-rows';

/** What a batch's notes are made of. */
export interface BookNotesParts {
  loaded: LoadedRows | undefined;
  deletions: Deletions;
  /** Has a note that was not loaded loaded. */
  miss: (kind: NoteKind, name: string) => void;
}

/** The notes of one batch. */
export class BookNotes {
  readonly #changed = new Map<string, Note>();

  constructor(private readonly parts: BookNotesParts) {}

  /** What the batch has put, by what names it. */
  get changed(): ReadonlyMap<string, Note> {
    return this.#changed;
  }

  get(kind: NoteKind, name: string): Note | undefined {
    const { loaded, deletions, miss } = this.parts;
    const id = nameOf(kind, name);
    const changed = this.#changed.get(id);
    if (changed !== undefined || deletions.has('notes', kind, name)) return changed;
    if (loaded?.asked.notes.has(id) !== true) miss(kind, name);
    return loaded?.notes.get(id);
  }

  put<Kind extends NoteKind>(kind: Kind, name: string, value: NoteValues[Kind]): void {
    // Whether it is new is known only once it was looked for.
    this.get(kind, name);
    this.#changed.set(nameOf(kind, name), { kind, name, value } as Note);
  }

  delete(kind: NoteKind, name: string): void {
    const note = this.get(kind, name);
    if (note !== undefined) this.forget(note);
  }

  forget(note: Note): void {
    this.#changed.delete(nameOf(note.kind, note.name));
    this.parts.deletions.add('notes', note);
  }
}
