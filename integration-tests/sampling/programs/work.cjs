// What the services of this folder do, whatever their framework: /orders/:id, /items/:id, and requests that fail below
// /fails. Responses have the number of the request, in the order of their starts, and the trace in the context.
const { setTimeout: delay } = require('node:timers/promises');
const { init } = require('@clew/node');
const { TraceFlags, trace } = require('@opentelemetry/api');

const tracer = trace.getTracer('application');
let requests = 0;

const step = (name) => tracer.startActiveSpan(name, (span) => span.end());
const flag = () => (trace.getActiveSpan().spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;

/** Called in the first middleware. */
exports.begin = () => {
  step('session');
  return { number: requests++, traceId: trace.getActiveSpan().spanContext().traceId, early: flag() };
};

/** Called in the handler; returns the response. */
exports.respond = (begun) => {
  step('query');
  return { ...begun, sampled: flag(), at: Date.now() };
};

let waiting = [];

/** As `respond` with so many child spans, when `release` is called. */
exports.held = (begun, spans) => {
  for (let count = 0; count < spans; count++) step('query');
  return new Promise((resolve) => waiting.push(() => resolve({ ...begun, sampled: flag(), at: Date.now() })));
};

/** Lets all held requests continue; returns their number. */
exports.release = () => {
  const released = waiting;
  waiting = [];
  for (const resolve of released) resolve();
  return released.length;
};

/** The application's own log, as docs/sampling.md writes it. */
exports.logLine = (message) => {
  const { traceId, traceFlags } = trace.getActiveSpan()?.spanContext() ?? {};
  return JSON.stringify({ message, trace_id: traceId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 });
};

/** The least of several readings: buffers are freed in another thread, some time after a collection. */
async function bytesInBuffers() {
  let least = Number.POSITIVE_INFINITY;
  // Only tests that pass `--expose-gc` read it.
  for (let reading = 0; reading < 10 && globalThis.gc; reading++) {
    globalThis.gc();
    await delay(30);
    least = Math.min(least, process.memoryUsage().arrayBuffers);
  }
  return least;
}

/** Tells the parent the port, and responds to its questions until it disconnects. */
exports.serve = (server) => {
  process.send({ port: server.address().port });
  process.on('message', async (question) => {
    if (question === 'flush') await init().flush();
    if (typeof question === 'number') globalThis.jumpClock(question);
    const stats = init().stats();
    process.send({ stats, bytesInBuffers: await bytesInBuffers() });
  });
  process.on('disconnect', () => {
    server.close();
    server.closeAllConnections();
  });
};
