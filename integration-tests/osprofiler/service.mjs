// A service without tracing code: it queries its database, calls another service with UPSTREAM, a request as JSON, and
// fails at /fail. It prints its URL, and ends with its standard input.
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';

const { UPSTREAM } = process.env;
const database = new DatabaseSync(':memory:');

const server = createServer(async (request, response) => {
  if (request.url.startsWith('/fail')) {
    response.writeHead(503).end();
    return;
  }
  const row = database.prepare('SELECT 1 AS one').get();
  if (UPSTREAM !== undefined) {
    const { url, ...init } = JSON.parse(UPSTREAM);
    const reply = await fetch(url, init);
    await reply.text();
    row.status = reply.status;
  }
  response.end(JSON.stringify(row));
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin
  .on('end', () => {
    server.close();
    server.closeAllConnections();
  })
  .resume();
