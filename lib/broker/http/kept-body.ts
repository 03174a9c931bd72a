import type { IncomingMessage } from 'node:http';
import { DEFAULT_BODY_LIMITS } from '../pricing/body-limits';
import { IncomingBody } from './incoming-body';

const kept = new WeakMap<IncomingMessage, Buffer>();

/**
 * Reads the body of a request now, for a route that comes to it later: what is between may read it otherwise.
 *
 * @returns Whether it is read; false where it is too large.
 * @throws Error where it breaks off.
 */
export async function keepBody(req: IncomingMessage): Promise<boolean> {
  const bytes = await new IncomingBody(req).collect(DEFAULT_BODY_LIMITS.bodyBytes);
  if (bytes !== undefined) kept.set(req, bytes);
  return bytes !== undefined;
}

/** Takes a body that was read elsewhere, where it was not read for its route before. */
export function giveBody(req: IncomingMessage, bytes: Buffer): void {
  if (!kept.has(req)) kept.set(req, bytes);
}

/** The body of a request, where it was read before. */
export function keptBody(req: IncomingMessage): Buffer | undefined {
  return kept.get(req);
}
