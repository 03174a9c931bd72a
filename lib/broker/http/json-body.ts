import type { IncomingMessage } from 'node:http';
import { collectBody } from '../forwarding/request-body';
import { BrokerRefusal } from '../refusal';

/**
 * Reads a management request's body: one JSON document in UTF-8.
 *
 * @throws BrokerRefusal 400, 413 or 415.
 */
export async function readJson(req: IncomingMessage): Promise<unknown> {
  const type = req.headers['content-type'] ?? '';
  if (!/^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(type)) {
    throw new BrokerRefusal(
      415,
      'unsupported_media_type',
      'The management API takes application/json in UTF-8 alone.',
    );
  }
  if ((req.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new BrokerRefusal(415, 'unsupported_media_type', 'A body must be sent unencoded.');
  }
  const bytes = await collectBody(req.iterator({ destroyOnReturn: false }));
  try {
    // A byte order mark is kept, so that it is no valid JSON.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return JSON.parse(text) as unknown;
  } catch {
    throw new BrokerRefusal(400, 'invalid_request', 'The body is not one JSON document in UTF-8.');
  }
}
