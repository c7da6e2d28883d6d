import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';

const packages = join(__dirname, '..', '..', 'packages');
const THIRD_PARTIES = ['@opentelemetry/api'];

/** Returns what a package may import, besides Node and the OpenTelemetry API. The rules are in docs/architecture.md. */
function allowedFor(name: string): readonly string[] {
  if (name === 'core') return ['@opentelemetry/instrumentation'];
  if (name === 'viewer') return ['@clew/osprofiler', '@clew/sampling'];
  if (name === 'sampling') return ['@clew/core', 're2js', 'yaml'];
  if (name === 'node') {
    return [
      '@clew/core',
      '@clew/tracer',
      '@clew/sampling',
      '@opentelemetry/instrumentation',
      'import-in-the-middle',
    ];
  }
  if (name === 'bundler')
    return ['@clew/core', '@clew/node', 'es-module-lexer', 'semver', 'esbuild', 'rollup', 'vite', 'webpack'];
  return ['@clew/core'];
}

const names = globSync('*', { cwd: packages }).sort();

describe('the packages', () => {
  test('are found', () => {
    expect(names).toEqual(expect.arrayContaining(['core', 'tracer', 'node', 'viewer', 'testing']));
  });

  test.each(names)('%s imports only what it is allowed to', (name) => {
    const files = globSync('src/**/*.ts', { cwd: join(packages, name) });
    expect(files.length).toBeGreaterThan(0);
    const allowed = [...allowedFor(name), ...THIRD_PARTIES];
    const forbidden = files.flatMap((file) =>
      importsOf(readFileSync(join(packages, name, file), 'utf8'))
        .filter((imported) => !allowed.includes(imported))
        .map((imported) => `${file}: ${imported}`),
    );
    expect(forbidden).toEqual([]);
  });

  // Other authors can't use `@clew/core/internal`, so what a plugin needs belongs in `@clew/core/plugin`.
  test.each(names.filter((name) => name.startsWith('instrumentation-')))(
    '%s imports no entry point of core but @clew/core and @clew/core/plugin',
    (name) => {
      const files = globSync('src/**/*.ts', { cwd: join(packages, name) });
      const forbidden = files.filter((file) =>
        specifiersOf(readFileSync(join(packages, name, file), 'utf8')).some(
          (specifier) =>
            specifier.startsWith('@clew/core') && !['@clew/core', '@clew/core/plugin'].includes(specifier),
        ),
      );
      expect(forbidden).toEqual([]);
    },
  );

  // Loading the templates would slow down the start of applications whose plugins never use them.
  test.each(['node', 'tracer'])('%s does not load the templates: it imports no @clew/core/plugin', (name) => {
    const files = globSync('src/**/*.ts', { cwd: join(packages, name) });
    const loads = files.filter((file) =>
      /^import (?!type).*'@clew\/core\/plugin'/m.test(readFileSync(join(packages, name, file), 'utf8')),
    );
    expect(loads).toEqual([]);
  });

  test.each(names)('%s declares its imports in its package.json', (name) => {
    const manifest = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    const files = globSync('src/**/*.ts', { cwd: join(packages, name) });
    const imported = new Set(
      files.flatMap((file) => importsOf(readFileSync(join(packages, name, file), 'utf8'))),
    );
    expect([...imported].filter((each) => !declared.includes(each))).toEqual([]);
  });
});

/** The names of the packages that a source imports, also for types only. */
function importsOf(source: string): string[] {
  return specifiersOf(source).map((name) =>
    name
      .split('/')
      .slice(0, name.startsWith('@') ? 2 : 1)
      .join('/'),
  );
}

/** What a source imports from other packages, with the entry point: `@clew/core/plugin`. */
function specifiersOf(source: string): string[] {
  const found = [
    ...source.matchAll(/^(?:import|export)\b[^'"]*?from ['"]([^'"]+)['"]|^import ['"]([^'"]+)['"]/gm),
  ];
  return found
    .map((match) => (match[1] ?? match[2]) as string)
    .filter((name) => !name.startsWith('.') && !name.startsWith('node:') && !builtinModules.includes(name));
}
