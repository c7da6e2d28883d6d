import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { startCollector } from '@clew/viewer';
import { run } from './child.ts';
import { makeProject } from './project.ts';
import { APPLICATION, installToyDatabase, installToyPlugin } from './toy-packages.ts';

const LINK = 'toy-database-587764f78a6c7a9c';
/** Older versions hook ES modules on a second thread (see the README). */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const hooksAreSynchronous = major >= 26 || minor >= (major === 24 ? 12 : 23);

(hooksAreSynchronous ? test : test.skip)(
  'a package is traced that Next.js imports through a link with a hash in its name',
  async () => {
    const collector = await startCollector({ port: 0 });
    const project = makeProject();
    project.copyPackages('core', 'tracer', 'node');
    installToyDatabase(project);
    installToyPlugin(project, 'clew-instrumentation-toy');
    project.write('package.json', '{ "dependencies": { "clew-instrumentation-toy": "^1.0.0" } }');
    project.write('.next/server/page.mjs', APPLICATION['main.mjs'].replace('toy-database', LINK));
    mkdirSync(join(project.folder, '.next', 'node_modules'));
    const database = join(project.folder, 'node_modules', 'toy-database');
    symlinkSync(database, join(project.folder, '.next', 'node_modules', LINK), 'junction');
    project.write('server.mjs', "await import('./.next/server/page.mjs');\n");

    const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: 'next' };
    const ended = await run(
      ['--no-warnings', '--import', '@clew/node/register', 'server.mjs'],
      variables,
      project.folder,
    );
    const names = collector.store
      .traces({ service: 'next' })
      .flatMap(({ traceId }) => collector.store.trace(traceId)?.spans ?? [])
      .map(({ name }) => name);
    await collector.close();
    project.remove();
    expect(ended).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(names).toEqual(['SELECT']);
  },
);
