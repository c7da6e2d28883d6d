// The untraced server that the programs with a client call.
import answer from './answer.cjs';
import listen from './programs/listen.cjs';

const body = JSON.stringify({ id: '42', left: 7 });

answer({
  start: () =>
    listen((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
      response.end(body);
    }),
});
