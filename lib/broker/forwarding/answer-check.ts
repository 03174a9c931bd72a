import { microsOf } from '../pricing/currency';
import type { Rates } from '../pricing/currency';
import type { KnownObject } from '../ledger/rules/objects';
import type { ShownSecret, VendorSecrets } from '../vendors/vendor';
import { BrokerRefusal } from '../refusal';
import type { ExchangeHead } from './exchange';

/** More of an error is not looked through, and not relayed. */
const MAX_ERROR_BYTES = 65_536;
/** More of an answer that may show payments is not looked through, and not relayed. */
const MAX_SHOWN_BYTES = 1_048_576;

/** What an answer must not show. */
export interface AnswerRules {
  /** The account's own. */
  secretKeys: readonly string[];
  secrets: VendorSecrets;
  /** Whether the answer may show payments, where it is no error. */
  mayShow: boolean;
  /** Whether a browser may confirm payments, so that their secrets are relayed. */
  clientConfirmation: boolean;
  rates: Rates;
  /** What the ledger knows of payments, once the call is settled. */
  known(ids: readonly string[]): Promise<ReadonlyMap<string, KnownObject>>;
  /** Whether the vendor cut its answer short. */
  wasCut(): boolean;
}

/** What is relayed of an answer: its body as it comes, other bytes in its place, or a refusal. */
export type CheckedBody =
  ExchangeHead['body'] | { bytes: Buffer; isChanged: boolean } | BrokerRefusal;

/**
 * Looks an answer through before it is relayed. All but errors, and answers that may show payments,
 * go through as they come.
 */
export async function checkAnswer(head: ExchangeHead, rules: AnswerRules): Promise<CheckedBody> {
  const isError = head.status >= 400;
  if (!isError && (!rules.mayShow || rules.clientConfirmation)) return head.body;
  const { 'content-encoding': encoding = 'identity' } = head.headers;
  if (encoding.toLowerCase() !== 'identity') {
    head.body.drop();
    return withheld(head.status, encoded(encoding));
  }
  const bytes = await head.body.bytes(isError ? MAX_ERROR_BYTES : MAX_SHOWN_BYTES);
  if (bytes === undefined)
    return rules.wasCut() ? head.body : withheld(head.status, tooLarge(isError));
  if (isError && rules.secretKeys.some((key) => bytes.includes(key)))
    return withheld(head.status, SHOWS_SECRET);

  const received = bytes.toString('utf8');
  const text = isError ? rules.secrets.withoutKeyTails(received) : received;
  const relayed =
    text === received ? { bytes, isChanged: false } : { bytes: Buffer.from(text), isChanged: true };
  // A name in JSON may be written with escapes.
  if (!text.includes('secret') && !text.includes('\\u')) return relayed;
  const body = parse(text);
  if (body === undefined) {
    const shows = !rules.clientConfirmation && rules.secrets.inText(text);
    return shows ? withheld(head.status, UNREADABLE) : relayed;
  }
  if (isError) {
    const read = JSON.stringify(body);
    if (rules.secretKeys.some((key) => read.includes(key))) {
      return withheld(head.status, SHOWS_SECRET);
    }
  }
  if (rules.clientConfirmation) return relayed;
  const shown = isError
    ? rules.secrets.all(body)
    : await uncovered(rules.secrets.shown(body), rules);
  if (shown.length === 0) return relayed;
  for (const each of shown) each.remove();
  return { bytes: Buffer.from(JSON.stringify(body)), isChanged: true };
}

/** The secrets with which a browser could move more than is held and spent for their payments. */
async function uncovered(
  shown: readonly ShownSecret[],
  rules: AnswerRules,
): Promise<ShownSecret[]> {
  if (shown.length === 0) return [];
  let known: ReadonlyMap<string, KnownObject>;
  try {
    known = await rules.known([...new Set(shown.map(({ id }) => id))]);
  } catch {
    // A ledger that cannot be asked knows of none.
    known = new Map();
  }
  return shown.filter((each) => !isCovered(each, known.get(each.id), rules.rates));
}

function isCovered(
  { amount = 0, currency }: ShownSecret,
  known: KnownObject | undefined,
  rates: Rates,
): boolean {
  // Of what was only looked up, another amount may be open than an answer shows.
  if (known?.amount === undefined || (currency ?? known.currency) !== known.currency) return false;
  const micros = microsOf(Math.max(amount, known.amount), known.currency, rates);
  return micros !== undefined && known.exposureMicros >= micros;
}

const SHOWS_SECRET = "it shows the account's secret key";
const UNREADABLE = 'it may show the client_secret of a payment, and is not valid JSON';

/** The broker asks for no encoding, and looks through no encoded bytes. */
function encoded(encoding: string): string {
  return `it has the content-encoding ${encoding.slice(0, 32)}, which the broker did not ask for and does not look through for secrets`;
}

function tooLarge(isError: boolean): string {
  return isError
    ? `it is an error of more than ${MAX_ERROR_BYTES} bytes, which are not looked through for secrets`
    : `it has more than ${MAX_SHOWN_BYTES} bytes, which are not looked through for the client_secret of payments: ask for fewer objects at once, by limit or without expand`;
}

/** The refusal in place of an answer. It moves no money by itself, so the settlement is not changed. */
function withheld(status: number, why: string): BrokerRefusal {
  if (status >= 500) {
    return new BrokerRefusal(
      'vendor_outcome_unknown',
      `The vendor answered ${status}, and the answer is withheld: ${why}. The call may have been executed. Retry only with the same Idempotency-Key.`,
    );
  }
  return new BrokerRefusal(
    'vendor_answer_withheld',
    `The vendor answered ${status}, and the answer is withheld: ${why}.`,
    { vendor_status: status },
    {},
    status < 400 ? 502 : status,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
