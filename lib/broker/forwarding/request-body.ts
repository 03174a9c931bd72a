import { DEFAULT_BODY_LIMITS } from '../pricing/body-limits';
import type { BodyLimits } from '../pricing/body-limits';
import { parseFormBody } from '../pricing/form-body';
import { parseJsonBody } from '../pricing/json-body';
import { InvalidBodyError, ParameterSink } from '../pricing/parameters';
import type { Parameter } from '../pricing/parameters';
import { BrokerRefusal, callerGone } from '../refusal';
import type { StreamedBody } from './proxy-answer';

const UTF_8 = new TextDecoder('utf-8', { fatal: true });
const NO_BODY = Buffer.alloc(0);
const NO_DECIMALS: ReadonlySet<string> = new Set();

/** A body in the only form in which it is both priced and forwarded. */
export interface RequestBody {
  parameters: readonly Parameter[];
  decimals: ReadonlySet<string>;
}

/**
 * A body that is there already.
 *
 * @throws BrokerRefusal 413 `body_too_large`.
 */
export function wholeBody(body: Buffer | undefined, maxBytes: number): Buffer {
  if (body === undefined) return NO_BODY;
  if (body.length > maxBytes) throw bodyTooLarge(maxBytes);
  return body;
}

/**
 * Waits for the whole body.
 *
 * @throws BrokerRefusal 413 `body_too_large`; `caller_gone` where the body breaks off.
 */
export async function collectBody(
  body: AsyncIterable<Buffer> | StreamedBody,
  maxBytes: number,
): Promise<Buffer> {
  let bytes: Buffer | undefined;
  try {
    bytes = await ('collect' in body ? body.collect(maxBytes) : iterated(body, maxBytes));
  } catch (error) {
    // What fails is the connection under the body, whatever this version of Node calls it.
    throw callerGone(error);
  }
  if (bytes === undefined) throw bodyTooLarge(maxBytes);
  return bytes;
}

async function iterated(
  body: AsyncIterable<Buffer>,
  maxBytes: number,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Reads a body strictly, by its declared type. An empty one is an empty form, whatever its type.
 *
 * @param query What the target says in place of a body, or beside it; read as a form.
 * @throws BrokerRefusal 415 `unsupported_media_type`, 400 `invalid_body`.
 */
export function parseBody(
  bytes: Buffer,
  contentType: string | undefined,
  limits: BodyLimits = DEFAULT_BODY_LIMITS,
  query = '',
): RequestBody {
  const sink = new ParameterSink(limits);
  if (query !== '') readStrictly('query', () => parseFormBody(query, sink));
  if (bytes.length === 0) return { parameters: sink.parameters, decimals: NO_DECIMALS };
  const type = mediaType(contentType);
  if (type === undefined) {
    throw new BrokerRefusal(
      'unsupported_media_type',
      'A body must be application/x-www-form-urlencoded or application/json, in UTF-8.',
    );
  }
  const decimals = readStrictly('request body', () => {
    const text = decodeUtf8(bytes);
    if (type === 'json') return parseJsonBody(text, sink);
    parseFormBody(text, sink);
    return NO_DECIMALS;
  });
  return { parameters: sink.parameters, decimals };
}

function readStrictly<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InvalidBodyError)) throw error;
    const param = error.param?.split('[')[0] ?? null;
    throw new BrokerRefusal(
      param === 'amount' || param === 'currency' ? 'invalid_amount' : 'invalid_body',
      `The ${what} cannot be read in one way only: ${error.message}.`,
      error.param === null ? {} : { param: error.param },
    );
  }
}

/** @throws InvalidBodyError where the bytes are not UTF-8 or begin with a byte order mark. */
function decodeUtf8(bytes: Buffer): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    throw new InvalidBodyError('it begins with a byte order mark');
  }
  try {
    return UTF_8.decode(bytes);
  } catch {
    throw new InvalidBodyError('it is not UTF-8');
  }
}

function mediaType(contentType: string | undefined): 'form' | 'json' | undefined {
  const match = /^\s*([\w.+-]+\/[\w.+-]+)\s*(?:;\s*charset="?([\w-]+)"?\s*)?$/i.exec(
    contentType ?? '',
  );
  if (match === null || !/^(?:utf-?8)$/i.test(match[2] ?? 'utf-8')) return undefined;
  const type = match[1]?.toLowerCase();
  if (type === 'application/x-www-form-urlencoded') return 'form';
  return type === 'application/json' ? 'json' : undefined;
}

/** A body has more bytes than may be read. */
export function bodyTooLarge(maxBytes: number): BrokerRefusal {
  return new BrokerRefusal(
    'body_too_large',
    `A body may have at most ${maxBytes} bytes, since it must be priced before it is forwarded.`,
  );
}
