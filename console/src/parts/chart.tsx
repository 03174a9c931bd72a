import { useEffect, useRef, useState } from 'preact/hooks';
import { shortUsd, usdText } from '../format/money';

export interface Bar {
  key: string;
  /** Below the bar, where there is room. */
  label: string;
  /** Of the whole bar, for who points at it and for who cannot see it. */
  title: string;
  usd: number;
  /** Counts, and is not spent yet. */
  openUsd?: number;
  /** What it is compared with. */
  beforeUsd?: number;
}

const HEIGHT = 220;
const FIRST_WIDTH = 640;
const LABEL_WIDTH = 58;
const LEFT = 52;
const RIGHT = 8;
const TOP = 14;
const BOTTOM = 24;

/**
 * Amounts side by side, and a cap as a line across. The same numbers stand in a table on the page, so to a screen
 * reader it is one picture with one sentence.
 */
export function BarChart({
  bars,
  summary,
  line,
  running,
}: {
  bars: readonly Bar[];
  summary: string;
  /** A cap. */
  line?: { usd: number; label: string } | undefined;
  /** What the bars add up to, one after the other. */
  running?: readonly (number | undefined)[];
}) {
  const [figure, size] = useWidth();
  const labelEvery = Math.max(1, Math.ceil((LABEL_WIDTH * bars.length) / (size - LEFT - RIGHT)));
  const highest = Math.max(
    0,
    ...bars.map(({ usd, openUsd = 0, beforeUsd = 0 }) => Math.max(usd + openUsd, beforeUsd)),
    ...(running ?? []).map((usd) => usd ?? 0),
  );
  // A cap far above all that is spent would press the bars flat.
  const isLineShown = line !== undefined && line.usd <= 3 * highest;
  const top = niceTop((isLineShown ? Math.max(highest, line.usd) : highest) || 1);
  const x = (i: number): number => LEFT + ((size - LEFT - RIGHT) * i) / Math.max(1, bars.length);
  const y = (usd: number): number =>
    HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * Math.max(0, usd)) / top;
  const step = x(1) - x(0);
  const hasBefore = bars.some(({ beforeUsd }) => beforeUsd !== undefined);
  const width = Math.max(1, Math.min(28, step * (hasBefore ? 0.36 : 0.64)));
  const points = (running ?? [])
    .map((usd, i) => (usd === undefined ? undefined : `${x(i) + step / 2},${y(usd)}`))
    .filter((point) => point !== undefined)
    .join(' ');
  return (
    <figure class="chart" ref={figure}>
      <svg viewBox={`0 0 ${size} ${HEIGHT}`} role="img" aria-label={summary}>
        {[0, 0.5, 1].map((part) => (
          <g key={part}>
            <line class="grid" x1={LEFT} x2={size - RIGHT} y1={y(part * top)} y2={y(part * top)} />
            <text class="axis" x={LEFT - 8} y={y(part * top) + 4} text-anchor="end">
              {shortUsd(part * top)}
            </text>
          </g>
        ))}
        {bars.map(({ key, label, title, usd, openUsd = 0, beforeUsd }, i) => {
          const middle = x(i) + step / 2;
          const left = hasBefore ? middle + 1 : middle - width / 2;
          return (
            <g key={key}>
              <title>{title}</title>
              <rect class="reach" x={x(i)} y={TOP} width={step} height={HEIGHT - TOP - BOTTOM} />
              {beforeUsd !== undefined && (
                <rect
                  class="before"
                  x={middle - width - 1}
                  y={y(beforeUsd)}
                  width={width}
                  height={y(0) - y(beforeUsd)}
                />
              )}
              <rect class="spent" x={left} y={y(usd)} width={width} height={y(0) - y(usd)} />
              {openUsd > 0 && (
                <rect
                  class="open"
                  x={left}
                  y={y(usd + openUsd)}
                  width={width}
                  height={y(usd) - y(usd + openUsd)}
                />
              )}
              {i % labelEvery === 0 && (
                <text class="axis" x={middle} y={HEIGHT - 6} text-anchor="middle">
                  {label}
                </text>
              )}
            </g>
          );
        })}
        {points !== '' && <polyline class="running" points={points} />}
        {isLineShown && (
          <g>
            <line class="cap" x1={LEFT} x2={size - RIGHT} y1={y(line.usd)} y2={y(line.usd)} />
            <text class="cap-label" x={size - RIGHT} y={y(line.usd) - 5} text-anchor="end">
              {line.label}
            </text>
          </g>
        )}
      </svg>
      <figcaption class="legend">
        <span class="key key-spent">Spent</span>
        {bars.some(({ openUsd = 0 }) => openUsd > 0) && (
          <span class="key key-open">Held or unknown</span>
        )}
        {hasBefore && <span class="key key-before">Before</span>}
        {points !== '' && <span class="key key-running">Spent so far</span>}
        {line !== undefined &&
          (isLineShown ? (
            <span class="key key-cap">{line.label}</span>
          ) : (
            <span class="muted">
              {line.label}: {usdText(line.usd)}, far above what is spent
            </span>
          ))}
      </figcaption>
    </figure>
  );
}

/** How wide the picture is, in pixels, so that its letters are as large as those around it. */
function useWidth(): [figure: { current: HTMLElement | null }, width: number] {
  const figure = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(FIRST_WIDTH);
  useEffect(() => {
    const element = figure.current;
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => {
      const now = Math.round(entry?.contentRect.width ?? 0);
      if (now > 0) setWidth(now);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [figure, width];
}

/** The next amount that is easy to halve. */
function niceTop(usd: number): number {
  const size = 10 ** Math.floor(Math.log10(usd));
  return ([1, 2, 4, 5, 10].find((step) => step * size >= usd) ?? 10) * size;
}
