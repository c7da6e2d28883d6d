import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { run } from './child.ts';

const folder = join(__dirname, '..');
const readme = readFileSync(join(folder, 'README.md'), 'utf8');

/** Returns every quoted word of this form in the files of `src`. */
function namesInSources(pattern: RegExp): string[] {
  const files = globSync('src/*.ts', { cwd: folder });
  return [...new Set(files.flatMap((file) => readFileSync(join(folder, file), 'utf8').match(pattern) ?? []))];
}

describe('the example in the README', () => {
  let collector: Collector;
  beforeAll(async () => {
    collector = await startCollector({ port: 0 });
  });
  afterAll(() => collector.close());

  test('runs, and produces the documented trace', async () => {
    const [, code = ''] = /```js\n(.*?)```/s.exec(readme) ?? [];
    const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    const { stdout, stderr } = await run(['--input-type=module', '--eval', code], variables, folder);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^{ id: '7' }\n/);
    expect(stdout).toMatch(/spansExported: 3,/);
    const [{ traceId } = { traceId: '' }] = collector.store.traces({ service: 'shop' });
    const spans = [...(collector.store.trace(traceId)?.spans ?? [])];
    expect(spans.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
      'CLIENT GET',
      'INTERNAL request handler - /orders/:id',
      'SERVER GET /orders/:id',
    ]);
  });
});

test('the README documents every variable that is read', () => {
  // Names with TRACES_ are abbreviated there.
  const names = namesInSources(/(?<=')(OTEL|CLEW)_[A-Z_]+(?=')/g).filter(
    (name) => !name.includes('_TRACES_'),
  );
  expect(names.length).toBeGreaterThan(30);
  const missing = names.filter(
    (name) => !readme.includes(name) && !readme.includes(name.replace('OTEL_EXPORTER_OTLP_', '…_')),
  );
  expect(missing).toEqual([]);
});

test('the README documents every option', () => {
  const source = readFileSync(join(folder, 'src', 'init-options.ts'), 'utf8');
  const names = [...source.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name]) => name as string);
  expect(names.length).toBeGreaterThan(18);
  expect(
    names.filter((name) => !readme.includes(`\`${name}`) && !readme.includes(`\`propagation.${name}\``)),
  ).toEqual([]);
});
