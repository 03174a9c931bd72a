/** One event of a `text/event-stream`. */
export interface StreamEvent {
  kind: string;
  id: string;
  data: string;
}

/**
 * Takes apart a `text/event-stream`. A reader of our own: a browser's `EventSource` hides the status of an answer
 * that is no stream, and takes events of the kinds alone that it was told before.
 */
export class EventReader {
  #rest = '';
  #kind = '';
  #id = '';
  #data: string[] = [];

  /** The events that a further piece of text completes. */
  take(text: string): StreamEvent[] {
    const events: StreamEvent[] = [];
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (this.#data.length > 0) {
          const data = this.#data.join('\n');
          events.push({ kind: this.#kind || 'message', id: this.#id, data });
        }
        this.#kind = '';
        this.#data = [];
        continue;
      }
      const colon = line.indexOf(':');
      if (colon === 0) continue;
      const field = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'event') this.#kind = value;
      else if (field === 'data') this.#data.push(value);
      else if (field === 'id') this.#id = value;
    }
    return events;
  }
}
