import { randomHex } from '../contract/random';

const TIME_LENGTH = 9;

/**
 * Names a request for a key, so that a broker knows it when it is repeated. Begins with the time: the
 * broker names the key by it, and keys that are issued together are then side by side in its store.
 */
export function newRequestId(): string {
  return Date.now().toString(36).padStart(TIME_LENGTH, '0') + randomHex(10);
}
