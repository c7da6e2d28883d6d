// Lists containers of Swift for its users, all with one token of Keystone. It contains no tracing code.
import { createServer } from 'node:http';
import SwiftClient from 'openstack-swift-client';
import { SharedToken } from './shared-token.mjs';

const tokens = new SharedToken(JSON.parse(process.env.OPENSTACK_CREDENTIALS));
const swift = new SwiftClient(tokens);

async function list(container) {
  try {
    return await swift.container(container).list();
  } catch (error) {
    if (error.statusCode !== 401) throw error;
    tokens.forget(error.options.headers['x-auth-token']);
    return swift.container(container).list();
  }
}

const server = createServer(async (request, response) => {
  try {
    response.end(JSON.stringify(await list(request.url.slice(1))));
  } catch (error) {
    response.writeHead(502).end(error.message);
  }
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.on('end', () => process.exit()).resume();
