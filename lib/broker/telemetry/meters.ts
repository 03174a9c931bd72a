import type { BrokerMetrics } from '../metrics/broker-metrics';
import { ADDED_LATENCY, MEASURES } from '../metrics/measures';
import { SCOPE, openTelemetry } from './open-telemetry';
import type { OtelResult } from './open-telemetry';

/**
 * Gives what a broker measures to the meters of OpenTelemetry. Where no SDK is registered by then, nobody
 * asks for it.
 *
 * @returns What ends it.
 */
export function meterBroker(metrics: BrokerMetrics): () => void {
  const api = openTelemetry();
  if (api === undefined) return () => {};
  const meter = api.metrics.getMeter(SCOPE);
  const ends = MEASURES.map(({ otel, kind, unit, help: description, samples }) => {
    const options = { description, ...(unit === undefined ? {} : { unit }) };
    const instrument =
      kind === 'counter'
        ? meter.createObservableCounter(otel, options)
        : meter.createObservableGauge(otel, options);
    const read = async (result: OtelResult): Promise<void> => {
      for (const { value, labels } of samples(await metrics.read())) result.observe(value, labels);
    };
    instrument.addCallback(read);
    return () => instrument.removeCallback(read);
  });
  const { otel, unit, help: description, buckets } = ADDED_LATENCY;
  const advice = { explicitBucketBoundaries: [...buckets] };
  const histogram = meter.createHistogram(otel, { description, unit, advice });
  ends.push(metrics.calls.onAnswered((vendor, seconds) => histogram.record(seconds, { vendor })));
  return () => ends.forEach((end) => end());
}
