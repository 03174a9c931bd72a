import { newId } from '../keys/token';
import type { Ledger } from '../ledger/ledger';
import type { Actor } from '../operators/actor';
import { readReason } from '../operators/reason';
import { invalidFields, notFound } from '../refusal';
import { parseBrakeRequest } from './brake-request';
import { brakeView } from './brake-view';
import type { BrakeView } from './brake-view';

/** The operators' brakes. `Broker` documents what each method takes and throws. */
export class Brakes {
  constructor(
    private readonly ledger: Ledger,
    private readonly vendors: ReadonlySet<string>,
  ) {}

  async put(body: unknown, by: Actor): Promise<BrakeView> {
    const parsed = parseBrakeRequest(body, this.vendors);
    if ('faults' in parsed) throw invalidFields(parsed.faults);
    const { request } = parsed;
    if (request.scope === 'key' && (await this.ledger.key(request.target)) === undefined) {
      throw invalidFields([{ field: 'id', message: 'is not the id of a key' }]);
    }
    const order = { id: `brk_${newId(this.ledger.now())}`, ...request };
    return brakeView(await this.ledger.putBrake(order, by));
  }

  async all(): Promise<{ brakes: readonly BrakeView[] }> {
    return { brakes: (await this.ledger.brakes()).map(brakeView) };
  }

  async lift(
    id: string,
    body: unknown,
    by: Actor,
  ): Promise<{ id: string; status: 'lifted'; lifted_at: string }> {
    const reason = readReason(body, by);
    const lifted = await this.ledger.liftBrake(id, { by, reason });
    if (lifted === undefined) throw notFound('There is no brake of that id.');
    return { id, status: 'lifted', lifted_at: new Date(lifted.liftedAt).toISOString() };
  }
}
