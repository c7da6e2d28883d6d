// Measures the propagators of one tracer in a separate process: node propagators.mjs clew | otel
import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api';
import serveCalls from './serve-calls.cjs';

const { propagator, root } = await subject(process.argv[2]);

const plain = { host: '127.0.0.1:8080', accept: '*/*', 'user-agent': 'clew-bench' };
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const parented = { ...plain, traceparent };
const traced = {
  ...parented,
  tracestate: 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
  baggage: 'tenant=blue,region=eu-west-1',
};
const parentedContext = extract(parented);
const tracedContext = extract(traced);

const operations = {
  'extract without headers': () => trace.getSpanContext(extract(plain)) === undefined,
  'extract traceparent': () => trace.getSpanContext(extract(parented))?.traceId.length === 32,
  'extract traceparent, tracestate, baggage': () => {
    const extracted = extract(traced);
    const baggage = propagation.getBaggage(extracted);
    return trace.getSpanContext(extracted)?.traceId.length === 32 && baggage !== undefined;
  },
  'the same, and read an entry of the baggage': () =>
    propagation.getBaggage(extract(traced))?.getEntry('tenant')?.value === 'blue',
  'inject traceparent': () => inject(parentedContext).traceparent === traceparent,
  'inject traceparent, tracestate, baggage': () => {
    const carrier = inject(tracedContext);
    return carrier.traceparent === traceparent && carrier.baggage !== undefined;
  },
};

serveCalls({
  operations: () => Object.keys(operations),

  /** Nanoseconds of one operation. @throws {Error} if its result is wrong */
  time(name, seconds) {
    const operation = operations[name];
    const begin = performance.now();
    const end = begin + seconds * 1000;
    let times = 0;
    do {
      for (let left = 1000; left > 0; left--) if (!operation()) throw new Error(`${name}: wrong result`);
      times += 1000;
    } while (performance.now() < end);
    return ((performance.now() - begin) * 1e6) / times;
  },
});

function extract(headers) {
  return propagator.extract(root, headers, defaultTextMapGetter);
}

function inject(context) {
  const carrier = {};
  propagator.inject(context, carrier, defaultTextMapSetter);
  return carrier;
}

async function subject(name) {
  if (name === 'clew') {
    const { createPropagator, rootContext, w3cBaggage, w3cTraceContext } = await import('@clew/core');
    const trace = [w3cTraceContext];
    const beside = [w3cBaggage];
    const formats = { extract: trace, inject: trace, extractBeside: beside, injectBeside: beside };
    return { propagator: createPropagator(formats), root: rootContext };
  }
  const core = await import('@opentelemetry/core');
  const propagators = [new core.W3CTraceContextPropagator(), new core.W3CBaggagePropagator()];
  return { propagator: new core.CompositePropagator({ propagators }), root: ROOT_CONTEXT };
}
