import { StripeError } from './stripe-error';

/** What a restricted key may do with one kind of object. To write is to read too. */
export type StripePermission = 'none' | 'read' | 'write';

/**
 * What a restricted key may do, by the path of a kind of object below `/v1`: `{ charges: 'read' }`,
 * `{ 'checkout/sessions': 'write' }`. `'*'` is for all that are not named; without it they are `'none'`.
 */
export type StripePermissions = Readonly<Record<string, StripePermission>>;

/** What Stripe calls the permission, where it is not the path in the singular. */
const NAMES: Readonly<Record<string, string>> = {
  invoiceitems: 'invoice',
  prices: 'plan',
  refunds: 'charge',
  subscription_items: 'subscription',
};

/** `checkout/sessions` of `/v1/checkout/sessions/cs_…/expire`. */
function resourceOf(path: string): string {
  const [, , first = '', second = ''] = path.split('/');
  return first === 'checkout' ? `${first}/${second}` : first;
}

function permissionName(resource: string): string {
  const name = NAMES[resource] ?? resource.replaceAll('/', '_').replace(/s$/, '');
  return `rak_${name}`;
}

/**
 * @param shownKey the key as messages show it
 * @throws {StripeError} 403 where a restricted key may not make the call
 */
export function assertPermitted(
  permissions: StripePermissions | undefined,
  method: string,
  path: string,
  shownKey: string,
  account: string,
): void {
  if (permissions === undefined) return;
  const resource = resourceOf(path);
  const needed = method === 'GET' ? 'read' : 'write';
  const has = permissions[resource] ?? permissions['*'] ?? 'none';
  if (has === 'write' || has === needed) return;
  // https://docs.stripe.com/keys/restricted-api-keys, https://github.com/stripe/stripe-node/issues/2246
  throw new StripeError(
    403,
    'invalid_request_error',
    `The provided key '${shownKey}' does not have the required permissions for this endpoint on account '${account}'. ` +
      `Having the '${permissionName(resource)}_${needed}' permission would allow this request to continue.`,
  );
}
