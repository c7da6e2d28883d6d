// The untraced server that the programs with a client call.

import listen from './programs/listen.cjs';
import serveCalls from './serve-calls.cjs';

const stock = JSON.stringify({ id: '42', left: 7 });
const completion = JSON.stringify({
  id: 'chat-1',
  model: 'gpt-5',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Ariadne' } }],
  usage: { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30 },
});
const item = JSON.stringify({ Item: { id: { S: '42' }, title: { S: 'Ariadne' } } });

/** The body of a response to OpenAI's client, to DynamoDB's, or to any other. */
function bodyFor({ url, headers }) {
  if (url === '/v1/chat/completions') return completion;
  return headers['x-amz-target'] === undefined ? stock : item;
}

function respond(request, response) {
  const body = bodyFor(request);
  request.resume();
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}

// While the other variants run, connections are idle for longer than the default of 5 seconds. If the server closed them, a
// client could meet a closed connection and repeat a request, which would be one more span.
serveCalls({
  start: () => listen(respond, { keepAliveTimeout: 0 }),
});
