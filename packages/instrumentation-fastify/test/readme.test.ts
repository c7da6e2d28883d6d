import { join } from 'node:path';
import { preloadSuite, readmeSuite } from '@clew/testing';

const folder = join(__dirname, '..');

readmeSuite(folder, ['GET /songs/:id', 'request handler - /songs/:id']);

preloadSuite(
  folder,
  {
    modules: { fastify: 'fastify' },
    body: `
      const app = fastify();
      app.get('/songs/:id', async () => ({}));
      const url = await app.listen({ port: 0 });
      await (await fetch(url + '/songs/7')).text();
      await app.close();`,
  },
  ['GET', 'GET /songs/:id'],
);
