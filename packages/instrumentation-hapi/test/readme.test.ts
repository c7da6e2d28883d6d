import { join } from 'node:path';
import { preloadSuite, readmeSuite } from '@clew/testing';

const folder = join(__dirname, '..');

readmeSuite(folder, ['GET /songs/{id}', 'handler - /songs/{id}']);

preloadSuite(
  folder,
  {
    modules: { Hapi: '@hapi/hapi' },
    body: `
      const server = Hapi.server({ port: 0 });
      server.route({ method: 'GET', path: '/songs/{id}', handler: () => ({}) });
      await server.start();
      await (await fetch('http://localhost:' + server.info.port + '/songs/7')).text();
      await server.stop();`,
  },
  ['GET', 'GET /songs/{id}'],
);
