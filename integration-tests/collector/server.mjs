// A server that responds at once. `/stats` returns the statistics of the tracer and the memory in use.
import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { init } from '@clew/node';

const server = createServer(async (request, response) => {
  if (request.url !== '/stats') {
    response.end('ok');
    return;
  }
  const stats = init().stats();
  response.end(JSON.stringify({ ...stats, bytesHeld: await bytesHeld() }));
});
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));

/** The least of several readings: buffers are freed in another thread, some time after the collection. */
async function bytesHeld() {
  let least = Number.POSITIVE_INFINITY;
  for (let reading = 0; reading < 10; reading++) {
    globalThis.gc();
    await setTimeout(30);
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, heapUsed + external);
  }
  return least;
}
