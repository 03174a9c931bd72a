import type { FormParams } from './form-params';
import { createdRange, listLimit, readParams, text, texts } from './param-rules';
import type { ParamRule, ParamRules, Params } from './param-rules';
import type { Shelf } from './shelf';
import { assertExpandable } from './expansion';
import type { StripeAccount } from './stripe-account';
import type { MoneyMovement } from './stripe-book';

/** One call being executed. */
export interface Execution {
  readonly account: StripeAccount;
  /** The version that the call is made in: `2026-10-28.endive`. */
  readonly apiVersion: string;
  /** The id in the path, or an empty text where the path has none. */
  readonly id: string;
  /** A decline code which the test scripted for this call, whatever the card. */
  readonly decline: string | undefined;
  /** Writes a movement of money into the book. */
  move(movement: Omit<MoneyMovement, 'call' | 'idempotencyKey'>): void;
}

/** A call whose parameters are valid, ready to run. */
export interface PreparedCall {
  readonly expand: readonly string[];
  execute(run: Execution): object;
}

export interface Endpoint {
  readonly method: 'DELETE' | 'GET' | 'POST';
  /** `/v1/payment_intents/:id/capture` */
  readonly path: string;
  /** @throws {StripeError} where the parameters are invalid; nothing has happened then */
  prepare(form: FormParams): PreparedCall;
}

/**
 * One endpoint: what it takes and what it does.
 *
 * @param returns the kind of object in the answer, which decides what `expand` may name
 */
export function endpoint<Rules extends ParamRules>(
  method: Endpoint['method'],
  path: string,
  returns: string,
  rules: Rules,
  execute: (run: Execution, params: Params<Rules>) => object,
): Endpoint {
  return {
    method,
    path,
    prepare({ expand: expandForm, ...form }) {
      const params = readParams(rules, form);
      const expand = expandForm === undefined ? [] : texts.read(expandForm, 'expand');
      for (const property of expand) assertExpandable(returns, property);
      return { expand, execute: (run) => execute(run, params) };
    },
  };
}

const pageRules = {
  limit: listLimit,
  starting_after: text,
  ending_before: text,
  created: createdRange,
};

/** A parameter of a list that does more than name a field. */
export interface ListFilter<T> {
  readonly name: string;
  readonly rule: ParamRule<unknown>;
  matches(item: T, wanted: unknown): boolean;
}

/**
 * A list, newest first, in pages of 10 (`limit` up to 100).
 *
 * @param filters further parameters; one that is a name is compared with the field of that name
 */
export function listEndpoint<T extends { readonly id: string; readonly created: number }>(
  path: string,
  returns: string,
  shelfOf: (account: StripeAccount) => Shelf<T>,
  filters: readonly ((keyof T & string) | ListFilter<T>)[],
  isShown: (item: T, account: StripeAccount) => boolean = () => true,
): Endpoint {
  const all = filters.map((filter): ListFilter<T> =>
    typeof filter === 'string'
      ? {
          name: filter,
          rule: text,
          matches: (item, wanted) => String(item[filter]) === wanted,
        }
      : filter,
  );
  const rules: typeof pageRules = {
    ...Object.fromEntries(all.map(({ name, rule }) => [name, rule])),
    ...pageRules,
  };
  return endpoint('GET', path, `list of ${returns}`, rules, ({ account }, params) => {
    const wanted: Readonly<Record<string, unknown>> = params;
    const given = all.filter(({ name }) => wanted[name] !== undefined);
    const { data, has_more } = shelfOf(account).list(
      {
        limit: params.limit,
        startingAfter: params.starting_after,
        endingBefore: params.ending_before,
      },
      (item) =>
        isShown(item, account) &&
        (params.created?.(item.created) ?? true) &&
        given.every((filter) => filter.matches(item, wanted[filter.name])),
    );
    return { object: 'list', data, has_more, url: path };
  });
}
