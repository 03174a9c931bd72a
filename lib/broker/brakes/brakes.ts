import type { Clock } from '../clock';
import { newId } from '../keys/token';
import type { Ledger } from '../ledger/ledger';
import { invalidFields, notFound } from '../refusal';
import { parseBrakeRequest } from './brake-request';
import { brakeView } from './brake-view';
import type { BrakeView } from './brake-view';

/** The operators' brakes. `Broker` documents what each method takes and throws. */
export class Brakes {
  constructor(
    private readonly ledger: Ledger,
    private readonly clock: Clock,
    private readonly vendors: ReadonlySet<string>,
  ) {}

  async put(body: unknown, remoteAddress?: string): Promise<BrakeView> {
    const parsed = parseBrakeRequest(body, this.vendors);
    if ('faults' in parsed) throw invalidFields(parsed.faults);
    const { lifeMs, ...request } = parsed.request;
    const now = this.clock.now();
    if (request.scope === 'key' && (await this.ledger.key(request.target, now)) === undefined) {
      throw invalidFields([{ field: 'id', message: 'is not the id of a key' }]);
    }
    const brake = {
      id: `brk_${newId(now)}`,
      ...request,
      createdAt: now,
      ...(lifeMs === undefined ? {} : { expiresAt: now + lifeMs }),
    };
    const hit = await this.ledger.putBrake(brake, remoteAddress);
    return brakeView(hit === undefined ? brake : { ...brake, hit });
  }

  async all(): Promise<{ brakes: readonly BrakeView[] }> {
    return { brakes: (await this.ledger.brakes(this.clock.now())).map(brakeView) };
  }

  async lift(
    id: string,
    remoteAddress?: string,
  ): Promise<{ id: string; status: 'lifted'; lifted_at: string }> {
    const now = this.clock.now();
    if ((await this.ledger.liftBrake(id, now, remoteAddress)) === undefined) {
      throw notFound('There is no brake of that id.');
    }
    return { id, status: 'lifted', lifted_at: new Date(now).toISOString() };
  }
}
