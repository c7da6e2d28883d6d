// Runs the code blocks of docs/writing-a-plugin.md with a driver that calls its callbacks from its own socket.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as plugin from '@clew/core/plugin';
import * as testing from '@clew/testing';
import { transformSync } from '@swc/core';
import { startTinydb, tinydb, tinydb2 } from '../../packages/testing/test/tinydb.ts';

const guide = readFileSync(join(__dirname, '..', '..', 'docs', 'writing-a-plugin.md'), 'utf8');
const [channelPlugin, patchPlugin, manifest, types, suite, ...others] = Array.from(
  guide.matchAll(/^```(?:ts|js|json)\n(.*?)^```$/gms),
  ([, block]) => block as string,
);

/** The exports of a code block that defines a plugin. */
interface PluginModule {
  readonly TinydbInstrumentation: {
    readonly definition: {
      readonly name: string;
      readonly version: string;
      readonly targets: readonly object[];
    };
  };
}

let server: Awaited<ReturnType<typeof startTinydb>>;
beforeAll(async () => {
  server = await startTinydb();
});
afterAll(() => server.close());

/** The driver's module with connections to the test server. */
function driver(version: () => ReturnType<typeof tinydb>) {
  const { Connection } = version();
  return {
    Connection: class extends Connection {
      constructor() {
        super(server.port);
      }
    },
  };
}

/** Runs a code block that imports these modules, and returns its exports. */
function evaluate(block: string | undefined, modules: Readonly<Record<string, unknown>>): unknown {
  const { code } = transformSync(block as string, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  const exported = {};
  const load = (name: string) => modules[name] ?? require(name);
  new Function('exports', 'require', code)(exported, load);
  return exported;
}

const pluginOf = (block: string | undefined) =>
  evaluate(block, { '@clew/core/plugin': plugin }) as PluginModule;

test('all code blocks of the guide are tested', () => {
  expect(others).toEqual([]);
  // The declaration of types is the template's, which integration-tests/published compiles.
  const template = readFileSync(
    join(__dirname, '..', '..', 'packages', 'viewer', 'plugin-templates', 'db', 'src', 'index.d.ts'),
    'utf8',
  );
  expect(template.replaceAll('__name__', 'tinydb').replaceAll('__Name__', 'Tinydb')).toContain(types);
});

describe('the plugin that patches a function', () => {
  const modules = { '@clew/testing': testing, './tinydb-instrumentation.ts': pluginOf(patchPlugin) };
  evaluate(suite, { ...modules, tinydb: driver(tinydb) });

  test('has the manifest that the guide shows', () => {
    const { TinydbInstrumentation } = pluginOf(patchPlugin);
    const { name, version, targets } = TinydbInstrumentation.definition;
    expect(JSON.parse(manifest as string)).toEqual({
      name,
      version,
      clew: { class: 'TinydbInstrumentation', targets: JSON.parse(JSON.stringify(targets)) },
    });
  });
});

describe('the plugin that listens to a tracing channel', () => {
  const modules = { '@clew/testing': testing, './tinydb-instrumentation.ts': pluginOf(channelPlugin) };
  const block = suite
    ?.replace('    plugin.instrument(tinydb);\n', '')
    .replace(/functions: .*/, "functions: 'it listens to a channel',");
  evaluate(block, { ...modules, tinydb: driver(tinydb2) });

  test('has the manifest that the guide shows', () => {
    const { name, targets } = pluginOf(channelPlugin).TinydbInstrumentation.definition;
    expect(name).toBe('clew-instrumentation-tinydb');
    const [, documented] = /The target of a channel is `(.*?)`/.exec(guide) as unknown as string[];
    expect(JSON.parse(JSON.stringify(targets))).toEqual([JSON.parse(documented as string)]);
  });
});
