import { isSecret, readSecretFile } from '../accounts/secrets';
import { BadSetting } from './bad-setting';

/**
 * A secret of the environment: the variable `NAME`, or the file that `NAME_FILE` names. Empty where neither
 * is set, and where what is set is empty.
 *
 * @throws BadSetting where both are set, or the file cannot be read.
 */
export function secretIn(env: NodeJS.ProcessEnv, name: string): string {
  const text = env[name] ?? '';
  const file = env[`${name}_FILE`] ?? '';
  if (file === '') return text;
  if (text !== '') throw new BadSetting(`${name} and ${name}_FILE are both set: keep one of them`);
  try {
    return readSecretFile(file);
  } catch (error) {
    throw new BadSetting(`${name}_FILE names a file that ${(error as Error).message}`);
  }
}

/**
 * The key of the audit log, which has one value; `undefined` where none is set.
 *
 * @throws BadSetting as {@link secretIn}.
 */
export function auditKeyIn(env: NodeJS.ProcessEnv): string | undefined {
  const isSet =
    env['VAULT_KEY_AUDIT_KEY'] !== undefined || env['VAULT_KEY_AUDIT_KEY_FILE'] !== undefined;
  return isSet ? secretIn(env, 'VAULT_KEY_AUDIT_KEY') : undefined;
}

/**
 * The management tokens of the environment: `KEYBRAKE_TOKEN`, and `KEYBRAKE_TOKEN_NEXT` where it is set.
 *
 * @param minLength The shortest that is taken.
 * @throws BadSetting where one is not valid.
 */
export function managementTokens(
  env: NodeJS.ProcessEnv,
  minLength: number,
): readonly [string, ...string[]] {
  const check = (name: string): string => {
    const token = secretIn(env, name);
    if (token.length >= minLength && isSecret(token)) return token;
    throw new BadSetting(
      `${name} must be set to at least ${minLength} characters of ASCII without spaces: make it with openssl rand -hex ${minLength}`,
    );
  };
  const token = check('KEYBRAKE_TOKEN');
  const hasNext = secretIn(env, 'KEYBRAKE_TOKEN_NEXT') !== '';
  return hasNext ? [token, check('KEYBRAKE_TOKEN_NEXT')] : [token];
}
