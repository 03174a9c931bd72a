import { timingSafeEqual } from 'node:crypto';
import { hashToken } from '../keys/token';
import { APP_CODE } from './actor';
import type { Actor } from './actor';
import { invalidFields } from '../refusal';
import { operatorNameFault } from './operator.options';
import type { OperatorOptions } from './operator.options';
import { isOperatorToken } from './operator-token';

interface Operator extends Pick<OperatorOptions, 'name' | 'role'> {
  /** Hashes, as bytes. */
  hashes: readonly Buffer[];
}

/** The operators that are configured, and whom their tokens speak for. */
export class Operators {
  #all: readonly Operator[] = [];

  /** @param operators As {@link operatorFaults} has found nothing wrong with them. */
  constructor(operators: readonly OperatorOptions[] = []) {
    this.replace(operators);
  }

  /** Takes these in place of those before: a token that is not among theirs is not known any more. */
  replace(operators: readonly OperatorOptions[]): void {
    this.#all = operators.map(({ name, role, tokenHashes }) => ({
      name,
      role,
      hashes: tokenHashes.map((hash) => Buffer.from(hash, 'hex')),
    }));
  }

  /** Whether there are any: without operators, the application's token is an admin's. */
  get areConfigured(): boolean {
    return this.#all.length > 0;
  }

  /** Whom a token speaks for; `undefined` where it is no operator's. */
  byToken(token: string, remoteAddress?: string): Actor | undefined {
    return isOperatorToken(token) ? this.byTokenHash(hashToken(token), remoteAddress) : undefined;
  }

  /** As {@link byToken}, by the token's SHA-256 in hex, such as a session keeps. */
  byTokenHash(tokenHash: string, remoteAddress?: string): Actor | undefined {
    const hash = Buffer.from(tokenHash, 'hex');
    // Each is compared, so that the time tells nothing of which one it is.
    const [found] = this.#all.filter(
      ({ hashes }) => hashes.filter((each) => timingSafeEqual(each, hash)).length > 0,
    );
    return found === undefined ? undefined : operatorActor(found, remoteAddress);
  }

  /** An operator by its name; `undefined` where none has it. */
  byName(name: string): Actor | undefined {
    const found = this.#all.find((each) => each.name === name);
    return found === undefined ? undefined : operatorActor(found);
  }

  /**
   * Whom code in the application speaks for. It vouches for who that is; an operator that is configured
   * has its role all the same.
   *
   * @param name Absent where the application acts by itself.
   * @throws BrokerRefusal 422 where no operator can have the name.
   */
  vouchedFor(name: string | undefined): Actor {
    if (name === undefined) return APP_CODE;
    const message = operatorNameFault(name);
    if (message !== undefined) throw invalidFields([{ field: 'operator', message }]);
    return this.byName(name) ?? { name, role: 'admin', isApp: false };
  }

  /** The holder of the application's token. */
  app(remoteAddress?: string): Actor {
    return {
      ...APP_CODE,
      role: this.areConfigured ? 'viewer' : 'admin',
      ...(remoteAddress === undefined ? {} : { remoteAddress }),
    };
  }
}

function operatorActor({ name, role }: Operator, remoteAddress?: string): Actor {
  return {
    name,
    role,
    isApp: false,
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  };
}
