import { BrokerRefusal } from '../../refusal';
import { nameOf } from '../../pricing/parameters';
import type { Parameter } from '../../pricing/parameters';

const EXPAND = /^\W*expand(?:\W|$)/i;
/** `number` and `cvc` of an issued card, and the numbers of accounts and persons. */
const SHOWN_ON_DEMAND = /^(?:cvc|number|\w+_number)$/;

/**
 * Refuses a call that asks for card or account numbers: with them one can pay without the broker.
 *
 * @throws BrokerRefusal `parameter_not_allowed`.
 */
export function checkExpansion(
  query: string | undefined,
  parameters: readonly Parameter[] = [],
): void {
  for (const value of expansionsOf(query, parameters)) {
    const shown = value
      .toLowerCase()
      .split(/\W+/)
      .find((part) => SHOWN_ON_DEMAND.test(part));
    if (shown === undefined) continue;
    throw new BrokerRefusal(
      'parameter_not_allowed',
      `The broker does not show a card's or an account's ${shown}: with it money could be moved past the cap. Leave ${shown} out of expand.`,
      { parameter: 'expand' },
    );
  }
}

/** Whether a call asks for any object in place of its id. */
export function isExpanded(
  query: string | undefined,
  parameters: readonly Parameter[] = [],
): boolean {
  return expansionsOf(query, parameters).length > 0;
}

/** What a call asks for by `expand`, however that is written. */
function expansionsOf(query: string | undefined, parameters: readonly Parameter[]): string[] {
  const given = [
    ...(query ?? '').split(/[&;]/).map((pair): [name: string, value: string] => {
      const equals = pair.indexOf('=');
      return equals === -1
        ? [decoded(pair), '']
        : [decoded(pair.slice(0, equals)), decoded(pair.slice(equals + 1))];
    }),
    ...parameters.map(({ path, value }): [name: string, value: string] => [nameOf(path), value]),
  ];
  return given.filter(([name]) => EXPAND.test(name)).map(([, value]) => value);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
