import { context, metrics, propagation, trace } from '@opentelemetry/api';
import type { Attributes } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { ReadableSpan, Sampler } from '@opentelemetry/sdk-trace-base';
import type { SecretWatch } from './secret-watch';

/** A span, as far as the suites look at it. */
export interface Seen {
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  attributes: Attributes;
  status: number;
  links: number;
}

/** A measurement: a number, or of a histogram how many values it has. */
export interface Measured {
  name: string;
  unit: string;
  attributes: Attributes;
  value: number;
}

class OwnReader extends MetricReader {
  protected override onForceFlush = (): Promise<void> => Promise.resolve();
  protected override onShutdown = (): Promise<void> => Promise.resolve();
}

/** An SDK of OpenTelemetry that keeps what it gets in memory, as an application registers its own. */
export class TelemetrySdk {
  readonly spans: Seen[] = [];
  readonly #ended: ReadableSpan[] = [];
  readonly #reader = new OwnReader();

  /** Registers it. To be ended before the next one. */
  static register({
    sampler,
    watch,
  }: { sampler?: Sampler; watch?: Pick<SecretWatch, 'show'> } = {}): TelemetrySdk {
    return new TelemetrySdk(sampler, watch);
  }

  private constructor(sampler: Sampler | undefined, watch: Pick<SecretWatch, 'show'> | undefined) {
    const exporter = {
      export: (spans: ReadableSpan[], done: (result: { code: number }) => void) => {
        this.#ended.push(...spans);
        this.spans.push(...spans.map(seen));
        for (const span of spans) watch?.show(textOf(span));
        done({ code: 0 });
      },
      shutdown: () => Promise.resolve(),
    };
    const tracers = new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(exporter)],
      ...(sampler === undefined ? {} : { sampler }),
    });
    trace.setGlobalTracerProvider(tracers);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(
      new CompositePropagator({
        propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
      }),
    );
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [this.#reader] }));
  }

  /** Everything that the meters say now. */
  async measure(): Promise<Measured[]> {
    const { resourceMetrics } = await this.#reader.collect();
    return resourceMetrics.scopeMetrics.flatMap(({ metrics: all }) =>
      all.flatMap(({ descriptor: { name, unit }, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => ({
          name,
          unit,
          attributes,
          value: typeof value === 'number' ? value : value.count,
        })),
      ),
    );
  }

  /** All that the spans would export. */
  get text(): string {
    return this.#ended.map(textOf).join('\n');
  }

  end(): void {
    trace.disable();
    context.disable();
    propagation.disable();
    metrics.disable();
  }
}

function seen(span: ReadableSpan): Seen {
  const { name, kind, parentSpanContext, attributes, status, links } = span;
  const { traceId, spanId } = span.spanContext();
  return {
    name,
    kind,
    traceId,
    spanId,
    parentSpanId: parentSpanContext?.spanId,
    attributes,
    status: status.code,
    links: links.length,
  };
}

function textOf({ name, attributes, events, status, links }: ReadableSpan): string {
  return JSON.stringify({ name, attributes, events, status, links });
}
