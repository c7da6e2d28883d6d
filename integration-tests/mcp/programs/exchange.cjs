const { trace } = require('@opentelemetry/api');

/** Calls the tool of a server over stdio; `SERVER` is its file. Prints the result. */
exports.exchange = async (client, StdioClientTransport) => {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const args = [...process.execArgv, process.env.SERVER];
  await client.connect(new StdioClientTransport({ command: process.execPath, args, env }));
  await trace.getTracer('assistant').startActiveSpan('answer', async (span) => {
    const { content } = await client.callTool({ name: 'forecast', arguments: { city: 'Bern' } });
    console.log(content[0].text);
    span.end();
  });
  await client.close();
};

/** The answer of the client's model. */
exports.complete = async () => {
  trace.getTracer('assistant').startSpan('model').end();
  return { model: 'test', role: 'assistant', content: { type: 'text', text: '21 degrees' } };
};
