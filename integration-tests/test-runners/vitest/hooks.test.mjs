import { once } from 'node:events';
import http from 'node:http';
import { init } from '@clew/node';

const ended = [];
const processor = {
  onStart() {},
  onEnd: ({ name }) => ended.push(name),
  forceFlush: async () => {},
  shutdown: async () => {},
};
init({ exporter: false, spanProcessors: [processor] });
const { default: express } = await import('express');

// Older Node versions hook ES modules in another thread, which does not work in the VM context of a Vitest test.
const [major, minor] = process.versions.node.split('.').map(Number);
const hooksNeedThread = (major === 22 && minor < 22) || (major === 24 && minor < 11);

test.skipIf(hooksNeedThread)('modules that Vitest lets Node load are traced', async () => {
  const app = express();
  app.get('/orders/:id', (_request, response) => response.send('ok'));
  const server = app.listen(0);
  await once(server, 'listening');
  const [response] = await once(http.get({ port: server.address().port, path: '/orders/7' }), 'response');
  response.resume();
  await once(response, 'close');
  server.close();
  await once(server, 'close');
  expect(ended.sort()).toEqual(['GET', 'GET /orders/:id']);
});
