const { trace } = require('@opentelemetry/api');

const step = (name) => trace.getTracer('application').startSpan(name);

exports.createHandlers = () => {
  let invocations = 0;
  return {
    respond: async (event) => {
      step('step').end();
      return { statusCode: 200, body: `${event.greeting ?? ''} ${++invocations}` };
    },
    fail: async () => {
      throw new RangeError('too far');
    },
    failAtOnce: () => {
      throw new RangeError('at once');
    },
    hang: () => {
      step('endless step');
      console.log('hanging');
      setInterval(() => {}, 1000);
      return new Promise(() => {});
    },
    wait: () => new Promise(() => {}),
    // Later than half of the time limit, but before the limit.
    respondLate: async (_event, context) => {
      const waitMs = context.getRemainingTimeInMillis() - 3000;
      if (++invocations === 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
    },
    callback: (_event, _context, callback) => {
      setImmediate(() => callback(null, 'called back'));
    },
    contextSucceed: (_event, context) => {
      setImmediate(() => context.succeed('succeeded'));
    },
    crash: () => {
      setImmediate(() => {
        throw new Error('uncaught');
      });
      return new Promise(() => {});
    },
  };
};
