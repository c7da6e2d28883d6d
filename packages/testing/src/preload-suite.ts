import assert from 'node:assert/strict';
import { exportedSpans } from './exported-spans.ts';
import { runTests } from './suite.ts';

/** An application that serves one request and exits. Its code runs as CommonJS and as an ES module. */
export interface PreloadedApplication {
  /** The modules that it loads, by the names of their bindings: `{ fastify: 'fastify' }`. */
  readonly modules: Readonly<Record<string, string>>;
  /** The code after the imports; may use `await`. */
  readonly body: string;
}

/**
 * Runs an application with `--import @clew/node/register` in its own process, as CommonJS and as an ES module, and
 * checks that it prints nothing and exports exactly these spans.
 */
export function preloadSuite(
  folder: string,
  { modules, body }: PreloadedApplication,
  expected: readonly string[],
): void {
  const bindings = Object.entries(modules);
  const sources = {
    commonjs: `${bindings.map(([name, from]) => `const ${name} = require('${from}');`).join('\n')}
      void (async () => { ${body} })();`,
    module: `${bindings.map(([name, from]) => `import ${name} from '${from}';`).join('\n')}\n${body}`,
  };
  runTests('the preload', {
    'traces an application in CommonJS': () => check('commonjs'),
    'traces an application in ES modules': () => check('module'),
  });

  async function check(type: keyof typeof sources): Promise<void> {
    const preload = ['--import', '@clew/node/register', `--input-type=${type}`, '--eval', sources[type]];
    const { output, spanNames } = await exportedSpans(folder, preload);
    assert.equal(output, '');
    assert.deepEqual([...spanNames].sort(), [...expected].sort());
  }
}
