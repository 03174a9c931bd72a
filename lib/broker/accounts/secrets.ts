import { readFileSync } from 'node:fs';
import type { FaultSink } from '../option-faults';

/** An account's secret keys: the one that sends first, and the one that sends where it is not accepted. */
export type Secrets = readonly [string, ...string[]];

/** Where an account's secret keys are. */
export interface SecretOptions {
  /** The account's secret. For Stripe use a restricted key (`rk_…`) with only the rights the tools need. */
  secretKey?: string | undefined;
  /** In place of `secretKey`: a file that holds it. A line break at its end is left out. */
  secretKeyFile?: string | undefined;
  /**
   * The secret that takes the place of `secretKey` while the account's secret is changed. Calls are
   * sent with it, and where the vendor does not accept it, once more with `secretKey`.
   */
  nextSecretKey?: string | undefined;
  /** In place of `nextSecretKey`: a file that holds it. An empty file is no second secret. */
  nextSecretKeyFile?: string | undefined;
}

export const SECRET_OPTIONS = [
  'secretKey',
  'secretKeyFile',
  'nextSecretKey',
  'nextSecretKeyFile',
] as const satisfies readonly (keyof SecretOptions)[];

const SECRET = /^[\x21-\x7e]{1,4096}$/;
const RULE = 'must be printable ASCII characters without spaces or line breaks, up to 4,096';

/** Whether a text can be a secret that a header carries. */
export function isSecret(text: unknown): text is string {
  return typeof text === 'string' && SECRET.test(text);
}

/**
 * What a file with a secret holds, without the line break at its end.
 *
 * @throws Error that says why it cannot be read, without the name of the file.
 */
export function readSecretFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new Error(`cannot be read (${(error as NodeJS.ErrnoException).code ?? 'not a file'})`);
  }
}

/**
 * Reads an account's secrets, and its files. Finds everything wrong with them.
 *
 * @returns `undefined` where something is.
 */
export function readSecrets(
  options: Readonly<Record<string, unknown>>,
  path: string,
  fault: FaultSink,
): Secrets | undefined {
  const secret = readOne(options, 'secretKey', path, fault);
  const next = readOne(options, 'nextSecretKey', path, fault);
  if (secret === '') {
    const where = options['secretKeyFile'] === undefined ? 'secretKey' : 'secretKeyFile';
    const example = 'such as a restricted key "rk_live_…"';
    fault(
      `${path}.${where}`,
      where === 'secretKey'
        ? `is missing: the account's secret, ${example}, or secretKeyFile with the name of a file that holds it`
        : `is empty: it must hold the account's secret, ${example}`,
    );
  }
  if (secret === undefined || secret === '' || next === undefined) return undefined;
  return next === '' || next === secret ? [secret] : [next, secret];
}

/** A secret; empty where none is given, `undefined` where it is faulty. */
function readOne(
  options: Readonly<Record<string, unknown>>,
  name: 'secretKey' | 'nextSecretKey',
  path: string,
  fault: FaultSink,
): string | undefined {
  const text = options[name];
  const file = options[`${name}File`];
  if (file === undefined) {
    if (text === undefined || text === '') return '';
    if (isSecret(text)) return text;
    fault(`${path}.${name}`, RULE);
    return undefined;
  }
  const at = `${path}.${name}File`;
  if (text !== undefined) {
    fault(at, `is given beside ${name}: keep one of them`);
    return undefined;
  }
  if (typeof file !== 'string' || file === '') {
    fault(at, 'must be the name of a file');
    return undefined;
  }
  let held: string;
  try {
    held = readSecretFile(file);
  } catch (error) {
    fault(at, `names a file that ${(error as Error).message}`);
    return undefined;
  }
  if (held === '' || isSecret(held)) return held;
  fault(at, `names a file with a secret that is not valid: it ${RULE}`);
  return undefined;
}
