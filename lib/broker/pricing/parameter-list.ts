import { BrokerRefusal } from '../refusal';
import { nameOf } from './parameters';
import type { Parameter } from './parameters';

/** What may be at one place of a parameter's name. */
interface Place {
  /** It may end here, with any value. */
  value: boolean;
  fields: Map<string, Place>;
  /** Of a list: each of its items. */
  item?: Place;
  /** Of a map whose keys are the caller's own. */
  any?: Place;
}

const TOKEN = /[\w]+|\[\]|[*{}]|(\s+)|(.)/gy;

/**
 * The parameters that a call may have, written as `name`, `list[]`, `map{name name}`, `list[]{name}`
 * and `map{*}`, where `*` is any key. A name is taken only where it is listed, however deep.
 */
export class ParameterList {
  readonly #root: Place;

  constructor(text: string) {
    this.#root = parse(text);
  }

  /** Whether a parameter is on the list. A map or a list may be cleared, by an empty value. */
  allows({ path, value }: Parameter): boolean {
    let place: Place | undefined = this.#root;
    for (const part of path) {
      place =
        place.item !== undefined && /^\d*$/.test(part)
          ? place.item
          : (place.fields.get(part) ?? place.any);
      if (place === undefined) return false;
    }
    return place !== this.#root && (place.value || value === '');
  }

  /** The first parameter that is not on the list. */
  firstUnknown(parameters: readonly Parameter[]): Parameter | undefined {
    return parameters.find((parameter) => !this.allows(parameter));
  }

  /** Every name on the list: `shipping[address][city]`, `expand[]`, `metadata[*]`. */
  names(): string[] {
    return namesBelow(this.#root, []);
  }
}

/** The refusal of a parameter that is on no list. */
export function parameterNotAllowed(call: string, path: readonly string[]): BrokerRefusal {
  const name = nameOf(path);
  const parameter = name.length > 128 ? `${name.slice(0, 128)}…` : name;
  return new BrokerRefusal(
    'parameter_not_allowed',
    `${call} is not forwarded with ${parameter}: the broker forwards only parameters that it knows to move no money beyond the price of the call. Leave it out.`,
    { parameter },
  );
}

function parse(text: string): Place {
  const root = newPlace();
  const open: Place[] = [root];
  let last = root;
  for (const [token, space, stray] of text.matchAll(TOKEN)) {
    const parent = open.at(-1);
    if (parent === undefined || stray !== undefined) throw new Error(`misplaced "${token}"`);
    if (space !== undefined) continue;
    if (token === '{') {
      last.value = false;
      open.push(last);
    } else if (token === '}') {
      open.pop();
    } else if (token === '[]') {
      last.value = false;
      last.item ??= newPlace(true);
      last = last.item;
    } else if (token === '*') {
      last = parent.any ??= newPlace(true);
    } else {
      last = parent.fields.get(token) ?? newPlace(true);
      parent.fields.set(token, last);
    }
  }
  if (open.length !== 1) throw new Error('a brace is not closed');
  return root;
}

function newPlace(value = false): Place {
  return { value, fields: new Map() };
}

function namesBelow(place: Place, path: readonly string[]): string[] {
  const below = [
    ...place.fields,
    ...(place.item === undefined ? [] : [['', place.item] as const]),
    ...(place.any === undefined ? [] : [['*', place.any] as const]),
  ];
  return [
    ...(place.value ? [nameOf(path)] : []),
    ...below.flatMap(([part, next]) => namesBelow(next, [...path, part])),
  ];
}
