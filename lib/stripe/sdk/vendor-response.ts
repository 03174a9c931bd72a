import { Readable } from 'node:stream';
import type Stripe from 'stripe';

/** An answer, as the `stripe` client takes it. */
export class VendorResponse implements Stripe.HttpClientResponse {
  readonly #raw: {
    readonly statusCode: number;
    readonly headers: Readonly<Record<string, string>>;
  };
  readonly #read: () => Promise<object>;
  readonly #open: (() => Readable) | undefined;
  #stream: Readable | undefined;

  /**
   * @param read Reads the answer to its end and gives what the client is to take it for; never rejects.
   * @param open Gives the body as a stream; absent where it has been read already.
   */
  constructor(
    statusCode: number,
    headers: Readonly<Record<string, string>>,
    read: () => Promise<object>,
    open?: () => Readable,
  ) {
    this.#raw = { statusCode, headers };
    this.#read = read;
    this.#open = open;
  }

  getStatusCode(): number {
    return this.#raw.statusCode;
  }

  getHeaders(): Record<string, string> {
    return this.#raw.headers;
  }

  /** What becomes `lastResponse`. */
  getRawResponse(): object {
    return this.#raw;
  }

  toJSON(): Promise<object> {
    return this.#read();
  }

  toStream(onComplete: () => void): Readable {
    const stream = this.#body() ?? Readable.from([]);
    stream.once('end', onComplete);
    return stream;
  }

  dispose(): void {
    this.#body()?.destroy();
  }

  #body(): Readable | undefined {
    return (this.#stream ??= this.#open?.());
  }
}
