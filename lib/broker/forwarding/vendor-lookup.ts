import { parseTarget } from '../../contract/target';
import type { AuditRow } from '../audit/audit-entry';
import { instantText } from '../instant';
import type { Ledger } from '../ledger/ledger';
import { amountUnknown } from '../pricing/amount';
import { BrokerRefusal } from '../refusal';
import { beginLookup, endLookup } from '../telemetry/call-traces';
import type { VendorLookup } from '../vendors/vendor-lookup';
import { connectionCaller } from './call-checks';
import type { Release } from './connection-shares';
import type { KnownCall } from './known-call';
import { readObject } from './read-object';

/** How many objects one call may be priced by. */
export const MAX_LOOKUPS = 25;
/** How many of them are asked for at once, where its key and its user may have the connections. */
const MAX_AT_ONCE = 4;

/** What the audit row of a lookup says that the rows of its call do not. */
type LookupRow = Pick<
  AuditRow,
  'path' | 'verdict' | 'reason' | 'vendor_status' | 'vendor_request_id' | 'latency_ms'
>;

interface Waiting {
  resolve: (release: Release) => void;
  reject: (error: Error) => void;
}

/**
 * What one call looks up at the vendor, with the secret of the broker, within the connected account
 * of the call and in its version of the API. It takes connections as its key and its user may have
 * them: the first as a call does, others only where they are free at once.
 */
export class CallLookup implements VendorLookup {
  readonly #idle: Release[] = [];
  readonly #waiting: Waiting[] = [];
  readonly #written: Promise<void>[] = [];
  #connections = 0;
  #allowed: Promise<void> | undefined;
  readonly #paths: string[] = [];
  #hasEnded = false;

  /**
   * @param own The connection that the call has already, once it is admitted so far. It stays the call's.
   * @param check Rejects where nothing may be looked up for the call; asked before the first look-up.
   */
  constructor(
    private readonly known: KnownCall,
    private readonly ledger: Ledger,
    own?: Release,
    private readonly check: () => Promise<void> = () => Promise.resolve(),
  ) {
    if (own === undefined) return;
    this.#idle.push(own);
    this.#connections = 1;
  }

  async get(path: string): Promise<Record<string, unknown>> {
    const target = this.known.configured.vendor.pathPrefix + path;
    const name = nameOf(path);
    if ('fault' in parseTarget(target)) throw unread(name, 'it has no id that the vendor can have');
    this.#paths.push(path);
    if (this.#paths.length > MAX_LOOKUPS) {
      throw amountUnknown(
        `The price of the call stands in more than ${MAX_LOOKUPS} objects of the vendor's, as many as the broker reads for one call.`,
      );
    }
    await (this.#allowed ??= this.check());
    const release = await this.#connection();
    try {
      if (this.#hasEnded) throw new Error('the call has ended');
      return await this.#read(target, name);
    } finally {
      this.#giveBack(release);
    }
  }

  /**
   * Ends it: nothing more is read. What is under way ends by itself.
   *
   * @returns A connection that it leaves to the call, where it has an idle one.
   */
  end(): Release | undefined {
    this.#hasEnded = true;
    this.#reject(new Error('the call has ended'));
    const kept = this.#idle.shift();
    for (const release of this.#idle.splice(0)) release();
    return kept;
  }

  /** What was asked for. */
  get paths(): readonly string[] {
    return this.#paths;
  }

  /** Resolves once the rows of all lookups are in the audit log. */
  async written(): Promise<void> {
    await Promise.all(this.#written);
  }

  async #read(target: string, name: string): Promise<Record<string, unknown>> {
    const { configured, headers } = this.known;
    const sent: Record<string, string> = {};
    const version = headers.forwarded['stripe-version'];
    if (version !== undefined) sent['stripe-version'] = version;
    for (const { header, value } of headers.accounts) sent[header] = value;
    const trace = beginLookup(this.known);
    const answered = this.known.vendorTime.wait();
    const read = await readObject(configured, target, name, sent);
    answered();
    if (trace !== undefined) endLookup(trace, read.row.vendor_status ?? undefined);
    if ('object' in read) {
      this.#record({ ...read.row, verdict: 'found' });
      return read.object;
    }
    const { why, permission } = read;
    const refusal = unread(name, why, permission === undefined ? {} : { permission });
    this.#record({ ...read.row, verdict: refusal.code, reason: refusal.message });
    throw refusal;
  }

  #record(about: LookupRow): void {
    const { amount: _, currency: __, idempotency_key_hash: ___, ...row } = this.known.row;
    const at = instantText(this.ledger.now());
    const written = this.ledger.record({
      ...row,
      ...about,
      at,
      event: 'lookup',
      method: 'GET',
    });
    // It is waited for before the call leaves. A call that is refused meanwhile waits for nothing.
    written.catch(() => {});
    this.#written.push(written);
  }

  async #connection(): Promise<Release> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const { configured, key } = this.known;
    const caller = connectionCaller(key);
    if (this.#connections === 0) {
      this.#connections = 1;
      try {
        return await configured.connection.reserve(caller);
      } catch (error) {
        this.#connections = 0;
        this.#reject(error as Error);
        throw error;
      }
    }
    const more =
      this.#connections < MAX_AT_ONCE ? configured.connection.reserveFree(caller) : undefined;
    if (more !== undefined) {
      this.#connections += 1;
      return more;
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #giveBack(release: Release): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next.resolve(release);
    } else if (this.#hasEnded) {
      release();
    } else {
      this.#idle.push(release);
    }
  }

  #reject(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/** An object as messages name it: its path, without what is asked of it. */
function nameOf(path: string): string {
  return (path.split('?')[0] ?? '').slice(0, 128);
}

function unread(name: string, why: string, fields: Record<string, unknown> = {}): BrokerRefusal {
  return new BrokerRefusal(
    'amount_unknown',
    `The broker needs ${name} to price the call, and could not read it: ${why}.`,
    fields,
  );
}
