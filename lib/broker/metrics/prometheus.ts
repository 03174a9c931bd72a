import type { LedgerFigures } from '../ledger/records';
import type { CallCounts } from './call-counts';

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

interface Sample {
  labels?: Readonly<Record<string, string>>;
  value: number;
}

/** All figures in Prometheus' text format. */
export function metricsText(counts: CallCounts, figures: LedgerFigures): string {
  const { held, unknown } = figures.openHolds;
  return [
    family(
      'vault_key_calls_total',
      'counter',
      'Proxied calls of known keys, by what became of them.',
      counts.calls.map(({ count, ...labels }) => ({ labels, value: count })),
    ),
    family(
      'vault_key_unknown_caller_refusals_total',
      'counter',
      'Requests refused before a key or the management token was known.',
      counts.unknownCallers.map(({ count, ...labels }) => ({ labels, value: count })),
    ),
    family('vault_key_live_keys', 'gauge', 'Keys neither expired nor revoked.', [
      { value: figures.liveKeys },
    ]),
    family('vault_key_open_holds', 'gauge', 'Holds without an end, by state.', [
      { labels: { state: 'held' }, value: held },
      { labels: { state: 'unknown' }, value: unknown },
    ]),
    family(
      'vault_key_kept_settlements',
      'gauge',
      'Settlements that the store could not take yet: written with the next transaction that passes.',
      [{ value: figures.keptSettlements }],
    ),
    family('vault_key_commits_total', 'counter', 'Commits of the store.', [
      { value: figures.commits },
    ]),
    family(
      'vault_key_committed_decisions_total',
      'counter',
      'Decisions in those commits: divided by them, how many share one.',
      [{ value: figures.decisions }],
    ),
  ].join('');
}

function family(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  samples: readonly Sample[],
): string {
  const lines = samples.map(({ labels = {}, value }) => {
    const list = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
    return `${name}${list.length === 0 ? '' : `{${list.join(',')}}`} ${value}`;
  });
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n');
}
