/**
 * A cap as it is enforced: what a computation such as `12.34 * 1.2` leaves beyond the cent is cut
 * off. What is no number, or is below 0, is given back as it is.
 */
export function toWholeCents<T>(cap: T): T | number {
  if (typeof cap !== 'number' || cap < 0) return cap;
  // By its digits: 0.29 * 100 is less than 29.
  const text = String(cap);
  if (text.includes('e-')) return 0;
  const [cents = text] = /^\d+\.\d\d/.exec(text) ?? [];
  return Number(cents);
}
