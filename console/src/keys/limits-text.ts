import { usdText } from '../format/money';

/** What each call must keep to: `per call $50.00; customers cus_1, cus_2`. */
export function limitsText(limits: Readonly<Record<string, unknown>>): string {
  return Object.entries(limits)
    .map(([name, value]) => {
      const words = name.replace(/_usd$/, '').replaceAll('_', ' ');
      if (name.endsWith('_usd') && typeof value === 'number') return `${words} ${usdText(value)}`;
      return `${words} ${Array.isArray(value) ? value.join(', ') : String(value)}`;
    })
    .join('; ');
}
