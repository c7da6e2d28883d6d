// Logs outside of a span and in spans, also after `await`. `expected` are the ids that a record must have.
const { trace } = require('@opentelemetry/api');

module.exports = async function work(log) {
  log('open', {});
  const request = (order) =>
    trace.getTracer('shop').startActiveSpan('checkout', async (span) => {
      const { traceId, spanId } = span.spanContext();
      const expected = `${traceId} ${spanId}`;
      log('sold', { order, expected });
      await new Promise((resolve) => setImmediate(resolve));
      log('sent', { order, expected });
      span.end();
    });
  await Promise.all([1, 2, 3].map(request));
  log('closed', {});
};
