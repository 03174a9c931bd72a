import { isRecord } from '../../contract/is-record';
import { labelFault } from '../../contract/label-rule';
import { withoutTokens } from '../keys/token';
import { unknownKeys } from '../option-faults';
import type { FaultSink } from '../option-faults';
import { OPERATOR_ROLES, RESERVED_ACTORS } from './actor';
import type { OperatorRole } from './actor';

/**
 * A person who answers for the agents, and what they may do.
 *
 * @example
 * { name: 'ann', role: 'admin', tokenHashes: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'] }
 */
export interface OperatorOptions {
  /** Stands in the audit log: 1–128 characters, unique; not `app`, `key` or `broker`. */
  name: string;
  /** `viewer` reads; `operator` also brakes, lifts, ends holds, approves, raises; `admin` also sets budgets. */
  role: OperatorRole;
  /**
   * The SHA-256, in lower-case hex, of the operator's token; two while a token is replaced.
   * `vault-key-broker operators token` makes a token and its hash.
   */
  tokenHashes: readonly string[];
}

const MAX_NAME = 128;
const MAX_HASHES = 2;
const SETTINGS = ['name', 'role', 'tokenHashes'];

/** Finds everything wrong with the operators. */
export function operatorFaults(operators: unknown, fault: FaultSink): void {
  if (!Array.isArray(operators)) {
    fault('operators', 'must be an array of operators');
    return;
  }
  const names = new Map<unknown, string>();
  const hashes = new Map<string, string>();
  operators.forEach((operator: unknown, i) => {
    const path = `operators[${i}]`;
    if (!isRecord(operator)) {
      fault(path, `must be an object of ${SETTINGS.join(', ')}`);
      return;
    }
    unknownKeys(operator, SETTINGS, path, fault);
    const { name, role, tokenHashes } = operator;
    nameFaults(name, path, names, fault);
    if (!OPERATOR_ROLES.includes(role as OperatorRole)) {
      fault(`${path}.role`, `must be one of ${OPERATOR_ROLES.join(', ')}`);
    }
    hashFaults(tokenHashes, `${path}.tokenHashes`, hashes, fault);
  });
}

/** What is wrong with a name; `undefined` where nothing is. */
export function operatorNameFault(name: unknown): string | undefined {
  const message = labelFault(name, MAX_NAME);
  if (message !== undefined) return message;
  const text = name as string;
  if (withoutTokens(text) !== text) return 'holds a token: a name is shown';
  if (text.trim() !== text) return 'must not begin or end with a blank';
  return (RESERVED_ACTORS as readonly string[]).includes(text)
    ? `must not be ${RESERVED_ACTORS.join(', ')}: the audit log calls others so`
    : undefined;
}

function nameFaults(
  name: unknown,
  path: string,
  known: Map<unknown, string>,
  fault: FaultSink,
): void {
  const message = operatorNameFault(name);
  if (message !== undefined) {
    fault(`${path}.name`, message);
    return;
  }
  const other = known.get(name);
  if (other !== undefined) fault(`${path}.name`, `is the name of ${other} too`);
  else known.set(name, path);
}

function hashFaults(
  hashes: unknown,
  path: string,
  known: Map<string, string>,
  fault: FaultSink,
): void {
  if (!Array.isArray(hashes) || hashes.length < 1 || hashes.length > MAX_HASHES) {
    fault(path, `must be an array of 1 or ${MAX_HASHES} hashes`);
    return;
  }
  hashes.forEach((hash: unknown, i) => {
    const place = `${path}[${i}]`;
    if (typeof hash === 'string' && withoutTokens(hash) !== hash) {
      fault(
        place,
        'holds a token: put its hash here, and make a new token, since this one was written down',
      );
    } else if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) {
      fault(
        place,
        'must be the hash of an operator token, 64 characters of lower-case hex: make both with vault-key-broker operators token',
      );
    } else if (known.has(hash)) {
      fault(place, `is the same as ${known.get(hash)}: each token is one operator's`);
    } else {
      known.set(hash, place);
    }
  });
}
