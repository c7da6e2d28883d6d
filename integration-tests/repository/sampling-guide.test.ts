// The code blocks and tables of docs/sampling.md, against the package.
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as sampling from '@clew/sampling';
import { TracerProvider } from '@clew/tracer';
import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { transformSync } from '@swc/core';

const root = join(__dirname, '..', '..');
const guide = readFileSync(join(root, 'docs', 'sampling.md'), 'utf8');

function blocks(language: string): string[] {
  return Array.from(
    guide.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms')),
    ([, code]) => code!,
  );
}

/** The first cells of a table by its first heading. */
function firstCells(heading: string): string[] {
  const [, rows] = new RegExp(`^\\| ${heading} .*\\n\\|.*\\n((?:\\|.*\\n)+)`, 'm').exec(guide) ?? [];
  if (rows === undefined) throw new Error(`no table ${heading}`);
  return rows
    .trim()
    .split('\n')
    .map((row) => row.split(' | ')[0]!.replace(/^\| /, '').trim());
}

const policySets = blocks('yaml').filter((block) => block.startsWith('policies:'));

describe('the policies', () => {
  test('are all found', () => {
    expect(policySets).toHaveLength(4);
  });

  test.each(policySets.map((text) => [/id: ([\w-]+)/.exec(text)?.[1], text]))(
    'that begin with %s are valid',
    (_, text) => {
      expect(sampling.readPolicies(text as string).policies.length).toBeGreaterThan(0);
    },
  );

  test('pass clew policies check', () => {
    const folder = mkdtempSync(join(tmpdir(), 'clew-guide-'));
    writeFileSync(join(folder, 'policies.yaml'), policySets[0]!);
    const [command] = /npx clew policies check \S+/.exec(guide)!;
    const [, , ...args] = command.split(' ');
    const cli = join(root, 'packages', 'viewer', 'dist', 'cli.js');
    const output = execFileSync(process.execPath, [cli, ...args], { cwd: folder, encoding: 'utf8' });
    expect(output).toBe('policies.yaml is valid: 2 policies\n');
    rmSync(folder, { recursive: true });
  });

  test('get the documented error', () => {
    const [message] = blocks('text');
    const keeps = [{ always: true }, { always: true }, { ratio: '2' }];
    const policies = keeps.map((keep, index) => ({ id: `p${index}`, keep }));
    expect(() => sampling.readPolicies({ policies })).toThrow(message!.trim());
  });
});

test('the reference lists every condition and every way to keep', () => {
  const schema = JSON.parse(readFileSync(join(root, 'packages', 'sampling', 'policies.schema.json'), 'utf8'));
  const keysOf = (name: string): string[] => Object.keys(find(schema, name) as object);
  const documented = (heading: string) =>
    firstCells(heading).flatMap((cell) => Array.from(cell.matchAll(/`(\w+)/g), ([, key]) => key!));
  expect(documented('condition').sort()).toEqual(keysOf('match').sort());
  expect(firstCells('field').length).toBeGreaterThan(0);
  const keep = /^### `keep`\n(.*?)^\*\*/ms.exec(guide)![1]!;
  expect(Array.from(keep.matchAll(/^\| `(\w+)`/gm), ([, key]) => key!).sort()).toEqual(keysOf('keep').sort());
});

/** The properties of the first object schema that a key has, anywhere in a schema. */
function find(schema: unknown, name: string): unknown {
  if (typeof schema !== 'object' || schema === null) return undefined;
  const own = (schema as Record<string, { properties?: object }>)[name]?.properties;
  if (own !== undefined) return own;
  for (const value of Object.values(schema)) {
    const found = find(value, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A local root whose random bits keep it for ratios above `1 - random`. */
function facts(random: number): sampling.Facts {
  return {
    name: 'GET',
    kind: api.SpanKind.SERVER,
    attributes: {},
    context: api.ROOT_CONTEXT,
    origin: 'root',
    randomHigh: Math.floor(random * 2 ** 24),
    randomLow: 0,
    route: undefined,
    routeIsFinal: true,
  };
}

/** The outcome of 1000 local roots in one moment, each at another point of the random range. */
function outcomes(keeps: readonly sampling.Keep[]) {
  const policies = keeps.map((keep, index) => ({ id: `p${index}`, keep }));
  const decider = new sampling.PolicyDecider(policies, { now: () => 0 });
  const verdicts = Array.from({ length: 1000 }, (_, index) => decider.decide(facts((index + 0.5) / 1000)));
  const late = decider.late(facts(0));
  return {
    kept: verdicts.filter((verdict) => verdict?.sampled).length,
    left: verdicts.filter((verdict) => verdict === undefined).length,
    keepsErrors: late?.onError !== undefined,
    slowerThanMs: late?.slowerThanMs,
  };
}

describe('the most restrictive policy', () => {
  const expected: Record<string, ReturnType<typeof outcomes>> = {
    '`ratio: 0.5` and `ratio: 0.01`': { kept: 10, left: 0, keepsErrors: false, slowerThanMs: undefined },
    '`ratio: 0.1` and `tracesPerSecond: 5`': {
      kept: 5,
      left: 0,
      keepsErrors: false,
      slowerThanMs: undefined,
    },
    '`always` and `ratio: 0.1`': { kept: 100, left: 0, keepsErrors: false, slowerThanMs: undefined },
    '`never` and `always`': { kept: 0, left: 0, keepsErrors: false, slowerThanMs: undefined },
    '`never` and `onError`': { kept: 0, left: 0, keepsErrors: false, slowerThanMs: undefined },
    '`onError` alone': { kept: 0, left: 1000, keepsErrors: true, slowerThanMs: Number.POSITIVE_INFINITY },
    '`ratio: 0.01` and `ratio: 0.1, onError: true`': {
      kept: 10,
      left: 0,
      keepsErrors: true,
      slowerThanMs: Number.POSITIVE_INFINITY,
    },
    '`slowerThanMs: 500` and `slowerThanMs: 2000`': {
      kept: 0,
      left: 1000,
      keepsErrors: false,
      slowerThanMs: 2000,
    },
  };

  test.each(firstCells('policies that match'))('%s', (cell) => {
    const keeps = Array.from(cell.matchAll(/`([^`]+)`/g), ([, keep]) =>
      Object.fromEntries(
        keep!.split(', ').map((part) => {
          const [key, value] = part.split(': ');
          return [key, value === undefined ? true : JSON.parse(value)];
        }),
      ),
    );
    expect(outcomes(keeps)).toEqual(expected[cell]);
    expect(outcomes(keeps.reverse())).toEqual(expected[cell]);
  });
});

/** Runs a module of the guide, and returns its exports. */
function evaluate(block: string): Record<string, unknown> {
  const { code } = transformSync(block, {
    jsc: { parser: { syntax: 'ecmascript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  const exported = {};
  const modules: Record<string, unknown> = { '@clew/sampling': sampling, '@opentelemetry/api': api };
  new Function('exports', 'require', code)(exported, (name: string) => modules[name]);
  return exported;
}

function blockWith(text: string): string {
  const found = blocks('js').find((block) => block.includes(text));
  if (found === undefined) throw new Error(`no block with ${text}`);
  return found;
}

test('policies in code are replaced while the sampler is in use', () => {
  const { sampler } = evaluate(blockWith('CodeProvider')) as { sampler: sampling.PolicySampler };
  expect(sampler.policies().policies).toMatchObject([{ policy: { keep: { always: true } } }]);
  sampler.shutdown();
});

test('an application starts with the documented options', () => {
  const folder = mkdtempSync(join(tmpdir(), 'clew-guide-'));
  writeFileSync(join(folder, 'policies.yaml'), policySets[0]!);
  const code = `process.chdir(${JSON.stringify(folder)});\n${blockWith('@clew/node')}`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: join(root, 'packages', 'node'),
    encoding: 'utf8',
  });
  expect(output).toMatch(/^\{\s+general: \{ matched: 0, .*'health-checks': \{ matched: 0, /s);
  rmSync(folder, { recursive: true });
});

test('the guide names only variables that exist', () => {
  const sources = globSync('packages/{node,tracer}/src/**/*.ts', { cwd: root });
  const code = sources.map((file) => readFileSync(join(root, file), 'utf8')).join('');
  const variables = [...new Set(guide.match(/\bCLEW_[A-Z_]+/g))];
  expect(variables.length).toBeGreaterThan(3);
  expect(variables.filter((name) => !code.includes(name))).toEqual([]);
});

test('log lines carry the decision', () => {
  const { logLine } = evaluate(blockWith('logLine')) as { logLine: (message: string) => string };
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const lines = [{ always: true }, { never: true }].map((keep) => {
    const sampler = new sampling.PolicySampler({ policies: [{ id: 'p', keep: keep as sampling.Keep }] });
    const provider = new TracerProvider({ sampler, exporter: false });
    const line = provider.getTracer('test').startActiveSpan('GET', (span) => {
      span.end();
      return JSON.parse(logLine('order placed'));
    });
    return line;
  });
  const [example] = blocks('json').map((block) => JSON.parse(block));
  expect(lines[0]).toEqual({ ...example, trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) });
  expect(lines[1]).toEqual({ ...example, trace_id: expect.any(String), sampled: false });
});
