import { isRecord } from '../../../contract/is-record';

/**
 * How Stripe names a permission in the message of its 403: "Having the 'rak_charge_read' permission
 * would allow this request to continue." The message shows the end of the key too.
 */
const NAMED = /'(rak_[a-z0-9_]{1,64})'/;

/** What a restricted key lacks that may not read an object: {@link Vendor.readPermission}. */
export function readPermission(path: string, body: unknown): string {
  const error = isRecord(body) ? body['error'] : undefined;
  const message = isRecord(error) ? error['message'] : undefined;
  const named = typeof message === 'string' ? NAMED.exec(message)?.[1] : undefined;
  return named ?? `to read ${path.split('/')[0]}`;
}
