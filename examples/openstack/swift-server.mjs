// A small server with the part of Swift's API that lists a container. It lets Keystone check each token.
// Source: https://docs.openstack.org/api-ref/object-store/
import { createServer } from 'node:http';

const { KEYSTONE_URL } = process.env;

const server = createServer(async (request, response) => {
  const token = String(request.headers['x-auth-token']);
  try {
    const headers = { 'x-auth-token': token, 'x-subject-token': token };
    const check = await fetch(`${KEYSTONE_URL}/auth/tokens`, { headers });
    await check.text();
    if (!check.ok) return response.writeHead(401).end();
    const container = request.url.split('/').at(-1);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify([{ name: `${container}.txt`, bytes: 7 }]));
  } catch (error) {
    response.writeHead(500).end(error.message);
  }
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.on('end', () => process.exit()).resume();
