import { minorText, percentText, usdText, usedPart } from '../format/money';

/** An amount in USD; what the API does not tell is a dash. */
export function Usd({ usd }: { usd: number | null | undefined }) {
  if (usd === null || usd === undefined) return <span class="muted">–</span>;
  return <span class={usd < 0 ? 'money below' : 'money'}>{usdText(usd)}</span>;
}

/** What a call named, in its own currency. */
export function Amount({ amount, currency }: { amount: number | null; currency: string | null }) {
  if (amount === null) return <span class="muted">–</span>;
  return <span class="money">{currency === null ? amount : minorText(amount, currency)}</span>;
}

/** How much of a cap is used: a bar, and the same in words. */
export function CapUse({
  spent,
  held,
  cap,
  name,
  isShadow,
}: {
  spent: number;
  held: number;
  cap: number;
  name: string;
  /** Of a budget that refuses nothing. */
  isShadow?: boolean;
}) {
  const part = usedPart(spent + held, cap);
  const spentPart = Math.min(1, usedPart(spent, cap));
  const level = isShadow === true ? 'plain' : part >= 1 ? 'bad' : part >= 0.8 ? 'warn' : 'good';
  return (
    <span class="cap-use">
      <svg
        class={`bar bar-${level}`}
        viewBox="0 0 100 6"
        preserveAspectRatio="none"
        role="img"
        aria-label={`${percentText(part)} of ${name} is used`}
      >
        <rect class="bar-ground" width="100" height="6" />
        <rect class="bar-held" width={100 * Math.min(1, part)} height="6" />
        <rect class="bar-spent" width={100 * spentPart} height="6" />
      </svg>
      <span class="cap-part" aria-hidden="true">
        {percentText(part)}
      </span>
    </span>
  );
}
