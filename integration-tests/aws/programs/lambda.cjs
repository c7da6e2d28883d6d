// A runtime of Lambda: it stops the process as soon as it has the response, as the platform does.
module.exports = function runtime(traceHandler) {
  const handlers = {
    promise: async () => 'done',
    callback: (_event, _context, respond) => setImmediate(respond, null, 'done'),
    throwing: () => {
      throw new Error('at once');
    },
  };
  const handler = traceHandler(handlers[process.env.HANDLER]);
  const context = {
    functionName: process.env.HANDLER,
    clientContext: JSON.parse(process.env.CLIENT_CONTEXT),
    getRemainingTimeInMillis: () => 30_000,
  };
  const respond = (error, result) => {
    process.stdout.write(error ? error.message : result, () => process.exit(0));
  };
  try {
    const returned = handler({}, context, respond);
    if (returned instanceof Promise) returned.then((result) => respond(null, result), respond);
  } catch (error) {
    respond(error);
  }
};
