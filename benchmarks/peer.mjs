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

serveCalls({ start: () => listen(respond) });
