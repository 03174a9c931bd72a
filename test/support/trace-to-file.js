// node --require trace-to-file.js: an SDK as an operator brings it, which writes each span to a file.
const { appendFileSync } = require('node:fs');
const { context, propagation, trace } = require('@opentelemetry/api');
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
const { W3CTraceContextPropagator } = require('@opentelemetry/core');
const { BasicTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-base');

const file = process.env.SPANS_FILE;
const exporter = {
  export(spans, done) {
    for (const span of spans) {
      const { name, kind, parentSpanContext, attributes, status, links, events } = span;
      const { traceId, spanId } = span.spanContext();
      const line = { name, kind, traceId, spanId, parentSpanId: parentSpanContext?.spanId };
      const rest = { attributes, status: status.code, links: links.length, events };
      appendFileSync(file, `${JSON.stringify({ ...line, ...rest })}\n`);
    }
    done({ code: 0 });
  },
  shutdown: () => Promise.resolve(),
};
trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
