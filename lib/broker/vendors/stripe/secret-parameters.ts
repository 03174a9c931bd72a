import type { Parameter } from '../../pricing/parameters';

/** The parameters of Stripe's calls that people must not be shown: numbers and codes that pay or prove, by the last part of their names. */
const SECRET: ReadonlySet<string> = new Set([
  'account_number',
  'client_secret',
  'confirmation_number',
  'confirmation_token',
  'cryptogram',
  'cvc',
  'cvc_token',
  'iban',
  'id_number',
  'id_number_secondary',
  'number',
  'pay_id',
  'persistent_token',
  'person_token',
  'pin',
  'source',
  'ssn_last_4',
  'tax_id',
  'token',
]);

/** Maps of secrets, and secrets that only the name of their map tells from other parameters. */
const WITHIN: ReadonlySet<string> = new Set(['cvc_update', 'pii', 'blik/code']);

/** Whether a parameter's value is a secret. */
export function isSecretParameter({ path }: Pick<Parameter, 'path'>): boolean {
  const named = path.filter((part) => !/^\d*$/.test(part));
  const [last = '', parent = ''] = [...named].reverse();
  return (
    SECRET.has(last) || WITHIN.has(`${parent}/${last}`) || named.some((part) => WITHIN.has(part))
  );
}
