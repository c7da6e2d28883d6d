// Sends itself a request, and ends with the given exit status.
import { createServer } from 'node:http';

const server = createServer((request, response) =>
  response.writeHead(request.url === '/fail' ? 500 : 200).end(),
);
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
for (const path of ['/', '/fail'])
  await (await fetch(`http://127.0.0.1:${server.address().port}${path}`)).text();
server.close();
console.log('done');
process.exitCode = Number(process.argv[2] ?? 0);
