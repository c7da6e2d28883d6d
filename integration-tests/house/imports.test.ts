import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';

const packages = join(__dirname, '..', '..', 'packages');
const THIRD_PARTIES = ['@opentelemetry/api'];

/** What each room may import, besides Node and the OpenTelemetry API. The house stands in docs/architecture.md. */
function allowedFor(room: string): readonly string[] {
  if (room === 'core') return ['@opentelemetry/instrumentation'];
  if (room === 'viewer') return [];
  if (room === 'node') {
    return [
      '@clew/core',
      '@clew/tracer',
      '@clew/sampling',
      '@opentelemetry/instrumentation',
      'import-in-the-middle',
    ];
  }
  return ['@clew/core'];
}

const rooms = globSync('*', { cwd: packages }).sort();

describe('the house', () => {
  test('has rooms', () => {
    expect(rooms).toEqual(expect.arrayContaining(['core', 'tracer', 'node', 'viewer', 'testing']));
  });

  test.each(rooms)('%s imports only what it may', (room) => {
    const files = globSync('src/**/*.ts', { cwd: join(packages, room) });
    expect(files.length).toBeGreaterThan(0);
    const allowed = [...allowedFor(room), ...(room === 'viewer' ? [] : THIRD_PARTIES)];
    const strangers = files.flatMap((file) =>
      importsOf(readFileSync(join(packages, room, file), 'utf8'))
        .filter((name) => !allowed.includes(name))
        .map((name) => `${file}: ${name}`),
    );
    expect(strangers).toEqual([]);
  });

  test.each(rooms)('%s states in its package.json what it imports', (room) => {
    const manifest = JSON.parse(readFileSync(join(packages, room, 'package.json'), 'utf8'));
    const stated = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    const files = globSync('src/**/*.ts', { cwd: join(packages, room) });
    const imported = new Set(
      files.flatMap((file) => importsOf(readFileSync(join(packages, room, file), 'utf8'))),
    );
    expect([...imported].filter((name) => !stated.includes(name))).toEqual([]);
  });
});

/** The names of the packages that a source imports, also for types only. */
function importsOf(source: string): string[] {
  const specifiers = [
    ...source.matchAll(/^(?:import|export)\b[^'"]*?from ['"]([^'"]+)['"]|^import ['"]([^'"]+)['"]/gm),
  ];
  return specifiers
    .map((match) => (match[1] ?? match[2]) as string)
    .filter((name) => !name.startsWith('.') && !name.startsWith('node:') && !builtinModules.includes(name))
    .map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    );
}
