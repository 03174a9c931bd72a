import { Readable } from 'node:stream';
import type Stripe from 'stripe';

/** An answer, as the `stripe` client takes it. */
export class VendorResponse implements Stripe.HttpClientResponse {
  readonly #raw: {
    readonly statusCode: number;
    readonly headers: Readonly<Record<string, string>>;
  };
  readonly #read: () => Promise<object>;
  readonly #body: (() => Readable) | undefined;

  /**
   * @param read Reads the answer to its end and gives what the client is to take it for; never rejects.
   * @param body Absent where it has been read already.
   */
  constructor(
    statusCode: number,
    headers: Readonly<Record<string, string>>,
    read: () => Promise<object>,
    body?: () => Readable,
  ) {
    this.#raw = { statusCode, headers };
    this.#read = read;
    this.#body = body;
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
    const stream = this.#body?.() ?? Readable.from([]);
    stream.once('end', onComplete);
    return stream;
  }

  dispose(): void {
    this.#body?.().destroy();
  }
}
