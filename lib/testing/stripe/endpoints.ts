import { chargeEndpoints } from './charges';
import { customerEndpoints } from './customers';
import type { Endpoint } from './endpoint';
import { paymentIntentEndpoints } from './payment-intents';
import { payoutEndpoints } from './payouts';
import { refundEndpoints } from './refunds';
import { StripeError } from './stripe-error';

const table = new Map<string, Endpoint>(
  [
    ...paymentIntentEndpoints,
    ...chargeEndpoints,
    ...refundEndpoints,
    ...customerEndpoints,
    ...payoutEndpoints,
  ].map((each) => [`${each.method} ${each.path}`, each]),
);

/**
 * The endpoint behind a path, which is taken as it was sent: nothing is decoded or normalised.
 *
 * @throws {StripeError} 404 where no endpoint has the path
 */
export function findEndpoint(method: string, path: string): { endpoint: Endpoint; id: string } {
  const [root, version, resource, id, ...rest] = path.split('/');
  if (root === '' && version === 'v1' && id !== '') {
    const template = [`${method} /v1/${resource}`, ...(id === undefined ? [] : [':id', ...rest])];
    const found = table.get(template.join('/'));
    if (found !== undefined) return { endpoint: found, id: id ?? '' };
  }
  throw StripeError.unrecognizedUrl(method, path);
}
