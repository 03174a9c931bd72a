import { BrokerRefusal } from '../refusal';
import type { BrokerMetrics } from './broker-metrics';
import { ADDED_LATENCY, MEASURES } from './measures';
import type { Measure } from './measures';

/** Where the metrics of a process are kept: a `Registry` of the package `prom-client`. */
export interface MetricsRegistry {
  /** The type of the text that `metrics()` gives. */
  readonly contentType: string;
  /** All of its metrics, as Prometheus reads them. */
  metrics(): Promise<string>;
  /** Adds a metric. */
  registerMetric(metric: never): void;
  /** Removes the metric of a name, where there is one. */
  removeSingleMetric(name: string): void;
}

interface Settings {
  name: string;
  help: string;
  labelNames: readonly string[];
  registers: readonly MetricsRegistry[];
}

/** A counter or a gauge. */
interface Metric {
  inc(labels: Readonly<Record<string, string>>, value: number): void;
  reset(): void;
}

/** What is used of the package `prom-client`. */
interface PromClient {
  Registry: new () => MetricsRegistry;
  Counter: new (settings: Settings & { collect(this: Metric): Promise<void> }) => Metric;
  Gauge: new (settings: Settings & { collect(this: Metric): Promise<void> | void }) => Metric;
  Histogram: new (settings: Settings & { buckets: readonly number[] }) => {
    observe(labels: Readonly<Record<string, string>>, value: number): void;
  };
}

/** A value of the application's own, asked for each time the metrics are read. */
export interface OwnGauge {
  name: string;
  help: string;
  value(): number;
}

const MISSING =
  'Metrics need the package prom-client, which is not installed where this broker runs. Run npm install prom-client, and start it again.';

/** A registry with what a broker measures from now on; `undefined` where `prom-client` is not installed. */
export function newRegistry(metrics: BrokerMetrics): MetricsRegistry | undefined {
  const client = load();
  if (client === undefined) return undefined;
  const registry = new client.Registry();
  registerBroker(metrics, registry);
  return registry;
}

/** @throws BrokerRefusal 501 where there is no registry. */
export function orNotInstalled(registry: MetricsRegistry | undefined): MetricsRegistry {
  if (registry === undefined) throw new BrokerRefusal('metrics_not_installed', MISSING);
  return registry;
}

/** Whether `prom-client` is installed. */
export function hasPromClient(): boolean {
  return load() !== undefined;
}

/**
 * Adds what a broker measures to a registry, in place of an earlier broker's.
 *
 * @returns What ends the measuring of times.
 */
export function registerBroker(metrics: BrokerMetrics, registry: MetricsRegistry): () => void {
  const client = load();
  if (client === undefined) throw new Error(MISSING);
  const registers = [registry];
  for (const { name } of [...MEASURES, ADDED_LATENCY]) registry.removeSingleMetric(name);
  for (const measure of MEASURES) {
    const settings = { ...named(measure), registers, collect: collecting(metrics, measure) };
    void (measure.kind === 'counter' ? new client.Counter(settings) : new client.Gauge(settings));
  }
  const { buckets } = ADDED_LATENCY;
  const histogram = new client.Histogram({ ...named(ADDED_LATENCY), buckets, registers });
  return metrics.calls.onAnswered((vendor, seconds) => histogram.observe({ vendor }, seconds));
}

/** Adds values of the application's own to a registry. */
export function registerGauges(gauges: readonly OwnGauge[], registry: MetricsRegistry): void {
  const client = load();
  if (client === undefined) throw new Error(MISSING);
  for (const { name, help, value } of gauges) {
    registry.removeSingleMetric(name);
    void new client.Gauge({
      name,
      help,
      labelNames: [],
      registers: [registry],
      collect() {
        this.reset();
        this.inc({}, value());
      },
    });
  }
}

function named({ name, help, labels }: Pick<Measure, 'name' | 'help' | 'labels'>) {
  return { name, help, labelNames: [...labels] };
}

function collecting(metrics: BrokerMetrics, measure: Measure) {
  return async function (this: Metric): Promise<void> {
    const samples = measure.samples(await metrics.read());
    this.reset();
    for (const { labels = {}, value } of samples) this.inc(labels, value);
  };
}

let loaded: { client: PromClient | undefined } | undefined;

function load(): PromClient | undefined {
  loaded ??= { client: required() };
  return loaded.client;
}

function required(): PromClient | undefined {
  try {
    // A plain require of a plain name: bundlers see it.
    return require('prom-client') as PromClient;
  } catch {
    return undefined;
  }
}
