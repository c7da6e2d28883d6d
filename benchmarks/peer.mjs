// The untraced server that the programs with a client call.

import listen from './programs/listen.cjs';
import serveCalls from './serve-calls.cjs';

const body = JSON.stringify({ id: '42', left: 7 });

serveCalls({
  start: () =>
    listen((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
      response.end(body);
    }),
});
