/** What a span or a measurement says of itself. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** What is used of a context of `@opentelemetry/api`. */
export interface OtelContext {
  setValue(key: symbol, value: unknown): OtelContext;
}

/** What is used of a span. */
export interface OtelSpan {
  spanContext(): object;
  isRecording(): boolean;
  updateName(name: string): unknown;
  setAttributes(attributes: Attributes): unknown;
  setStatus(status: { code: number }): unknown;
  end(): void;
}

/** How a span begins. */
export interface OtelSpanOptions {
  kind: number;
  attributes: Attributes;
  links?: { context: object }[];
}

/** What is used of a tracer. */
export interface OtelTracer {
  startSpan(name: string, options: OtelSpanOptions, parent: OtelContext): OtelSpan;
}

/** What is used of a provider of tracers. That of the API itself has no tracer until an SDK is registered. */
export interface OtelTracerProvider {
  getTracer(name: string): OtelTracer;
  getDelegateTracer?(name: string): OtelTracer | undefined;
}

/** What takes measurements as they are read. */
export interface OtelResult {
  observe(value: number, attributes?: Attributes): void;
}

/** A meter whose values are asked for. */
export interface OtelObservable {
  addCallback(read: (result: OtelResult) => void | Promise<void>): void;
  removeCallback(read: (result: OtelResult) => void | Promise<void>): void;
}

/** How a meter is described. */
export interface OtelMetricOptions {
  description: string;
  unit?: string;
  advice?: { explicitBucketBoundaries: number[] };
}

/** What is used of a provider's meters. */
export interface OtelMeter {
  createObservableCounter(name: string, options: OtelMetricOptions): OtelObservable;
  createObservableGauge(name: string, options: OtelMetricOptions): OtelObservable;
  createHistogram(
    name: string,
    options: OtelMetricOptions,
  ): { record(value: number, attributes: Attributes): void };
}

/** What is used of the package `@opentelemetry/api`. */
export interface OpenTelemetry {
  createContextKey(description: string): symbol;
  context: {
    active(): OtelContext;
    with<T>(context: OtelContext, work: () => T): T;
  };
  trace: {
    getTracerProvider(): OtelTracerProvider;
    getSpan(context: OtelContext): OtelSpan | undefined;
    setSpan(context: OtelContext, span: OtelSpan): OtelContext;
  };
  propagation: {
    inject(context: OtelContext, carrier: Record<string, string>): void;
    extract(context: OtelContext, carrier: object): OtelContext;
  };
  metrics: { getMeter(name: string): OtelMeter };
  /** The empty context. */
  ROOT_CONTEXT: OtelContext;
}

/** The name of what this package measures. */
export const SCOPE = 'nestjs-vault-key';

let loaded: { api: OpenTelemetry | undefined } | undefined;

/** The package `@opentelemetry/api`; `undefined` where it is not installed. Looked for once. */
export function openTelemetry(): OpenTelemetry | undefined {
  loaded ??= { api: load() };
  return loaded.api;
}

function load(): OpenTelemetry | undefined {
  try {
    // A plain require of a plain name: bundlers see it.
    return require('@opentelemetry/api') as OpenTelemetry;
  } catch {
    return undefined;
  }
}
