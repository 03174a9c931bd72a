import { hash } from 'node:crypto';
import { nameOf, toFormBody } from '../pricing/parameters';
import type { Parameter } from '../pricing/parameters';

/** Everything that two attempts at one operation have in common. */
export interface AttemptContent {
  /** The connected account; empty for the account of the secret. */
  account: string;
  tenant: string;
  user: string;
  method: string;
  target: string;
  parameters: readonly Parameter[];
}

/** A digest of an attempt. The order of its parameters makes no other operation. */
export function fingerprintOf(attempt: AttemptContent): string {
  const { account, tenant, user, method, target, parameters } = attempt;
  const body = toFormBody(inOneOrder(parameters));
  return sha256(JSON.stringify([account, tenant, user, method, target, body]));
}

export function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}

/** Sorted by name. What is appended to one list by `[]` keeps its order, which says where an item ends. */
export function inOneOrder(parameters: readonly Parameter[]): Parameter[] {
  return parameters
    .map((parameter) => {
      const list = parameter.path.indexOf('');
      return {
        parameter,
        name: nameOf(list === -1 ? parameter.path : parameter.path.slice(0, list)),
      };
    })
    .sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0))
    .map(({ parameter }) => parameter);
}
