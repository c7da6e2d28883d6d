// Handles 100 requests, and prints its counters and those of the example in docs/production.md.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { tracingMetrics } from './metrics.mjs';

const { init } = await import('@clew/node');
const server = createServer((_request, response) => response.end('{}')).listen(0);
await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}/orders`;
for (let request = 0; request < 100; request++) await (await fetch(url)).text();
server.close();
console.log(JSON.stringify({ stats: init().stats(), metrics: tracingMetrics() }));
process.exit();
