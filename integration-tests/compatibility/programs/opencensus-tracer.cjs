// OpenCensus' tracer, whose spans are sent to Zipkin. With Clew in the same process, these requests are not traced.
const { suppressTracing } = require('@clew/core');
const { CoreTracer } = require('@opencensus/core');
const { ZipkinTraceExporter } = require('@opencensus/exporter-zipkin');
const { TraceContextFormat } = require('@opencensus/propagation-tracecontext');
const { context } = require('@opentelemetry/api');

class UntracedExporter extends ZipkinTraceExporter {
  publish(spans) {
    return context.with(suppressTracing(context.active()), () => super.publish(spans));
  }
}

const { ZIPKIN: url } = process.env;
exports.tracer = new CoreTracer().start({ samplingRate: 1, propagation: new TraceContextFormat() });
exports.tracer.registerSpanEventListener(
  new UntracedExporter({ url, serviceName: 'opencensus', bufferSize: 0 }),
);
