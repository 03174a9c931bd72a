/** The code of each refusal, with its HTTP status and when the broker gives it. */
export const REFUSALS = {
  account_not_allowed: [403, 'the call names a connected account that is not configured'],
  amount_unknown: [403, 'the broker cannot price the call'],
  audit_unavailable: [503, 'the audit log cannot be written; nothing was sent'],
  body_too_large: [413, 'the body has more bytes than may be priced'],
  braked: [403, 'a brake stops the key, or a key that is to be issued'],
  caller_gone: [400, 'the caller went away before the whole request had arrived'],
  cap_exhausted: [429, 'the call does not fit under a cap'],
  currency_not_priced: [403, 'the broker has no rate for the currency'],
  endpoint_not_allowed: [403, 'the call is not on the allow-list of the key'],
  forbidden: [403, 'who asks lacks the role that the call needs (`role` names it)'],
  headers_too_large: [431, 'the headers have too many bytes'],
  idempotency_key_reused: [422, 'another call had this `Idempotency-Key`'],
  invalid_amount: [400, 'an amount or a currency is missing, ambiguous or not valid'],
  invalid_body: [400, 'the body is not valid, or could be read in two ways'],
  invalid_key: [401, 'the vault key is missing, expired, revoked or unknown'],
  invalid_path: [400, 'the path is not in canonical form'],
  invalid_request: [
    422,
    'fields are not valid (`fields` names each); 400 where the request cannot be read',
  ],
  limit_exceeded: [
    403,
    'a limit of the key, or of a budget over it, does not let the call pass (`limit` names it)',
  ],
  method_not_allowed: [405, 'the path takes other methods'],
  not_found: [404, 'nothing is there'],
  overloaded: [503, 'too many calls are in flight, or the broker stops; nothing was sent'],
  parameter_not_allowed: [
    403,
    'a parameter may move money beyond the price of the call, or names what no limit can place',
  ],
  rate_limited: [
    429,
    'a limit of calls a minute is reached; `Retry-After` says when one may pass again',
  ],
  request_timeout: [408, 'the request did not arrive in time'],
  store_unavailable: [503, 'the ledger cannot be written; nothing was sent'],
  too_many_log_ins: [429, 'too many requests from one address had no valid management token'],
  unauthorized: [401, 'the management token is missing or not valid'],
  unsupported_media_type: [415, 'the content type or encoding of the body is not supported'],
  vendor_answer_withheld: [
    502,
    "the vendor's answer held a secret; where it was an error its status is kept",
  ],
  vendor_outcome_unknown: [
    502,
    'the call was sent and its outcome is unknown; 504 where no answer came in time',
  ],
  vendor_redirect: [502, 'the vendor answered with a redirect; the outcome is unknown'],
  vendor_rejected_credentials: [
    502,
    "the vendor did not accept the account's secret; nothing was charged",
  ],
  vendor_unreachable: [502, 'the vendor could not be reached; nothing was sent'],
  version_not_supported: [400, 'the `Stripe-Version` is older than the table of prices'],
} as const satisfies Readonly<Record<string, readonly [status: number, when: string]>>;

export type RefusalCode = keyof typeof REFUSALS;
