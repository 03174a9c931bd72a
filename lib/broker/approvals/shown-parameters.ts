import { withoutTokens } from '../keys/token';
import { nameOf } from '../pricing/parameters';
import type { Parameter } from '../pricing/parameters';
import type { ShownParameter } from './approval';

/** What an application may have called a secret of its own, in `metadata`. */
const SECRET_NAME =
  /(?:secret|passw(?:or)?d|passphrase|api_?key|private_?key|access_?token|auth(?:orization)?|bearer|cvc|cvv|\bpin)$/i;
/** Keys of vendors, and what confirms a payment in a browser. */
const SECRET_VALUE =
  /\b(?:sk|rk|whsec|pk)_[A-Za-z0-9_]{8,}|_secret_\w|\beyJ[\w-]{8,}\.[\w-]+\.|-----BEGIN [A-Z ]*PRIVATE KEY/;
/** What may be the number of a card, however it is grouped; not the rest of an id. */
const DIGITS = /(?<![\d_])\d(?:[ -]?\d){12,18}(?!\d)/g;

/**
 * The parameters of a call as people are shown them, and as they are stored: without secrets.
 *
 * @param isSecret Which of them the vendor's table marks as secrets.
 */
export function shownParameters(
  parameters: readonly Parameter[],
  isSecret: (parameter: Parameter) => boolean,
): ShownParameter[] {
  return parameters.map((parameter) => {
    const { path, value } = parameter;
    const name = path.map((part) => (looksSecret(part) ? '…' : part));
    const hides = isSecret(parameter) || SECRET_NAME.test(path.at(-1) ?? '') || looksSecret(value);
    return { name: nameOf(name), value: hides ? null : value };
  });
}

/** Whether a text holds a vault key, a vendor's key, or the number of a card. */
function looksSecret(text: string): boolean {
  if (withoutTokens(text) !== text || SECRET_VALUE.test(text)) return true;
  return [...text.matchAll(DIGITS)].some(([digits]) => isCardNumber(digits));
}

/** By its check digit. */
function isCardNumber(text: string): boolean {
  const digits = text.replaceAll(/\D/g, '');
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits.at(-1 - i));
    const weighed = i % 2 === 0 ? digit : digit * 2;
    sum += weighed > 9 ? weighed - 9 : weighed;
  }
  return sum % 10 === 0 && !/^0+$/.test(digits);
}
