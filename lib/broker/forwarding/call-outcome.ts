import type { AdmittedCall } from '../ledger/records';
import type { Outcome, PriceableCall } from '../pricing/price';
import type { ConfiguredVendor } from './configured-vendor';
import type { ExchangeEnd } from './exchange';

/** What the end of an exchange says about the money of its call. */
export function outcomeOf(
  { vendor, settings }: ConfiguredVendor,
  hold: AdmittedCall,
  call: PriceableCall,
  end: ExchangeEnd,
): Outcome {
  switch (end.kind) {
    case 'complete':
      return vendor.outcome(hold.price, call, end.status, parseJson(end.body), settings?.prices);
    case 'cut':
      return vendor.outcome(hold.price, call, end.status, undefined);
    case 'failed':
      return end.sent ? { ending: 'unknown' } : { ending: 'released', isUnsent: true };
  }
}

function parseJson(body: Buffer | undefined): unknown {
  if (body === undefined) return undefined;
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
