import { isRecord } from '../../contract/is-record';
import { parseTarget } from '../../contract/target';
import { amountUnknown } from '../pricing/amount';
import type { BrokerRefusal } from '../refusal';
import type { VendorLookup } from '../vendors/vendor-lookup';
import type { ExchangeEnd } from './exchange';
import type { KnownCall } from './known-call';

/** How long the vendor has for one answer, in milliseconds. */
const ANSWER_MS = 5_000;

/**
 * What one call looks up at the vendor, with the secret of the broker, within the connected account
 * of the call and in its version of the API, over the connection that is reserved for the call.
 */
export class CallLookup implements VendorLookup {
  constructor(private readonly known: KnownCall) {}

  async get(path: string): Promise<Record<string, unknown>> {
    const { vendor, secret, connection } = this.known.configured;
    const { headers } = this.known;
    const target = vendor.pathPrefix + path;
    const [name = ''] = path.split('?');
    if ('fault' in parseTarget(target)) throw unread(name, 'it has no id that the vendor can have');
    const sent: Record<string, string> = {
      accept: 'application/json',
      'accept-encoding': 'identity',
      authorization: vendor.authorization(secret),
    };
    const version = headers.forwarded['stripe-version'];
    if (version !== undefined) sent['stripe-version'] = version;
    for (const { header, value } of headers.accounts) sent[header] = value;
    const end = await new Promise<ExchangeEnd | undefined>((resolve, reject) => {
      const timer = setTimeout(() => resolve(undefined), ANSWER_MS);
      connection
        .exchange({ method: 'GET', path: target, headers: sent }, true, (ended) => {
          clearTimeout(timer);
          resolve(ended);
        })
        .then((head) => head?.body.drop(), reject);
    });
    if (end?.kind !== 'complete') throw unread(name, 'the vendor gave no whole answer in time');
    if (end.status !== 200) throw unread(name, `the vendor answered ${end.status}`);
    const object = parse(end.body);
    if (!isRecord(object)) throw unread(name, 'the answer is no JSON object');
    return object;
  }
}

function unread(name: string, why: string): BrokerRefusal {
  return amountUnknown(
    `The broker needs ${name.slice(0, 128)} to price the call, and could not read it: ${why}.`,
  );
}

function parse(body: Buffer | undefined): unknown {
  try {
    return JSON.parse(body?.toString('utf8') ?? '') as unknown;
  } catch {
    return undefined;
  }
}
