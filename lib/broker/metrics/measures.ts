import type { Reading } from './broker-metrics';

/** One value of a measure. */
export interface Sample {
  labels?: Readonly<Record<string, string>>;
  value: number;
}

/** One thing that is measured, for Prometheus and for OpenTelemetry. */
export interface Measure {
  /** In Prometheus. */
  name: string;
  /** In OpenTelemetry. */
  otel: string;
  kind: 'counter' | 'gauge';
  unit?: string;
  help: string;
  labels: readonly string[];
  /** Nothing where it is not known. */
  samples(reading: Reading): readonly Sample[];
}

const USD = '{USD}';

/** Everything that a broker measures but the time that it adds. */
export const MEASURES: readonly Measure[] = [
  {
    name: 'vault_key_calls_total',
    otel: 'vault_key.calls',
    kind: 'counter',
    help: 'Proxied calls of known keys, by what became of them.',
    labels: ['vendor', 'verdict'],
    samples: ({ calls }) => calls.map(({ count, ...labels }) => ({ labels, value: count })),
  },
  {
    name: 'vault_key_unknown_caller_refusals_total',
    otel: 'vault_key.unknown_caller_refusals',
    kind: 'counter',
    help: 'Requests refused before a key or the management token was known.',
    labels: ['code'],
    samples: ({ unknownCallers }) =>
      unknownCallers.map(({ count, ...labels }) => ({ labels, value: count })),
  },
  {
    name: 'vault_key_spent_usd_total',
    otel: 'vault_key.spent',
    kind: 'counter',
    unit: USD,
    help: 'US dollars that calls have spent, before what was given back.',
    labels: ['vendor'],
    samples: ({ money }) =>
      money.map(({ vendor, spent }) => ({ labels: { vendor }, value: spent })),
  },
  {
    name: 'vault_key_given_back_usd_total',
    otel: 'vault_key.given_back',
    kind: 'counter',
    unit: USD,
    help: 'US dollars of those that a later answer gave back.',
    labels: ['vendor'],
    samples: ({ money }) =>
      money.map(({ vendor, givenBack }) => ({ labels: { vendor }, value: givenBack })),
  },
  {
    name: 'vault_key_undone_usd_total',
    otel: 'vault_key.undone',
    kind: 'counter',
    unit: USD,
    help: 'US dollars that refunds took back of the spend of their own subject.',
    labels: ['vendor'],
    samples: ({ money }) =>
      money.map(({ vendor, undone }) => ({ labels: { vendor }, value: undone })),
  },
  {
    name: 'vault_key_refused_usd_total',
    otel: 'vault_key.refused',
    kind: 'counter',
    unit: USD,
    help: 'US dollars that refused calls asked for, where their price was known.',
    labels: ['vendor', 'verdict'],
    samples: ({ refused }) => refused.map(({ usd, ...labels }) => ({ labels, value: usd })),
  },
  {
    name: 'vault_key_live_keys',
    otel: 'vault_key.live_keys',
    kind: 'gauge',
    help: 'Keys neither expired nor revoked.',
    labels: [],
    samples: ({ figures }) => (figures === undefined ? [] : [{ value: figures.liveKeys }]),
  },
  {
    name: 'vault_key_open_holds',
    otel: 'vault_key.open_holds',
    kind: 'gauge',
    help: 'Holds without an end, by state.',
    labels: ['state'],
    samples: ({ figures }) => byState(figures?.openHolds),
  },
  {
    name: 'vault_key_open_holds_usd',
    otel: 'vault_key.open_holds.amount',
    kind: 'gauge',
    unit: USD,
    help: 'US dollars in holds without an end, by state.',
    labels: ['state'],
    samples: ({ figures }) => byState(figures?.openUsd),
  },
  {
    name: 'vault_key_budget_remaining_usd',
    otel: 'vault_key.budget.remaining',
    kind: 'gauge',
    unit: USD,
    help: 'US dollars left of the budgets that operators have set over one subject.',
    labels: ['scope', 'id', 'tenant', 'user', 'period', 'mode'],
    samples: ({ budgets }) =>
      budgets.map(({ remainingUsd, ...labels }) => ({ labels, value: remainingUsd })),
  },
  {
    name: 'vault_key_kept_settlements',
    otel: 'vault_key.kept_settlements',
    kind: 'gauge',
    help: 'Settlements that the store could not take yet: written with the next transaction that passes.',
    labels: [],
    samples: ({ figures }) => (figures === undefined ? [] : [{ value: figures.keptSettlements }]),
  },
  {
    name: 'vault_key_commits_total',
    otel: 'vault_key.commits',
    kind: 'counter',
    help: 'Commits of the store.',
    labels: [],
    samples: ({ figures }) => (figures === undefined ? [] : [{ value: figures.commits }]),
  },
  {
    name: 'vault_key_committed_decisions_total',
    otel: 'vault_key.committed_decisions',
    kind: 'counter',
    help: 'Decisions in those commits: divided by them, how many share one.',
    labels: [],
    samples: ({ figures }) => (figures === undefined ? [] : [{ value: figures.decisions }]),
  },
];

/** The time that a broker adds to the calls that their vendor has answered. */
export const ADDED_LATENCY = {
  name: 'vault_key_added_latency_seconds',
  otel: 'vault_key.added_latency',
  unit: 's',
  help: 'How long answered calls took beyond the time that their vendor took.',
  labels: ['vendor'],
  buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
} as const;

function byState(values: { held: number; unknown: number } | undefined): Sample[] {
  return Object.entries(values ?? {}).map(([state, value]) => ({ labels: { state }, value }));
}
