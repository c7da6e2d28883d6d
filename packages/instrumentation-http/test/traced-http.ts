import http from 'node:http';
import { HttpInstrumentation } from '../src/index.ts';

type Options = ConstructorParameters<typeof HttpInstrumentation>[0];

/** A plugin that is enabled for `node:http` while the tests of a file run, and has these options again after each test. */
export function tracedHttp(options: Options = {}): () => HttpInstrumentation {
  let plugin: HttpInstrumentation;
  beforeAll(() => {
    plugin = new HttpInstrumentation(options);
    plugin.instrument(http);
  });
  afterEach(() => plugin.setConfig(options));
  afterAll(() => plugin.disable());
  return () => plugin;
}
