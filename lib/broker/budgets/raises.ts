import { newId } from '../keys/token';
import type { Ledger } from '../ledger/ledger';
import type { Actor } from '../operators/actor';
import { readReason } from '../operators/reason';
import { invalidFields, notFound } from '../refusal';
import { parseRuleSubject } from './budget-request';
import type { SubjectPath } from './budget-request';
import { parseRaiseRequest } from './raise-request';
import { raiseView } from './raise-view';
import type { RaiseView } from './raise-view';

/** What operators add to the caps of a subject for a while. */
export class Raises {
  constructor(private readonly ledger: Ledger) {}

  /**
   * Adds to every cap of a subject, an operator's and the application's, of each period, until it expires.
   * It is in force once the promise resolves.
   *
   * @param body What `POST /v1/budgets/{scope}/{id}/raises` takes.
   * @throws BrokerRefusal 422 with every bad field, or where the subject has no cap; 403 where it is more
   * than the role allows: the raises of operators come to at most the cap itself; 503.
   */
  async set(scope: string, id: string, body: unknown, by: Actor): Promise<RaiseView> {
    const parsed = parseRaiseRequest(scope, id, body);
    if ('faults' in parsed) throw invalidFields(parsed.faults);
    const order = { raiseId: `rse_${newId(this.ledger.now())}`, ...parsed.request };
    return raiseView(await this.ledger.raises.set(order, by));
  }

  /**
   * Ends a raise before it expires. What was spent stays: a remainder may be negative then.
   *
   * @param body What `DELETE /v1/budgets/{scope}/{id}/raises/{raise_id}` takes: a reason.
   * @throws BrokerRefusal 404 where the subject has no active raise of that id; 422 for a bad reason.
   */
  async end(
    path: SubjectPath,
    raiseId: string,
    body: unknown,
    by: Actor,
  ): Promise<{ id: string; status: 'ended' }> {
    const parsed = parseRuleSubject(path);
    if ('faults' in parsed) throw invalidFields(parsed.faults);
    const cause = { by, reason: readReason(body, by) };
    const ended = await this.ledger.raises.end(parsed.rule, raiseId, cause);
    if (ended === undefined) throw notFound('The subject has no active raise of that id.');
    return { id: raiseId, status: 'ended' };
  }
}
