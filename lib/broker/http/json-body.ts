import type { IncomingMessage } from 'node:http';
import { collectBody } from '../forwarding/request-body';
import { DEFAULT_BODY_LIMITS } from '../pricing/body-limits';
import { unknownFields } from '../known-fields';
import { BrokerRefusal, invalidFields, malformedRequest } from '../refusal';
import { IncomingBody } from './incoming-body';

/**
 * Reads a management request's body: one JSON document in UTF-8.
 *
 * @throws BrokerRefusal 400, 413 or 415.
 */
export async function readJson(req: IncomingMessage): Promise<unknown> {
  const type = req.headers['content-type'] ?? '';
  if (!/^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(type)) {
    throw new BrokerRefusal(
      'unsupported_media_type',
      'The management API takes application/json in UTF-8 alone.',
    );
  }
  if ((req.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new BrokerRefusal('unsupported_media_type', 'A body must be sent unencoded.');
  }
  const bytes = await collectBody(new IncomingBody(req), DEFAULT_BODY_LIMITS.bodyBytes);
  try {
    // A byte order mark is kept, so that it is no valid JSON.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return JSON.parse(text) as unknown;
  } catch {
    throw malformedRequest('The body is not one JSON document in UTF-8.');
  }
}

/**
 * Reads the body of a call that may go without one.
 *
 * @returns `undefined` where nothing was sent.
 * @throws BrokerRefusal as {@link readJson}.
 */
export async function readOptionalJson(req: IncomingMessage): Promise<unknown> {
  const { headers } = req;
  const hasBody =
    headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
  return hasBody ? readJson(req) : undefined;
}

/**
 * Reads the body of a call that takes no field: none, or an empty object.
 *
 * @throws BrokerRefusal 422 with every field, or what {@link readJson} throws.
 */
export async function readNoFields(req: IncomingMessage): Promise<void> {
  const body = await readOptionalJson(req);
  if (body === undefined) return;
  const faults =
    typeof body === 'object' && body !== null && !Array.isArray(body)
      ? unknownFields(body, [])
      : [{ field: '', message: 'the body must be a JSON object' }];
  if (faults.length > 0) throw invalidFields(faults);
}
