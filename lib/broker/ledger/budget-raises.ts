import type { BudgetSubject, RuleSubject } from '../budgets/budget';
import type { Raise, RaiseOrder } from '../budgets/raise';
import type { Actor, Cause } from '../operators/actor';
import { invalidFields } from '../refusal';
import { endRaise, raise } from './rules/raises';
import type { RaisedSubject } from './rules/raises';
import type { Queries, Store } from './store';

/** How many subjects of one id a raise may be for: within each tenant the id is another subject. */
const MAX_SUBJECTS = 100;

/** What operators add to the caps of a subject for a while. */
export class BudgetRaises {
  constructor(private readonly store: Store) {}

  /**
   * The raise is in force once it resolves.
   *
   * @throws BrokerRefusal 422 where its subject has no cap, 403 where it is more than its role allows.
   */
  async set(order: RaiseOrder, by: Actor): Promise<Raise> {
    const queries = await this.store.checkpoint();
    const subjects: RaisedSubject[] = [];
    for (const subject of await subjectsFor(queries, order)) {
      const app = (await queries.newestBudgets(subject)) ?? { budgets: {} };
      subjects.push({ ...app, subject });
    }
    return this.store.run((book) => raise(book, order, subjects, by));
  }

  /** Resolves with `undefined` where the subject has no active raise of that id. */
  end(rule: RuleSubject, raiseId: string, cause: Cause): Promise<Raise | undefined> {
    return this.store.run((book) => endRaise(book, rule, raiseId, cause));
  }
}

/** Whom a raise is for: of a user or a run that names no tenant or user each that has had a key. */
async function subjectsFor(queries: Queries, rule: RuleSubject): Promise<BudgetSubject[]> {
  const { scope, tenant, user, id } = rule;
  const named = { scope, tenant: tenant ?? '', user: user ?? '', id };
  if (scope !== 'user' && scope !== 'run') return [named];
  if (tenant !== undefined && (scope === 'user' || user !== undefined)) return [named];
  const known = await queries.subjectsOf(scope, id, MAX_SUBJECTS + 1);
  if (known.length > MAX_SUBJECTS) {
    const message = `names more than ${MAX_SUBJECTS} subjects: say within which tenant_id${scope === 'run' ? ' and user_id' : ''}`;
    throw invalidFields([{ field: 'id', message }]);
  }
  const meant = known.filter(
    (subject) =>
      (tenant === undefined || subject.tenant === tenant) &&
      (user === undefined || subject.user === user),
  );
  return meant.length === 0 ? [named] : meant;
}
