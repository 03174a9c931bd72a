import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../log';
import type { CallCounts } from '../metrics/call-counts';
import { RefusalLog } from '../metrics/refusal-log';
import { UnexpectedErrors } from '../metrics/unexpected-errors';
import { BrokerRefusal, storeUnavailable } from '../refusal';
import { refuseRequest } from '../telemetry/request-trace';
import { sendRefusal } from './answers';

/** The codes that tell a caller of the management API that it is not known. */
const UNKNOWN_CALLER: ReadonlySet<string> = new Set([
  'unauthorized',
  'too_many_log_ins',
  'invalid_key',
]);

/** Answers requests that failed, counts those of unknown callers, and tells of them. */
export class FailureAnswers {
  readonly #refusals: RefusalLog;
  readonly #unexpected: UnexpectedErrors;

  /** @param log Takes the lines of the log, without their ends. */
  constructor(
    log: Log,
    private readonly counts: CallCounts,
  ) {
    this.#refusals = new RefusalLog(log);
    this.#unexpected = new UnexpectedErrors(log);
  }

  /**
   * Answers with a refusal.
   *
   * @param isKnownPath Whether anything is served at the path: then only unknown callers are told of.
   */
  send(
    req: IncomingMessage,
    res: ServerResponse,
    path: string,
    error: unknown,
    isKnownPath = true,
  ): void {
    const isRefusal = error instanceof BrokerRefusal;
    if (!isRefusal) this.#unexpected.note(error);
    const refusal = isRefusal ? error : storeUnavailable(error);
    // The page asks whether somebody is logged in: that nobody is, is no attempt.
    const isQuestion = req.method === 'GET' && path === '/v1/session';
    if (!isKnownPath || (UNKNOWN_CALLER.has(refusal.code) && !isQuestion)) {
      this.noteUnknown(refusal.status, refusal.code, req.socket.remoteAddress);
    }
    refuseRequest(req, refusal.code);
    sendRefusal(res, refusal);
  }

  /** Counts a refused request of an unknown caller, and tells of it. */
  noteUnknown(status: number, code: string, address: string | undefined): void {
    this.counts.unknownCaller(code);
    this.tellUnknown(status, code, address);
  }

  /** Tells of a refused request of an unknown caller that was counted. */
  tellUnknown(status: number, code: string, address: string | undefined): void {
    this.#refusals.note(status, code, address);
  }
}
