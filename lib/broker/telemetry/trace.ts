import { SCOPE, openTelemetry } from './open-telemetry';
import type {
  Attributes,
  OpenTelemetry,
  OtelContext,
  OtelSpan,
  OtelTracer,
  OtelTracerProvider,
} from './open-telemetry';

/** The numbers that `@opentelemetry/api` has for kinds of spans. */
const KINDS = { internal: 0, server: 1, client: 2 } as const;
const STATUS_ERROR = 2;
/** Under this name SDKs look for what they are to leave alone. */
const SUPPRESS = 'OpenTelemetry SDK Context Key SUPPRESS_TRACING';

/** How a {@link Trace} begins. */
export interface TraceOptions {
  /** `client` for a request to another process, `server` for one from there. */
  kind: keyof typeof KINDS;
  /** No token, no secret, no id of a user or of a vendor's object. */
  attributes: Attributes;
  /**
   * What it is a part of; `none` where it is a trace of its own.
   *
   * @default what the code that asks is a part of
   */
  parent?: Trace | 'none' | undefined;
  /** What it is a part of where the code that asks is a part of nothing. */
  around?: Trace | undefined;
  /** What it is about without being a part of it. */
  links?: readonly Trace[];
}

/**
 * One span: some work, how long it takes and what became of it, as a part of a trace. Where
 * no SDK of OpenTelemetry is registered there is no such object, and asking for one costs a look.
 */
export class Trace {
  readonly #api: OpenTelemetry;
  readonly #span: OtelSpan;
  readonly #context: OtelContext;

  private constructor(api: OpenTelemetry, span: OtelSpan, context: OtelContext) {
    this.#api = api;
    this.#span = span;
    this.#context = context;
  }

  /** @returns `undefined` where nothing is traced. */
  static begin(name: string, options: TraceOptions): Trace | undefined {
    const sdk = registered();
    if (sdk === undefined) return undefined;
    const { api, tracer } = sdk;
    const { kind, attributes, links = [] } = options;
    const parent = Trace.#parentOf(api, options);
    const span = tracer.startSpan(
      name,
      {
        kind: KINDS[kind],
        attributes,
        ...(links.length === 0
          ? {}
          : { links: links.map((link) => ({ context: link.#span.spanContext() })) }),
      },
      parent,
    );
    return new Trace(api, span, api.trace.setSpan(parent, span));
  }

  /** What the code that asks is a part of. */
  static current(): Trace | undefined {
    const api = registered()?.api;
    const active = api?.context.active();
    const span = active && api?.trace.getSpan(active);
    return api && active && span && new Trace(api, span, active);
  }

  /**
   * Begins the work on a request from another process: as a part of what its headers name. Where
   * something else traces requests already, that is what the work is a part of.
   *
   * @param headers Names in lower case.
   */
  static ofRequest(
    name: string,
    headers: object,
    attributes: Attributes,
  ): { trace: Trace; isOwn: boolean } | undefined {
    const sdk = registered();
    if (sdk === undefined) return undefined;
    const { api, tracer } = sdk;
    const active = api.context.active();
    const other = api.trace.getSpan(active);
    if (other !== undefined) return { trace: new Trace(api, other, active), isOwn: false };
    const parent = api.propagation.extract(active, headers);
    const span = tracer.startSpan(name, { kind: KINDS.server, attributes }, parent);
    return { trace: new Trace(api, span, api.trace.setSpan(parent, span)), isOwn: true };
  }

  /** What tells another process which trace its work is a part of: headers, as the SDK writes them. */
  headers(): Record<string, string> {
    const headers: Record<string, string> = {};
    this.#api.propagation.inject(this.#context, headers);
    return headers;
  }

  /** Runs work as a part of it. */
  within<T>(work: () => T): T {
    return this.#api.context.with(this.#context, work);
  }

  name(name: string): void {
    this.#span.updateName(name);
  }

  /** What is `undefined` is left out. */
  set(attributes: Attributes): void {
    if (this.#span.isRecording()) this.#span.setAttributes(attributes);
  }

  /** @param type A code or the name of a class: no message, which may quote anything. */
  failed(type: string): void {
    if (!this.#span.isRecording()) return;
    this.#span.setAttributes({ 'error.type': type });
    this.#span.setStatus({ code: STATUS_ERROR });
  }

  end(): void {
    this.#span.end();
  }

  static #parentOf(api: OpenTelemetry, { parent, around }: TraceOptions): OtelContext {
    if (parent === 'none') return api.ROOT_CONTEXT;
    if (parent !== undefined) return parent.#context;
    const active = api.context.active();
    const isPart = around === undefined || api.trace.getSpan(active) !== undefined;
    return isPart ? active : around.#context;
  }
}

/** Whether an SDK of OpenTelemetry takes spans. */
export function isTracing(): boolean {
  return registered() !== undefined;
}

/**
 * Runs work that no other instrumentation is to add to: a request that has its own span, or one to a
 * vendor, who is told of no trace.
 */
export function untraced<T>(work: () => T): T {
  const api = registered()?.api;
  if (api === undefined) return work();
  const { context } = api;
  return context.with(context.active().setValue(api.createContextKey(SUPPRESS), true), work);
}

/** The SDK that is registered, as it was last found. */
let known: { api: OpenTelemetry; provider: OtelTracerProvider; tracer: OtelTracer } | undefined;

function registered(): { api: OpenTelemetry; tracer: OtelTracer } | undefined {
  const api = openTelemetry();
  if (api === undefined) return undefined;
  const provider = api.trace.getTracerProvider();
  if (known?.provider === provider) return known;
  const tracer =
    provider.getDelegateTracer === undefined
      ? provider.getTracer(SCOPE)
      : provider.getDelegateTracer(SCOPE);
  if (tracer === undefined) return undefined;
  known = { api, provider, tracer };
  return known;
}
