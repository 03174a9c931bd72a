import type { CallToApprove } from '../approvals/approval';
import { shownParameters } from '../approvals/shown-parameters';
import type { CallReach, NamedDestinations } from '../limits/call-reach';
import { toFormBody } from '../pricing/parameters';
import type { Parameter } from '../pricing/parameters';
import { inOneOrder, sha256 } from './fingerprint';
import type { KnownCall } from './known-call';

/** Headers that make no other call of one: they say how it is answered, and who asks. */
const OF_NO_CALL: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'idempotency-key',
  'user-agent',
]);

/** Stands where a secret was given for an id. */
const HIDDEN = '…';

/** All that is forwarded of a call, but for what the broker adds once it is decided. */
export interface ForwardedCall {
  account: string;
  parameters: readonly Parameter[];
  destinations: NamedDestinations;
  reach?: CallReach | undefined;
}

/** What people are shown of a call, and what tells it from every other one. */
export function callToApprove(
  { call, key, headers, configured, row }: KnownCall,
  { account, parameters, destinations, reach }: ForwardedCall,
): CallToApprove {
  const { tenant_id: tenant = '', user_id: user = '' } = key.subject;
  const others = Object.entries(headers.forwarded)
    .filter(([name]) => !OF_NO_CALL.has(name))
    .sort(([one], [other]) => (one < other ? -1 : 1));
  const body = toFormBody(inOneOrder(parameters));
  const shown = shownParameters(parameters, (each) => configured.vendor.secrets.isParameter(each));
  const hidden = new Set(
    parameters.filter((_each, i) => shown[i]?.value === null).map(({ value }) => value),
  );
  const customer = customerOf(parameters, reach);
  const identity = [call.vendor, account, tenant, user, call.method, call.target, others, body];
  return {
    digest: sha256(JSON.stringify(identity)),
    method: call.method,
    path: row.path ?? '',
    account,
    // What is hidden where it is a parameter is a secret here too.
    customer: customer !== null && hidden.has(customer) ? HIDDEN : customer,
    destinations: destinations.destinations.map(({ id }) => (hidden.has(id) ? HIDDEN : id)),
    parameters: shown,
  };
}

/** The customer that a call names, or whose object it is for, as far as that was looked up. */
function customerOf(parameters: readonly Parameter[], reach: CallReach | undefined): string | null {
  const named = parameters.find(({ path }) => path.length === 1 && path[0] === 'customer');
  return named?.value ?? reach?.objects.find(({ customer }) => customer)?.customer ?? null;
}
