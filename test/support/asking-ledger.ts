import { StoreLedger } from '../../lib/broker/ledger/store-ledger';
import type { Admission, AdmittedCall, Decision } from '../../lib/broker/ledger/records';
import type { Store } from '../../lib/broker/ledger/store';
import type { Approval } from '../../lib/broker/approvals/approval';
import type { KeyRecord } from '../../lib/broker/keys/key';
import type { Actor } from '../../lib/broker/operators/actor';
import type { Outcome, Price } from '../../lib/broker/pricing/price';
import type { BrokerRefusal } from '../../lib/broker/refusal';
import type { ApprovalState } from '../../lib/contract/states';
import { keyRecord } from './key-record';
import { TestClock } from './test-clock';

export const DOLLAR = 1_000_000;
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const START = Date.UTC(2026, 0, 1, 12);
export const ANN: Actor = { name: 'ann', role: 'operator', isApp: false };
export const SETTLED: Outcome = { ending: 'settled' };
export const UNSENT: Outcome = { ending: 'released', isUnsent: true };
export const DECLINED: Outcome = { ending: 'released', conclusive: true };

/** Opens a new store, and every further time the same one again. */
export type OpenStore = (clock: TestClock) => Promise<Store>;

/** What a call is; `what` stands for all that is forwarded of it. */
export interface Asked {
  price?: Price;
  what?: string;
  /** Its Idempotency-Key. */
  under?: string;
}

export const dollars = (usd: number, currency = 'usd'): Price => ({
  kind: 'amount',
  micros: Math.round(usd * DOLLAR),
  amount: Math.round(usd * 100),
  currency,
});

/** A key above whose $100 a person is asked. */
export const asking = (id = 'k', more: Partial<KeyRecord> = {}): KeyRecord =>
  keyRecord(id, {
    capMicros: 100_000 * DOLLAR,
    limits: { approveAboveMicros: 100 * DOLLAR },
    ...more,
  });

/** A ledger whose calls need approvals, and the people who answer. */
export class AskingLedger {
  readonly clock = new TestClock(START);
  #store: Store | undefined;
  #ledger: StoreLedger | undefined;
  #calls = 0;

  constructor(private readonly open: OpenStore) {}

  get store(): Store {
    if (this.#store === undefined) throw new Error('not begun');
    return this.#store;
  }

  get ledger(): StoreLedger {
    if (this.#ledger === undefined) throw new Error('not begun');
    return this.#ledger;
  }

  async begin(): Promise<void> {
    this.#store = await this.open(this.clock);
    this.#ledger = new StoreLedger(this.#store);
  }

  async restart(): Promise<void> {
    await this.ledger.close();
    await this.begin();
  }

  /** The id that the next call has. */
  get nextCallId(): string {
    return `call_${this.#calls + 1}`;
  }

  admission(key: KeyRecord, { price = dollars(150), what, under }: Asked = {}): Admission {
    const { tenant_id: tenant = '', user_id: user = '' } = key.subject;
    const body = what ?? JSON.stringify(price);
    return {
      callId: `call_${++this.#calls}`,
      key,
      account: '',
      price,
      ...(under === undefined ? {} : { operation: { keyHash: under, fingerprint: under } }),
      toApprove: (added) => ({
        digest: JSON.stringify([tenant, user, body, added]),
        method: 'POST',
        path: '/v1/payment_intents',
        account: '',
        customer: 'cus_1',
        destinations: [],
        parameters: [{ name: 'amount', value: '15000' }],
      }),
      audit: { at: 'then', event: 'refusal', method: 'POST', path: '/v1/payment_intents' },
    };
  }

  ask(key: KeyRecord, asked?: Asked): Promise<Decision> {
    return this.ledger.admit(this.admission(key, asked));
  }

  async refused(key: KeyRecord, asked?: Asked): Promise<BrokerRefusal> {
    const decision = await this.ask(key, asked);
    if (decision.admitted) throw new Error('it was admitted');
    return decision.refusal;
  }

  /** The id of the approval that a call needs. */
  async asksFor(key: KeyRecord, asked?: Asked): Promise<string> {
    const { code, fields } = await this.refused(key, asked);
    if (code !== 'approval_required') throw new Error(`it was refused: ${code}`);
    return String(fields['approval_id']);
  }

  async admitted(key: KeyRecord, asked?: Asked): Promise<AdmittedCall> {
    const decision = await this.ask(key, asked);
    if (!decision.admitted) throw decision.refusal;
    return decision.call;
  }

  end(call: AdmittedCall, outcome: Outcome): Promise<void> {
    return this.ledger.end({ call, outcome, audit: {} });
  }

  answer(id: string, isApproved: boolean, reason = 'looked at'): Promise<Approval> {
    return this.ledger.approvals.decide({ id, isApproved, cause: { by: ANN, reason } });
  }

  async approved(key: KeyRecord, asked?: Asked): Promise<string> {
    const id = await this.asksFor(key, asked);
    await this.answer(id, true);
    return id;
  }

  async isIn(id: string, state: ApprovalState): Promise<boolean> {
    const { entries } = await this.ledger.approvals.list({ state }, { limit: 100 });
    return entries.some((each) => each.id === id);
  }

  /** The verdicts of the audit rows about approvals, the oldest first. */
  async rows(): Promise<string[]> {
    const { entries } = await this.ledger.audit({ event: 'approval' }, { limit: 100 });
    return entries.map(({ verdict }) => verdict ?? '').reverse();
  }
}
