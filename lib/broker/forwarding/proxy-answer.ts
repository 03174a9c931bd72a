import type { Readable } from 'node:stream';
import type { BrokerRefusal } from '../refusal';
import type { Trace } from '../telemetry/trace';
import { AnswerBody } from './answer-body';

/** A body that arrives, and can be read at once: at a fraction of what an iterator costs. */
export interface StreamedBody {
  /** Waits for all of it; `undefined` where it is larger. Rejects where it breaks off. */
  collect(maxBytes: number): Promise<Buffer | undefined>;
}

/** A call to a vendor as it reached the proxy: not normalised, headers in their order and case. */
export interface ProxyCall {
  vendor: string;
  method: string;
  /** The vendor's path and query, byte for byte. */
  target: string;
  /** Name, value, name, value, … as in `http.IncomingMessage.rawHeaders`; holds `Authorization`. */
  rawHeaders: readonly string[];
  body?: Buffer | AsyncIterable<Buffer> | StreamedBody;
  remoteAddress?: string;
  /** Who waits for the answer; `destroyed` once nobody does. What has not left by then need not leave. */
  caller?: { readonly destroyed: boolean };
  /**
   * What it is a part of, where that is traced.
   *
   * @internal
   */
  trace?: Trace | undefined;
}

/** The proxy's answer: the vendor's, or the broker's refusal. Header names are lower case. */
export interface ProxyAnswer {
  status: number;
  headers: Record<string, string | string[]>;
  /** Ends after a complete answer alone; one that the vendor cut short destroys it with an error. */
  readonly body: Readable;
  /**
   * The whole body, for a fraction of what a stream costs; `undefined` where it was cut short or is
   * larger. In place of {@link body}, not beside it.
   */
  bytes(maxBytes: number): Promise<Buffer | undefined>;
  /** Gives the answer up: the call is followed to its end without a reader. */
  drop(): void;
  /** Set on the refusal of a call whose key is not known: no log has it. */
  unknownCaller?: true;
}

/** An answer that can be read as a stream, or at once. */
export class Answer implements ProxyAnswer {
  readonly #body: AnswerBody;

  constructor(
    readonly status: number,
    readonly headers: Record<string, string | string[]>,
    body: AnswerBody,
  ) {
    this.#body = body;
  }

  get body(): Readable {
    return this.#body.stream();
  }

  bytes(maxBytes: number): Promise<Buffer | undefined> {
    return this.#body.bytes(maxBytes);
  }

  drop(): void {
    this.#body.drop();
  }
}

/** @param isKnown Whether the call's key is known. */
export function refusalAnswer(refusal: BrokerRefusal, isKnown: boolean): ProxyAnswer {
  const bytes = Buffer.from(refusal.toBody());
  const headers = { ...refusal.toHeaders(), 'content-length': String(bytes.length) };
  const answer = new Answer(refusal.status, headers, AnswerBody.of(bytes));
  return isKnown ? answer : Object.assign(answer, { unknownCaller: true as const });
}
