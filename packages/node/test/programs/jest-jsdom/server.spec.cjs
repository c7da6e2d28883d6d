// An application's test, with the globals of a browser, fake timers and tracing.
const { createServer, get } = require('node:http');
const { setImmediate: turn } = require('node:timers/promises');
const { init } = require('@clew/node');

test('a server is traced', async () => {
  expect(typeof window).toBe('object');
  expect(setTimeout).toHaveProperty('clock');
  const clew = init();
  const server = createServer((_, response) => response.end());
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) =>
    get({ port, agent: false }, (response) => response.resume().on('end', resolve)),
  );
  await new Promise((resolve) => server.close(resolve));
  while (clew.stats().spansOpen > 0) await turn();
  await clew.flush();
  expect(clew.stats()).toMatchObject({ spansExported: 2, spansQueued: 0 });
  await clew.shutdown();
});
