import { newId } from '../keys/token';
import type { Ledger } from '../ledger/ledger';
import { invalidFields, notFound } from '../refusal';
import { leaseView, parseLeaseRequest } from './lease-request';
import type { LeaseView } from './lease-request';

/** The applications' leases. `Broker` documents what each method takes and throws. */
export class Leases {
  constructor(private readonly ledger: Ledger) {}

  async begin(body: unknown): Promise<LeaseView> {
    const parsed = parseLeaseRequest(body);
    if ('faults' in parsed) throw invalidFields(parsed.faults);
    const id = `lease_${newId(this.ledger.now())}`;
    return leaseView(await this.ledger.beginLease(id, parsed.ttlMs));
  }

  async renew(id: string): Promise<LeaseView> {
    const lease = await this.ledger.renewLease(id);
    if (lease === undefined) throw notFound('There is no lease of that id, or it has lapsed.');
    return leaseView(lease);
  }

  async end(id: string): Promise<{ id: string; status: 'ended' }> {
    if (!(await this.ledger.endLease(id))) {
      throw notFound('There is no lease of that id.');
    }
    return { id, status: 'ended' };
  }
}
