import { isAllowed, validPatterns } from '../../contract/pattern';
import { parseTarget, writeQueryFault } from '../../contract/target';
import type { Target } from '../../contract/target';
import type { KeyRecord } from '../keys/key';
import { hashToken, isWellFormedToken, withoutTokens } from '../keys/token';
import type { ObjectPrice, Price, PriceableCall } from '../pricing/price';
import type { Vendor } from '../vendors/vendor';
import type { VendorLookup } from '../vendors/vendor-lookup';
import { BrokerRefusal } from '../refusal';
import { NO_VENDOR_SETTINGS } from '../vendor.options';
import type { ConfiguredVendor } from './configured-vendor';
import type { ConnectionCaller } from './connection-shares';
import type { ProxyCall } from './proxy-answer';
import { parseBody } from './request-body';
import { bearerToken } from './request-headers';
import type { CallHeaders } from './request-headers';

/** A call that may be sent, and what it costs. */
export interface Priced {
  target: Target;
  priceable: PriceableCall;
  price: Price;
  /** Whether the price stands in objects that the key may not read. */
  hidesAmount?: boolean;
  /** When its look-ups began, in epoch milliseconds. */
  pricedAt?: number;
}

/** A user counts within its tenant. */
export function connectionCaller({ id, subject }: KeyRecord): ConnectionCaller {
  const { tenant_id: tenant, user_id: user } = subject;
  return { keyId: id, user: user === undefined ? '' : JSON.stringify([tenant, user]) };
}

/** The hash of the token that was sent; `undefined` where none was that can be one. */
export function tokenHashOf({ authorization }: CallHeaders): string | undefined {
  const token = bearerToken(authorization);
  return token === undefined || !isWellFormedToken(token) ? undefined : hashToken(token);
}

/**
 * Whether the query of a call says what it does, as the official client of Stripe sends it. It is read as
 * a body is, and goes on as one.
 */
function hasQueryParameters(method: string): boolean {
  return method === 'DELETE';
}

/** A call with the target that is forwarded. */
export function withForwardedTarget(call: ProxyCall, { path }: Target): ProxyCall {
  return hasQueryParameters(call.method) ? { ...call, target: path } : call;
}

/** Steps 3 and 4: where the call goes, and whether it may. */
export function checkTarget(
  call: ProxyCall,
  { vendor, settings = NO_VENDOR_SETTINGS }: ConfiguredVendor,
  key: KeyRecord,
  headers: CallHeaders,
): Target {
  const target = parseTarget(call.target);
  if ('fault' in target) throw invalidPath(target.fault);
  if (!target.path.startsWith(vendor.pathPrefix)) {
    throw invalidPath(`the path is not below ${vendor.pathPrefix}`);
  }
  if (withoutTokens(target.path) !== target.path) throw invalidPath('the path holds a vault key');
  const isRead = call.method === 'GET' || hasQueryParameters(call.method);
  const queryFault =
    target.query === undefined || isRead ? undefined : writeQueryFault(target.query);
  if (queryFault !== undefined) throw invalidPath(queryFault);
  checkAccount(headers, settings.accounts);
  checkAllowed(key, call.method, target);
  return target;
}

/** Step 5: the call in the form in which it is priced, and forwarded. */
export function priceableCall(
  call: ProxyCall,
  { vendor, settings = NO_VENDOR_SETTINGS }: ConfiguredVendor,
  target: Target,
  headers: CallHeaders,
  bytes: Buffer,
): PriceableCall {
  if (call.method === 'GET' && bytes.length > 0) {
    throw new BrokerRefusal('invalid_body', 'A GET must have no body.');
  }
  const query = hasQueryParameters(call.method) ? target.query : undefined;
  const { parameters, decimals } = parseBody(bytes, headers.contentType, settings.limits, query);
  const priceable: PriceableCall = {
    method: call.method,
    segments: target.segments.slice(vendor.pathPrefix.split('/').length - 2),
    parameters: vendor.canonical(parameters),
    decimals,
  };
  headers.forwarded['stripe-version'] = vendor.apiVersion(headers.versions);
  vendor.checkExpansion(target.query, priceable.parameters);
  return priceable;
}

/** Step 5: what the call costs. By objects of the vendor's where there is something to look them up with. */
export function priceOf(
  call: PriceableCall,
  { vendor, settings = NO_VENDOR_SETTINGS }: ConfiguredVendor,
  lookup: VendorLookup | undefined,
): Price | Promise<Price> {
  const byObjects =
    lookup === undefined ? undefined : vendor.priceByObjects?.(call, settings.prices, lookup);
  return byObjects ?? vendor.price(call, settings.prices);
}

/** Whether the allow-list of a call's key grants it to read the object of the call. */
export function mayReadObject(
  { vendor }: ConfiguredVendor,
  { allowedEndpoints }: KeyRecord,
  call: PriceableCall,
  price: ObjectPrice,
): boolean {
  const path = vendor.objects.pathOf(call, price);
  return path !== undefined && mayRead(vendor, allowedEndpoints, path);
}

/** Whether an allow-list grants it to read all of some objects, by their paths below the vendor's prefix. */
export function mayReadAll(
  { vendor }: ConfiguredVendor,
  { allowedEndpoints }: KeyRecord,
  paths: readonly string[],
): boolean {
  return paths.every((path) => mayRead(vendor, allowedEndpoints, path));
}

function mayRead(vendor: Vendor, allowed: readonly string[], path: string): boolean {
  const [, ...segments] = `${vendor.pathPrefix}${path.split('?')[0]}`.split('/');
  return isAllowed(validPatterns(allowed), 'GET', segments);
}

/** A new payment is held whole; what any other answer shows of payments must be looked through. */
export function mayShowSecrets(
  { secrets }: Vendor,
  { method, target }: ProxyCall,
  { segments, parameters }: PriceableCall,
  { kind }: Price,
): boolean {
  if (method !== 'GET' && kind !== 'amount') return true;
  return secrets.mayShow(method, segments, target.split('?')[1], parameters);
}

/** The connected account a call is for; empty where it is the secret's own. */
export function accountIn({ accounts }: CallHeaders): string {
  return accounts[0]?.value ?? '';
}

/** @throws BrokerRefusal 403 `account_not_allowed`. */
function checkAccount({ accounts }: CallHeaders, allowed: ReadonlySet<string>): void {
  const [first] = accounts;
  if (first === undefined || (accounts.length === 1 && allowed.has(first.value))) return;
  throw new BrokerRefusal(
    'account_not_allowed',
    'The call names a connected account that the broker is not configured for.',
  );
}

function checkAllowed(key: KeyRecord, method: string, target: Target): void {
  if (isAllowed(validPatterns(key.allowedEndpoints), method, target.segments)) return;
  const attempted = `${method} ${target.path}`;
  throw new BrokerRefusal(
    'endpoint_not_allowed',
    `${attempted} is not among the endpoints this vault key allows.`,
    { allowed_endpoints: key.allowedEndpoints, attempted },
  );
}

function invalidPath(fault: string): BrokerRefusal {
  return new BrokerRefusal('invalid_path', `The target is not in canonical form: ${fault}.`);
}
