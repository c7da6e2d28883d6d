const { trace } = require('@opentelemetry/api');

/** A tool: makes a span, and asks the client for a completion with `send`. */
exports.answer = async (send) => {
  trace.getTracer('weather').startSpan('look up').end();
  const message = { role: 'user', content: { type: 'text', text: 'how warm?' } };
  const { content } = await send({
    method: 'sampling/createMessage',
    params: { messages: [message], maxTokens: 10 },
  });
  return { content: [content] };
};
