// The files and tables of docs/production.md.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPolicies } from '@clew/sampling';
import { type Collector, startCollector } from '@clew/viewer';
import { parse, parseAllDocuments } from 'yaml';
import { blockOf } from '../page-blocks.ts';
import { runProgram } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';

const folder = join(__dirname, '..', '..', 'docs', 'production');
const page = readFileSync(join(folder, '..', 'production.md'), 'utf8');
const read = (file: string) => readFileSync(join(folder, file), 'utf8');

interface CollectorConfiguration {
  readonly [part: string]: Record<string, unknown>;
}

/** Every component that a collector's service names is configured, and every configured one is used. */
function expectConsistent(configuration: CollectorConfiguration): void {
  const { extensions, pipelines } = configuration.service as {
    extensions: string[];
    pipelines: { traces: Record<string, string[]> };
  };
  for (const [kind, used] of Object.entries({ extensions, ...pipelines.traces }))
    expect([kind, ...Object.keys(configuration[kind] ?? {})].sort()).toEqual([kind, ...used].sort());
}

describe('compose.yaml', () => {
  const { services } = parse(read('compose.yaml')) as {
    services: Record<string, { image: string; volumes?: string[]; ports?: string[] }>;
  };

  test('has pinned images, and mounts files that exist', () => {
    for (const { image, volumes = [] } of Object.values(services)) {
      expect(image).toMatch(/:\d+\.\d+\.\d+$/);
      const files = volumes
        .filter((volume) => volume.startsWith('./'))
        .map((volume) => volume.split(':')[0]!);
      expect(files.filter((file) => !existsSync(join(folder, file)))).toEqual([]);
    }
  });

  test('has a collector that sends to services of the file, on published ports', () => {
    const configuration = parse(read('collector.yaml'));
    expectConsistent(configuration);
    for (const { endpoint } of Object.values<{ endpoint: string }>(configuration.exporters))
      expect(Object.keys(services)).toContain(endpoint.split(':')[0]);
    const { receivers, extensions } = configuration;
    const ports = [receivers.otlp.protocols.http.endpoint, extensions.jaegerremotesampling.http.endpoint];
    expect(services.collector?.ports).toEqual(ports.map((each) => each.replace(/.*:(\d+)$/, '$1:$1')));
  });

  test('has strategies that are probabilities', () => {
    const { service_strategies: strategies, default_strategy: other } = JSON.parse(read('strategies.json'));
    const all = [other, ...strategies, ...strategies[0].operation_strategies];
    for (const { type, param } of all) {
      expect(type).toBe('probabilistic');
      expect(param >= 0 && param <= 1).toBe(true);
    }
  });
});

describe('kubernetes.yaml', () => {
  const documents = parseAllDocuments(read('kubernetes.yaml')).map((document) => document.toJS());
  const find = (kind: string, name: string) =>
    documents.find((each) => each.kind === kind && each.metadata.name === name);

  test('conforms to the schema of Kubernetes', () => {
    const validate = (manifests: string) =>
      execFileSync(process.execPath, [join(__dirname, 'check-manifests.mjs')], {
        input: manifests,
        encoding: 'utf8',
      });
    expect(documents).toHaveLength(5);
    expect(validate(read('kubernetes.yaml'))).toBe('');
    expect(validate(read('kubernetes.yaml').replace('replicas: 2', 'replicas: two'))).toMatch(
      /^Deployment shop: .*replicas/,
    );
  });

  test('mounts the maps that it defines, and sends to its collector', () => {
    for (const { spec } of documents.filter(({ kind }) => kind === 'Deployment')) {
      expect(spec.selector.matchLabels).toEqual(spec.template.metadata.labels);
      for (const { configMap } of spec.template.spec.volumes)
        expect(find('ConfigMap', configMap.name)).toBeDefined();
    }
    const { selector, ports } = find('Service', 'collector').spec;
    const collector = find('Deployment', 'collector').spec.template;
    expect(selector).toEqual(collector.metadata.labels);
    expect(collector.spec.containers[0].ports).toEqual([
      { name: ports[0].targetPort, containerPort: ports[0].port },
    ]);
  });

  test('has a consistent collector, and valid policies', () => {
    expectConsistent(parse(find('ConfigMap', 'collector').data['collector.yaml']));
    const { policies } = readPolicies(find('ConfigMap', 'sampling-policies').data['policies.yaml']);
    expect(policies).toHaveLength(2);
  });
});

describe('an application with the variables of the manifest', () => {
  let collector: Collector;
  let project: string;
  let counters: { stats: Record<string, unknown>; metrics: Record<string, unknown> };

  beforeAll(async () => {
    collector = await startCollector({ port: 0 });
    project = mkdtempSync(join(tmpdir(), 'clew-production-'));
    cpSync(join(__dirname, 'programs'), project, { recursive: true });
    symlinkSync(join(__dirname, '..', '..', 'node_modules'), join(project, 'node_modules'));
    writeFileSync(join(project, 'metrics.mjs'), blockOf('docs/production.md', 'What to alert on', 'js'));
    writeFileSync(
      join(project, 'policies.yaml'),
      'policies: [{ id: all, keep: { always: true, onError: true } }]',
    );
    const deployment = parseAllDocuments(read('kubernetes.yaml'))[0]!.toJS();
    const [{ env, command }] = deployment.spec.template.spec.containers;
    expect(command[0]).toBe('node');
    const variables = Object.fromEntries(
      env
        .filter(({ value }: { value?: string }) => value !== undefined)
        .map(({ name, value }: { name: string; value: string }) => [name, value]),
    );
    const ended = await runProgram(['server.mjs'], {
      cwd: project,
      variables: {
        ...variables,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        CLEW_SAMPLING_FILE: join(project, 'policies.yaml'),
        OTEL_BSP_SCHEDULE_DELAY: '60000',
      },
    });
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: '' });
    counters = JSON.parse(ended.stdout);
  });
  afterAll(async () => {
    await collector.close();
    rmSync(project, { recursive: true, force: true });
  });

  test('is traced, and its spans arrive after process.exit()', () => {
    const tree = treeOf(spansOf(collector, 'shop'));
    expect(tree).toHaveLength(200);
    expect(new Set(tree)).toEqual(new Set(['CLIENT GET', '  SERVER GET']));
  });

  test('has the documented counters, and no others', () => {
    const [, rows = ''] = /^\| counter .*\n\|.*\n((?:\|.*\n)+)/m.exec(page) ?? [];
    const documented = rows
      .trim()
      .split('\n')
      .flatMap((row) => [...row.split(' | ')[0]!.matchAll(/`([\w.]+)`/g)].map(([, name]) => name!));
    const { dropped, late, sampling, ...others } = counters.stats as Record<string, object>;
    const nested = Object.entries({ dropped, late, sampling }).flatMap(([group, values]) =>
      Object.keys(values ?? {}).map((name) => `${group}.${name}`),
    );
    expect(documented.sort()).toEqual([...Object.keys(others), ...nested].sort());
  });

  test('has the metrics of the example', () => {
    expect(counters.metrics).toMatchObject({ droppedTotal: 0, queueFull: 0, retries: 0, spansQueued: 200 });
  });

  test('uses about the documented memory for a span', () => {
    const { bytesQueued, spansQueued } = counters.stats as { bytesQueued: number; spansQueued: number };
    const [, bytes] = /A span of an HTTP server or client takes about (\d+) bytes/.exec(page)!;
    expect(Math.abs(bytesQueued / spansQueued / Number(bytes) - 1)).toBeLessThan(0.2);
  });
});
