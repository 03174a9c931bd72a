import { InvalidBodyError } from './parameters';
import type { ParameterSink } from './parameters';

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const STRING = /"[^"\\]*(?:\\[^][^"\\]*)*"/y;
// oxlint-disable-next-line no-control-regex -- JSON has none of these in a string
const CONTROL = /[\u0000-\u001f]/;

/**
 * Reads a JSON object as form parameters, numbers by the digits written:
 * `JSON.parse` gives no source text of numbers on Node 20, and reads a whole body before any limit
 * can refuse it. A priced parameter must have come as an integer literal or a string.
 *
 * @returns The top-level names whose number was written with a point or an exponent.
 * @throws InvalidBodyError where it is no JSON object, or the sink takes a parameter no more.
 */
export function parseJsonBody(text: string, sink: ParameterSink): Set<string> {
  const reader = new JsonReader(text, sink);
  reader.readDocument();
  return reader.decimals;
}

/** Reads JSON by its grammar (RFC 8259), and no deeper than the sink takes parameters. */
class JsonReader {
  readonly decimals = new Set<string>();
  /** Of the value that is being read. */
  readonly #path: string[] = [];
  #at = 0;

  constructor(
    private readonly text: string,
    private readonly sink: ParameterSink,
  ) {}

  readDocument(): void {
    this.#skipSpace();
    if (this.text[this.#at] !== '{') throw new InvalidBodyError('the JSON body must be an object');
    this.#readObject();
    this.#skipSpace();
    if (this.#at < this.text.length) throw malformed();
  }

  #readValue(): void {
    switch (this.text[this.#at]) {
      case '{':
        if (this.#readObject() === 0) throw emptyContainer(this.#path);
        return;
      case '[':
        if (this.#readArray() === 0) throw emptyContainer(this.#path);
        return;
      case '"':
        this.sink.add([...this.#path], this.#readString());
        return;
      default: {
        const word = this.#match(WORD) ?? this.#match(NUMBER);
        if (word === undefined) throw malformed();
        if (/[.eE]/.test(word) && /^[-\d]/.test(word)) this.decimals.add(this.#path[0] ?? '');
        this.sink.add([...this.#path], word === 'null' ? '' : word);
      }
    }
  }

  #readObject(): number {
    this.sink.checkDepth(this.#path);
    let length = 0;
    let first = '';
    let names: Set<string> | undefined;
    this.#at++;
    this.#skipSpace();
    while (!this.#closes('}', length)) {
      if (this.text[this.#at] !== '"') throw malformed();
      const name = this.#readString();
      // Most objects within a body have one name.
      if (length === 0) first = name;
      else names ??= new Set([first]);
      if (names?.has(name) === true) {
        throw new InvalidBodyError(`the JSON body holds the name "${name.slice(0, 64)}" twice`);
      }
      if (name === '' || /[[\]]/.test(name)) {
        throw new InvalidBodyError(
          'the JSON body holds a name that is empty or has brackets in it',
        );
      }
      names?.add(name);
      length++;
      this.#skipSpace();
      if (this.text[this.#at++] !== ':') throw malformed();
      this.#skipSpace();
      this.#path.push(name);
      this.#readValue();
      this.#path.pop();
      this.#skipSpace();
    }
    return length;
  }

  #readArray(): number {
    this.sink.checkDepth(this.#path);
    let length = 0;
    this.#at++;
    this.#skipSpace();
    while (!this.#closes(']', length)) {
      this.#path.push(String(length++));
      this.#readValue();
      this.#path.pop();
      this.#skipSpace();
    }
    return length;
  }

  /** Whether a container ends here; otherwise what follows is its next item. */
  #closes(end: string, length: number): boolean {
    if (this.text[this.#at] === end) {
      this.#at++;
      return true;
    }
    if (length === 0) return false;
    if (this.text[this.#at++] !== ',') throw malformed();
    this.#skipSpace();
    return false;
  }

  #readString(): string {
    const end = this.text.indexOf('"', this.#at + 1);
    const plain = this.text.slice(this.#at + 1, end);
    let value = plain;
    if (end !== -1 && !plain.includes('\\')) {
      if (CONTROL.test(plain)) throw malformed();
      this.#at = end + 1;
    } else {
      value = unescaped(this.#match(STRING));
    }
    if (value.includes('\0')) throw new InvalidBodyError('the JSON body holds a NUL character');
    if (!value.isWellFormed()) throw new InvalidBodyError('the JSON body holds a lone surrogate');
    return value;
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  #match(what: RegExp): string | undefined {
    what.lastIndex = this.#at;
    const found = what.exec(this.text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}

function unescaped(text: string | undefined): string {
  try {
    return JSON.parse(text ?? '') as string;
  } catch {
    throw malformed();
  }
}

function malformed(): InvalidBodyError {
  return new InvalidBodyError('the body is not one valid JSON document');
}

function emptyContainer(path: readonly string[]): InvalidBodyError {
  return new InvalidBodyError(
    `the parameter "${path.join('.').slice(0, 64)}" is an empty array or object, which a form body cannot carry: leave it out, or send null to clear it`,
  );
}
