import * as http from 'node:http';
import * as https from 'node:https';
import type { Socket } from 'node:net';
import { Transform, pipeline } from 'node:stream';
import type { Readable } from 'node:stream';

/** How long a request may take, in milliseconds. */
export interface FlightLimits {
  /** Until the connection is open, TLS included. */
  connectMs: number;
  /** From then on until the answer. */
  answerMs: number;
  /**
   * Whether `answerMs` is for the whole answer. Where not, it is for the head, and then for any
   * time without any data of the body.
   */
  wholeAnswer: boolean;
  /** When it has to have ended whatever the other limits say, by `performance.now()`. */
  endsAt?: number;
}

/** How much of some milliseconds is left before an end. */
export function within(ms: number, endsAt: number | undefined): number {
  return endsAt === undefined ? ms : Math.min(ms, Math.max(0, endsAt - performance.now()));
}

/** Headers as they go out; names in lower case. */
export type OutgoingHeaders = Readonly<Record<string, string>>;

/**
 * One request on its way. Serves as axios' `transport`, since only there can be seen what decides
 * about money: whether anything has left. It also sends the path byte for byte, which axios itself
 * would normalise.
 */
export class Flight {
  /** Whether the connection was open, so that the request may have been read at the other end. */
  sent = false;
  /** Whether its connection was kept from an earlier request: the other end may just have closed it. */
  reused = false;
  timedOut = false;
  /** Whether it waited for its turn until its time was over, and so never began. */
  queued = false;
  /** What went wrong, as Node says it: no request, no headers, no secret. */
  failure?: NodeJS.ErrnoException;

  #timer?: NodeJS.Timeout;
  #lastTurn?: NodeJS.Immediate;

  constructor(
    private readonly path: string,
    private readonly headers: OutgoingHeaders,
    private readonly limits: FlightLimits,
  ) {}

  request(
    options: https.RequestOptions,
    onAnswer: (answer: http.IncomingMessage) => void,
  ): http.ClientRequest {
    options.path = this.path;
    options.headers = { ...this.headers };
    const secure = options.protocol === 'https:';
    const request = (secure ? https : http).request(options, (answer) => {
      if (!this.limits.wholeAnswer) this.#disarm();
      onAnswer(answer);
    });
    this.#arm(this.limits.connectMs, request);
    request.once('socket', (socket: Socket) => {
      this.reused = request.reusedSocket;
      const connected = (): void => {
        this.sent = true;
        this.#arm(this.limits.answerMs, request);
      };
      if (request.reusedSocket || !socket.connecting) connected();
      else socket.once(secure ? 'secureConnect' : 'connect', connected);
    });
    request.once('error', (error) => {
      this.failure ??= error;
      this.#disarm();
    });
    request.once('close', () => this.#disarm());
    return request;
  }

  /**
   * The answer's body, cut loose from the request behind it, so that no one who prints an answer
   * prints its credentials.
   */
  bodyOf(answer: Readable): Readable {
    const { answerMs, wholeAnswer } = this.limits;
    let stall: NodeJS.Timeout | undefined;
    const body = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        stall?.refresh();
        done(null, chunk);
      },
    });
    if (!wholeAnswer) {
      stall = setTimeout(() => {
        // A body that waits for its reader has not stalled.
        if (body.readableLength > 0) stall?.refresh();
        else body.destroy(new Error(`The answer brought nothing for ${answerMs} ms.`));
      }, answerMs);
    }
    pipeline(answer, body, () => {
      clearTimeout(stall);
    });
    // An answer without a reader must not end the process when it breaks off.
    body.on('error', () => undefined);
    return body;
  }

  #arm(limitMs: number, request: http.ClientRequest): void {
    this.#disarm();
    const ms = within(limitMs, this.limits.endsAt);
    const end = (): void => {
      this.timedOut = true;
      request.destroy(new Error(`No answer within ${ms} ms.`));
    };
    this.#timer = setTimeout(() => {
      // A process that was busy hears of its timers first, and then of what has come meanwhile.
      this.#lastTurn = setImmediate(end);
    }, ms);
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#lastTurn);
  }
}
