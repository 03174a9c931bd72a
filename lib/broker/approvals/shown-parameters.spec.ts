import { newToken } from '../keys/token';
import { ParameterList } from '../pricing/parameter-list';
import { STRIPE_CALLS } from '../vendors/stripe/calls/index';
import { isSecretParameter } from '../vendors/stripe/secret-parameters';
import { shownParameters } from './shown-parameters';

const shown = (name: string, value: string): string | null | undefined => {
  const path = name.replaceAll(']', '').split('[');
  return shownParameters([{ path, value }], isSecretParameter)[0]?.value;
};

it.each([
  ['payment_method_data[us_bank_account][account_number]', '000123456789'],
  ['payment_method_data[sepa_debit][iban]', 'DE89370400440532013000'],
  ['payment_method_options[card][cvc_token]', 'cvctok_1'],
  ['payment_method_options[blik][code]', '123456'],
  ['card[cvc]', '123'],
  ['pii[id_number]', '000000000'],
  ['confirmation_token', 'ctoken_1'],
  ['client_secret', 'pi_1_secret_2'],
  ['metadata[db_password]', 'hunter'],
  ['metadata[apiKey]', 'hunter'],
  ['metadata[note]', 'card 4242-4242-4242-4242, exp 12/30'],
  ['description', 'paid with 378282246310005'],
  ['metadata[a]', `uses ${newToken()}`],
  ['metadata[a]', 'sk_live_51HxqExample'],
  ['metadata[a]', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x'],
])('a secret is not shown: %s', (name, value) => {
  expect(shown(name, value)).toBeNull();
});

it.each([
  ['amount', '1500000000000'],
  ['customer', 'cus_4242424242424242'],
  ['payment_method', 'pm_1NxQ9y2eZvKYlo2C4242'],
  ['metadata[order]', '2026-11-24 17:00:00 4711'],
  ['shipping[tracking_number]', '1Z999AA10123456784'],
  ['shipping[address][postal_code]', '10115'],
  ['payment_method_options[card][request_three_d_secure]', 'any'],
])('what is no secret is shown: %s', (name, value) => {
  expect(shown(name, value)).toBe(value);
});

it('a name that is a secret is not shown either', () => {
  const [parameter] = shownParameters(
    [{ path: ['metadata', '4242424242424242'], value: 'x' }],
    isSecretParameter,
  );
  expect(parameter?.name).toBe('metadata[…]');
});

it("marks every secret of the table of Stripe's calls", () => {
  const names = Object.values(STRIPE_CALLS).flatMap((row) =>
    'parameters' in row ? new ParameterList(row.parameters).names() : [],
  );
  const like = /^(?:number|\w*account_number|\w*secret|\w*token|cvc|iban|pin|ssn\w*|id_number\w*)$/;
  const open = new Set(
    names
      .map((name) => name.replaceAll(']', '').split('['))
      .filter((path) => like.test(path.at(-1) ?? '') && !isSecretParameter({ path }))
      .map((path) => path.at(-1)),
  );
  expect([...open]).toEqual([]);
  expect(names.length).toBeGreaterThan(1_000);
});
