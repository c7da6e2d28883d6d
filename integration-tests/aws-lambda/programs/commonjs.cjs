const { createHandlers } = require('./handlers.cjs');

Object.assign(exports, createHandlers());
exports.nested = { respond: exports.respond };
exports.stream = globalThis.awslambda?.streamifyResponse(async (_event, response) => {
  const body = awslambda.HttpResponseStream.from(response, { statusCode: 418 });
  body.write('streamed');
  body.end();
});
