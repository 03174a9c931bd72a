import { BrokerRefusal, storeUnavailable } from '../../refusal';
import { BEHIND, FENCED } from './schema-names';

/** Failures after which a batch is run again: others have won a race, or its instance was declared dead. */
const TRY_AGAIN: ReadonlySet<string> = new Set(['40001', '40P01', '23505', FENCED]);

/** A transaction that writes cannot begin on a standby. */
const NOT_ON_STANDBY = '0A000';

/** The code of an error of the server's, or of its connection; `undefined` of any other error. */
export function codeOf(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** What is answered for an error of the server's, or of its connection; any other error as it is. */
export function asRefusal(error: unknown): unknown {
  const isOfServer = !(error instanceof BrokerRefusal) && codeOf(error) !== undefined;
  return isOfServer ? storeUnavailable(error) : error;
}

/** Whether the batch came to nothing, and may pass when it is run again. */
export function mayPassAgain(error: unknown): boolean {
  return TRY_AGAIN.has(codeOf(error) ?? '');
}

/** Whether the connection is lost: what was sent may have been done. */
export function isConnectionLost(error: unknown): boolean {
  const code = codeOf(error);
  return code === undefined || !isSqlState(code) || /^(?:08|57P)/.test(code);
}

/** Whether no work can be done at all for now: to try one after the other would only take longer. */
export function isOfWholeStore(error: unknown): boolean {
  return (
    isConnectionLost(error) ||
    ['55P03', '53300', '53100', '25006', NOT_ON_STANDBY, BEHIND].includes(codeOf(error) ?? '')
  );
}

/** The store is behind what it has acknowledged to this instance: what it has lost is in no other place. */
export class LostBatches extends Error {
  readonly code = BEHIND;

  constructor(batches: number) {
    super(
      `the server has lost ${batches} transaction${batches === 1 ? '' : 's'} that it had acknowledged here, as a failover to a replica that was behind does: holds, settlements, revocations and brakes may be missing. Brake all, compare with the vendor, then restart this process`,
    );
    this.name = 'LostBatches';
  }
}

export function connectionLost(cause?: unknown): Error {
  const error = new Error('the connection to the server is lost', { cause });
  return Object.assign(error, { code: 'ECONNRESET' });
}

/** Five characters, a digit among them: `EPIPE` is not one of the server. */
function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code);
}

const TIMED_OUT = 'ETIMEDOUT';
const READ_ONLY = '25006';

/** Whether the server has not answered in time. */
export function isStalled(error: unknown): boolean {
  return codeOf(error) === TIMED_OUT;
}

/** Whether the server takes no writes, or will take none. */
export function isReadOnly(error: unknown): boolean {
  return codeOf(error) === READ_ONLY;
}

export function onStandby(): Error {
  const error = new Error('the server is a standby, which takes no writes');
  return Object.assign(error, { code: READ_ONLY });
}

export function timedOut(afterMs: number): Error {
  const error = new Error(
    `the server has not answered within ${Math.max(0, Math.round(afterMs))} ms`,
  );
  return Object.assign(error, { code: TIMED_OUT });
}
