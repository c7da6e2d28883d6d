// A server that responds at once. `/stats` returns the statistics of the tracer and the memory in use.
import { createServer } from 'node:http';
import { init } from '@clew/node';

const server = createServer((request, response) => {
  if (request.url !== '/stats') {
    response.end('ok');
    return;
  }
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  response.end(JSON.stringify({ ...init().stats(), bytesHeld: heapUsed + external }));
});
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
