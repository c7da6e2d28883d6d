// Sends itself one request, without any code of Clew.
import { once } from 'node:events';
import { createServer, get } from 'node:http';

const server = createServer((_request, response) => response.end('hello'));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const [response] = await once(
  get({ host: '127.0.0.1', port: server.address().port, agent: false }),
  'response',
);
for await (const chunk of response) process.stdout.write(chunk);
server.close();
