/** What a request for a key may be repeated by. */
const REQUEST_ID = /^[A-Za-z0-9_-]{16,64}$/;

/** Whether the caller of a request has gone away. */
export type IsGone = () => boolean;

/** What is wrong with the `request_id` of an issue. */
export function requestIdFault(value: unknown): string | undefined {
  return typeof value === 'string' && REQUEST_ID.test(value)
    ? undefined
    : 'must be a string of 16 to 64 letters, digits, "_" and "-"';
}
