import { Readable } from 'node:stream';

const HIGH_WATER_MARK = 65_536;

/** What a body is fed by. */
export interface BodySource {
  pause(): void;
  resume(): void;
  /** Its reader is gone. */
  drain(): void;
  /** How long a reader may pause; as long as it likes where it is `undefined`. */
  readonly readTimeoutMs: number | undefined;
}

/**
 * The body of an answer as it comes, for one reader: as a stream, or, at a fraction of the cost, as
 * a whole.
 */
export class AnswerBody {
  readonly #source: BodySource | undefined;
  #chunks: Buffer[] = [];
  #length = 0;
  #stream: Readable | undefined;
  #whole: { resolve: (bytes: Buffer | undefined) => void; maxBytes: number } | undefined;
  #state: 'open' | 'complete' | 'cut' | 'dropped' = 'open';
  #paused = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(source?: BodySource) {
    this.#source = source;
  }

  /** A body that is there already. */
  static of(bytes: Buffer): AnswerBody {
    const body = new AnswerBody();
    body.push(bytes);
    body.end();
    return body;
  }

  /** The body as a stream, which ends only after a complete answer. */
  stream(): Readable {
    if (this.#stream !== undefined) return this.#stream;
    const stream = new Readable({
      highWaterMark: HIGH_WATER_MARK,
      read: () => this.#resume(),
      destroy: (error, done) => {
        if (this.#state === 'open') this.drop();
        done(error);
      },
    });
    // A reader that went away makes its own stream fail, which is no error here.
    stream.on('error', () => {});
    this.#stream = stream;
    for (const chunk of this.#chunks.splice(0)) stream.push(chunk);
    if (this.#state === 'complete') stream.push(null);
    else if (this.#state !== 'open') stream.destroy(cutShort());
    return stream;
  }

  /** The whole body; `undefined` where it was cut short or is larger. */
  bytes(maxBytes: number): Promise<Buffer | undefined> {
    if (this.#state !== 'open') return Promise.resolve(this.#bytes(maxBytes));
    if (this.#length > maxBytes) {
      this.drop();
      return Promise.resolve(undefined);
    }
    this.#resume();
    return new Promise((resolve) => (this.#whole = { resolve, maxBytes }));
  }

  /** Gives the body up. */
  drop(): void {
    if (this.#state !== 'open') return;
    this.#state = 'dropped';
    this.#chunks = [];
    clearTimeout(this.#timer);
    this.#whole?.resolve(undefined);
    this.#stream?.destroy();
    this.#source?.drain();
  }

  push(chunk: Buffer): void {
    if (this.#state !== 'open') return;
    if (this.#stream !== undefined) {
      if (!this.#stream.push(chunk)) this.#pause();
      return;
    }
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#whole === undefined) {
      if (this.#length >= HIGH_WATER_MARK) this.#pause();
    } else if (this.#length > this.#whole.maxBytes) {
      this.drop();
    }
  }

  /** The answer is complete. */
  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'complete';
    clearTimeout(this.#timer);
    this.#stream?.push(null);
    this.#whole?.resolve(this.#bytes(this.#whole.maxBytes));
  }

  /** The answer was cut short. */
  cut(error: Error = cutShort()): void {
    if (this.#state !== 'open') return;
    this.#state = 'cut';
    clearTimeout(this.#timer);
    this.#stream?.destroy(error);
    this.#whole?.resolve(undefined);
  }

  #bytes(maxBytes: number): Buffer | undefined {
    if (this.#state !== 'complete' || this.#length > maxBytes) return undefined;
    const [only] = this.#chunks;
    return this.#chunks.length === 1 ? only : Buffer.concat(this.#chunks, this.#length);
  }

  #pause(): void {
    if (this.#source === undefined) return;
    this.#paused = true;
    this.#source.pause();
    clearTimeout(this.#timer);
    const { readTimeoutMs } = this.#source;
    if (readTimeoutMs === undefined) return;
    // A reader that pauses must not keep a connection to the vendor for good.
    this.#timer = setTimeout(() => {
      this.#stream?.destroy(new Error('the answer was not read in time'));
      this.drop();
    }, readTimeoutMs);
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    clearTimeout(this.#timer);
    this.#source?.resume();
  }
}

function cutShort(): Error {
  return new Error('the answer was cut short');
}
