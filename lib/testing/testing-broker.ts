import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { BrokerClient } from '../broker-client/broker-client';
import type { Broker } from '../broker/broker';
import type { BudgetView } from '../broker/budgets/budget-view';
import { EmbeddedBrokerClient } from '../broker-client/embedded-broker.client';
import { ANONYMOUS, idText } from '../vault-key/agent-identity';
import { subjectId } from '../vault-key/label';

type Id = string | number | bigint;

/**
 * Whose cap is reached: everybody's, or a tenant's, user's, run's, tool's or account's. A user counts within
 * their tenant and an agent run within its user, so name those too where the application has them.
 */
export type CapTarget =
  | 'all'
  | { tenant: Id }
  | { user: Id; tenant?: Id | undefined }
  | {
      run: string;
      /** @default 'anon', as for a request without a user */
      user?: Id | undefined;
      tenant?: Id | undefined;
    }
  /** `Class.method` */
  | { tool: string }
  /** An account, by its name at the broker. */
  | { vendor: string };

/** A budget, in the broker's own words. */
interface BudgetPath {
  scope: string;
  id: string;
  tenant_id?: string;
  user_id?: string;
}

/** What an operator has set for a budget. */
type BudgetTerms = Pick<BudgetView, 'daily_usd_cap' | 'limits'>;

const EXAMPLES = "'all', { user: 'u1' }, { user: 'u1', tenant: 't1' }, { run: 'r1', user: 'u1' }";

/**
 * What can be wrong at the broker of an application under test: a cap that is reached, a broker
 * that is down. It is the application's own broker that refuses, in its own words.
 *
 * @example
 * ```ts
 * await app.get(TestingBroker).exhaust({ user: 'u1' });
 * // … every call that costs is answered 402 spend_cap_exceeded
 * await app.get(TestingBroker).reset();
 * ```
 */
@Injectable()
export class TestingBroker {
  /** What an operator had set over each subject before, by its path. */
  readonly #before = new Map<string, { path: BudgetPath; terms: BudgetTerms | undefined }>();

  constructor(private readonly moduleRef: ModuleRef) {}

  /**
   * Lets nothing be left under a day's cap: a budget is set to what has been spent under it. Calls
   * that cost are refused from now on, in invocations under way too; reads and what costs nothing
   * pass.
   *
   * @param target Everybody by default.
   * @throws TypeError for a target without exactly one scope, or with an invalid id.
   */
  async exhaust(target: CapTarget = 'all'): Promise<void> {
    const broker = this.#broker;
    const paths =
      target === 'all'
        ? broker.vendorNames.map((id) => ({ scope: 'vendor', id }))
        : [budgetPath(target)];
    for (const path of paths) await this.#exhaust(path);
  }

  async #exhaust(path: BudgetPath): Promise<void> {
    const broker = this.#broker;
    const name = JSON.stringify(path);
    if (!this.#before.has(name)) {
      const { budgets } = await broker.budgets();
      const active = budgets.find(
        (budget) => budget.period === 'day' && budget.mode === 'enforce' && isOver(budget, path),
      );
      this.#before.set(name, { path, terms: active === undefined ? undefined : termsOf(active) });
    }
    const { scope, id, ...within } = path;
    const { limits } = this.#before.get(name)?.terms ?? {};
    const kept = { ...within, ...(limits === undefined ? {} : { limits }) };
    const { spent_usd: spent = 0, held_usd: held = 0 } = await broker.putBudget(scope, id, {
      ...kept,
      daily_usd_cap: 0,
    });
    const cap = Math.floor(Math.round((spent + held) * 1e6) / 1e4) / 100;
    if (cap > 0) await broker.putBudget(scope, id, { ...kept, daily_usd_cap: cap });
  }

  /**
   * Takes the broker down, until {@link reset}: no key can be issued, so that no handler begins,
   * and calls under the keys of invocations under way reach no vendor. Both are 503
   * `vault_key_unavailable`. `BrokerOperator` still tells what it knows.
   */
  goDown(): void {
    this.#client.isDown = true;
  }

  /** Undoes all that was done here, and leaves spend, keys and brakes as they are. */
  async reset(): Promise<void> {
    const broker = this.#broker;
    this.#client.isDown = false;
    for (const [name, { path, terms }] of this.#before) {
      this.#before.delete(name);
      const { scope, id, ...within } = path;
      if (terms === undefined) await broker.deleteBudget({ ...path, mode: 'enforce' });
      else await broker.putBudget(scope, id, { ...within, ...terms });
    }
  }

  get #client(): EmbeddedBrokerClient {
    const client = this.moduleRef.get(BrokerClient, { strict: false });
    if (client instanceof EmbeddedBrokerClient) return client;
    throw new TypeError('Only a broker that is embedded can be taken down in a test.');
  }

  get #broker(): Broker {
    return this.#client.broker;
  }
}

function termsOf({ daily_usd_cap, limits }: BudgetView): BudgetTerms {
  return { daily_usd_cap, ...(limits === undefined ? {} : { limits }) };
}

function isOver(budget: BudgetPath, path: BudgetPath): boolean {
  return (
    budget.scope === path.scope &&
    budget.id === path.id &&
    budget.tenant_id === path.tenant_id &&
    budget.user_id === path.user_id
  );
}

function budgetPath(target: Exclude<CapTarget, 'all'>): BudgetPath {
  const given: Readonly<Record<string, unknown>> = { ...target };
  const id = (field: string): string => {
    const text = idText(given[field]);
    if (text === undefined) {
      throw new TypeError(`${field} must be a string that is not blank, or an integer.`);
    }
    return field === 'run' ? text : subjectId(text);
  };
  const tenant = given['tenant'] === undefined ? {} : { tenant_id: id('tenant') };
  const fields = Object.keys(given).sort().join();
  switch (fields) {
    case 'tenant':
      return { scope: 'tenant', id: id('tenant') };
    case 'user':
    case 'tenant,user':
      return { scope: 'user', id: id('user'), ...tenant };
    case 'run':
    case 'run,tenant':
    case 'run,user':
    case 'run,tenant,user': {
      const user = given['user'] === undefined ? ANONYMOUS : id('user');
      return { scope: 'run', id: id('run'), ...tenant, user_id: user };
    }
    case 'tool':
      return { scope: 'tool', id: id('tool') };
    case 'vendor':
      return { scope: 'vendor', id: id('vendor') };
    default:
      throw new TypeError(`Whose cap? One of ${EXAMPLES}, not { ${fields} }.`);
  }
}
