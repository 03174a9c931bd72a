import { isRecord } from '../../contract/is-record';
import type { AuditRow } from '../audit/audit-entry';
import type { ConfiguredVendor } from './configured-vendor';
import type { WholeAnswer } from './vendor-connection';
import { readWithSecret } from './vendor-exchange';

/** How long the vendor has for one answer, in milliseconds. */
const ANSWER_MS = 5_000;
/** More of an answer is not read. */
const MAX_ANSWER_BYTES = 1_048_576;

/** An object of the vendor's, or why it could not be read. */
export type ReadObject = {
  /** What the audit row says of the answer. */
  row: Pick<AuditRow, 'path' | 'vendor_status' | 'vendor_request_id' | 'latency_ms'>;
} & ({ object: Record<string, unknown> } | { why: string; permission?: string });

/**
 * Reads an object with the secret of the broker.
 *
 * @param target Its whole path, with what is asked of it.
 * @param name How messages name it.
 */
export async function readObject(
  configured: ConfiguredVendor,
  target: string,
  name: string,
  headers: Readonly<Record<string, string>>,
): Promise<ReadObject> {
  const began = performance.now();
  const answer = await readWithSecret(
    configured,
    {
      method: 'GET',
      path: target,
      headers: { ...headers, accept: 'application/json', 'accept-encoding': 'identity' },
    },
    { withinMs: ANSWER_MS, maxBytes: MAX_ANSWER_BYTES },
  );
  const row = {
    path: target.split('?')[0] ?? '',
    latency_ms: Math.round(performance.now() - began),
  };
  if ('kind' in answer) {
    return { row, why: answer.kind === 'failed' && answer.timedOut ? LATE : UNREACHABLE };
  }
  const { status, headers: given } = answer;
  const requestId = given['request-id'];
  return {
    row: {
      ...row,
      vendor_status: status,
      vendor_request_id: typeof requestId === 'string' ? requestId : null,
    },
    ...objectIn(configured, answer, name),
  };
}

function objectIn(
  { vendor }: ConfiguredVendor,
  { status, headers, body }: WholeAnswer,
  name: string,
): { object: Record<string, unknown> } | { why: string; permission?: string } {
  const parsed = body === undefined ? undefined : parse(body);
  if (status === 401) return { why: "the vendor did not accept the broker's secret" };
  if (status === 403) {
    const permission = vendor.readPermission(name, parsed);
    return {
      why: `the vendor does not let the broker's secret read it. Give the secret the permission ${permission}`,
      permission,
    };
  }
  if (status === 404) return { why: 'the vendor has no such object' };
  if (status !== 200) return { why: `the vendor answered ${status}` };
  const { 'content-encoding': encoding = 'identity' } = headers;
  if (encoding.toLowerCase() !== 'identity') return { why: 'its answer is encoded' };
  if (body === undefined) return { why: CUT };
  return isRecord(parsed) ? { object: parsed } : { why: 'the answer is no JSON object' };
}

const LATE = 'the vendor did not answer in time';
const UNREACHABLE = 'the vendor could not be reached, or the connection broke';
const CUT = `the answer was cut short, is late, or has more than ${MAX_ANSWER_BYTES} bytes`;

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
