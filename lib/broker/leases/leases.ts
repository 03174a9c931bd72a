import { newId } from '../keys/token';
import type { Ledger } from '../ledger/ledger';
import { invalidFields, notFound } from '../refusal';
import { leaseView, parseLeaseRequest } from './lease-request';
import type { LeaseView } from './lease-request';

/** The applications' leases: each lives as long as its application renews it, and its keys end with it. */
export class Leases {
  /** @param checkOpen Throws where the broker is about to be closed. */
  constructor(
    private readonly ledger: Ledger,
    private readonly checkOpen: () => void,
  ) {}

  /**
   * Begins a lease.
   *
   * @param body What `POST /v1/leases` takes.
   * @throws BrokerRefusal 422, or 503.
   */
  async begin(body: unknown): Promise<LeaseView> {
    this.checkOpen();
    const parsed = parseLeaseRequest(body);
    if ('faults' in parsed) throw invalidFields(parsed.faults);
    const id = `lease_${newId(this.ledger.now())}`;
    return leaseView(await this.ledger.beginLease(id, parsed.ttlMs));
  }

  /** @throws BrokerRefusal 404 where the lease was never there or has lapsed. */
  async renew(id: string): Promise<LeaseView> {
    const lease = await this.ledger.renewLease(id);
    if (lease === undefined) throw notFound('There is no lease of that id, or it has lapsed.');
    return leaseView(lease);
  }

  /**
   * Ends a lease, and with it every key issued under it.
   *
   * @throws BrokerRefusal 404 where the lease was never there.
   */
  async end(id: string): Promise<{ id: string; status: 'ended' }> {
    if (!(await this.ledger.endLease(id))) {
      throw notFound('There is no lease of that id.');
    }
    return { id, status: 'ended' };
  }
}
