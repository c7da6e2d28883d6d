// Two sets of rules that decide the opposite, and all places from which a running service can load them. Set `a` keeps
// `/orders/:id` and not `/items/:id`; set `b` the other way round. Policies name orders by their path, and items by their
// route. Set `a` also keeps errors.
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCollector, TraceStore } from '@clew/viewer';
import { type Running, startCollect } from '../../packages/viewer/test/clew-process.ts';
import { ReceivedTraces } from './received-traces.ts';
import { startJaegerServer } from './servers/jaeger-server.ts';
import { startOpampServer } from './servers/opamp-server.ts';
import { startXRayServer, xrayRule } from './servers/xray-server.ts';
import { PRELOAD } from './service-process.ts';

export type SetName = 'a' | 'b';

/** Where services load their rules from, while they run. */
export interface Source {
  readonly flags: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** How often the services ask for changes, in milliseconds; 0 if they are notified. */
  readonly pollMs: number;
  /** Puts a set in the place of the other one. */
  change(set: SetName): void;
  /** Called when the services have ended: what they exported. Ends the servers. */
  end(): Promise<ReceivedTraces>;
  /** For policies only: whether errors are kept, and traces name their policy. */
  readonly hasPolicies: boolean;
}

const REMOTE = ['--import', join(__dirname, 'programs', 'remote-policies.mjs')];
const POLL_MS = 100;

/** The policies of a set as JSON, which is YAML as well. */
export function policiesOf(set: SetName): string {
  const [orders, items] =
    set === 'a' ? [{ always: true }, { never: true }] : [{ never: true }, { always: true }];
  const fails = set === 'a' ? { ratio: 0, onError: true } : { never: true };
  const policies = [
    { id: `${set}-orders`, match: { path: '/orders/*' }, keep: orders },
    { id: `${set}-items`, match: { route: '/items/:id' }, keep: items },
    { id: `${set}-fails`, match: { path: '/fails/*' }, keep: fails },
  ];
  return JSON.stringify({ policies });
}

const ratesOf = (set: SetName) => (set === 'a' ? [1, 0] : [0, 1]) as [orders: number, items: number];

/** A collector in this process. */
async function collecting(onSpan: (span: Parameters<ReceivedTraces['add']>[0][number]) => void = () => {}) {
  const traces = new ReceivedTraces();
  const collector = await startCollector({
    port: 0,
    onSpans: (spans) => {
      traces.add(spans);
      for (const span of spans) onSpan(span);
    },
  });
  const end = async (...servers: { close(): Promise<void> }[]) => {
    await Promise.all([collector, ...servers].map((each) => each.close()));
    return traces;
  };
  return { traces, variables: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, end };
}

function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'clew-policies-'));
}

async function renamedFile(): Promise<Source> {
  const folder = temporaryFolder();
  const file = join(folder, 'policies.yaml');
  writeFileSync(file, policiesOf('a'));
  const { variables, end } = await collecting();
  return {
    flags: PRELOAD,
    variables: { ...variables, CLEW_SAMPLING_FILE: file },
    pollMs: 0,
    hasPolicies: true,
    change: (set) => {
      writeFileSync(`${file}.new`, policiesOf(set));
      renameSync(`${file}.new`, file);
    },
    end: () => {
      rmSync(folder, { recursive: true });
      return end();
    },
  };
}

/** As Kubernetes mounts a ConfigMap: the file is a link to `..data/policies.yaml`, and `..data` a link to a version. */
async function configMap(): Promise<Source> {
  const folder = temporaryFolder();
  let version = 0;
  const change = (set: SetName) => {
    const name = `..version_${version++}`;
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'policies.yaml'), policiesOf(set));
    symlinkSync(name, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    if (version > 1) rmSync(join(folder, `..version_${version - 2}`), { recursive: true });
  };
  change('a');
  symlinkSync(join('..data', 'policies.yaml'), join(folder, 'policies.yaml'));
  const { variables, end } = await collecting();
  return {
    flags: PRELOAD,
    variables: { ...variables, CLEW_SAMPLING_FILE: join(folder, 'policies.yaml') },
    pollMs: 0,
    hasPolicies: true,
    change,
    end: () => {
      rmSync(folder, { recursive: true });
      return end();
    },
  };
}

/** `clew collect --policies FILE --store FILE`, which serves the policies and receives the spans. */
export async function collectCommand(): Promise<
  Source & { readonly collect: Running; readonly folder: string }
> {
  const folder = temporaryFolder();
  const file = join(folder, 'policies.yaml');
  const store = join(folder, 'traces.db');
  writeFileSync(file, policiesOf('a'));
  const collect = await startCollect('--policies', file, '--store', store);
  return {
    collect,
    folder,
    flags: REMOTE,
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collect.url,
      POLICIES_URL: `${collect.url}/v1/sampling/policies`,
    },
    pollMs: POLL_MS,
    hasPolicies: true,
    change: (set) => writeFileSync(file, policiesOf(set)),
    end: async () => {
      await collect.end('SIGTERM');
      const traces = storedTraces(store);
      rmSync(folder, { recursive: true });
      return traces;
    },
  };
}

/** What a collector has stored in a file. */
export function storedTraces(file: string): ReceivedTraces {
  const traces = new ReceivedTraces();
  const store = new TraceStore({ file, readOnly: true });
  for (const { traceId } of store.traces({ limit: 10_000 })) traces.add(store.trace(traceId)?.spans ?? []);
  store.close();
  return traces;
}

/** A Jaeger that counts root spans as its aggregator does. */
async function jaeger(): Promise<Source> {
  const server = await startJaegerServer();
  const change = (set: SetName) => {
    const [orders, items] = ratesOf(set);
    const operation = (name: string, samplingRate: number) => ({
      operation: name,
      probabilisticSampling: { samplingRate },
    });
    server.serve('shop', {
      strategyType: 'PROBABILISTIC',
      operationSampling: {
        defaultSamplingProbability: 0,
        defaultLowerBoundTracesPerSecond: 0,
        perOperationStrategies: [operation('GET /orders/:id', orders), operation('GET /items/:id', items)],
        defaultUpperBoundTracesPerSecond: 0,
      },
    });
  };
  change('a');
  const { traces, variables, end } = await collecting(({ name, parentSpanId = '', attributes }) =>
    server.collect({ service: 'shop', operation: name, parentSpanId, attributes }),
  );
  return {
    flags: PRELOAD,
    variables: {
      ...variables,
      OTEL_SERVICE_NAME: 'shop',
      OTEL_TRACES_SAMPLER: 'jaeger_remote',
      OTEL_TRACES_SAMPLER_ARG: `endpoint=${server.url},pollingIntervalMs=${POLL_MS}`,
    },
    pollMs: POLL_MS,
    hasPolicies: false,
    change,
    end: async () => {
      const { counts } = server.adaptive('shop');
      const counted = Object.values(counts).reduce((sum, count) => sum + count, 0);
      expect(counted).toBe(traces.ids.length);
      expect(Object.keys(counts).sort()).toEqual(['GET /items/:id', 'GET /orders/:id']);
      return end(server);
    },
  };
}

async function xray(): Promise<Source> {
  const rules = (set: SetName) => {
    const [orders, items] = ratesOf(set);
    return [
      xrayRule('orders', { Priority: 1, URLPath: '/orders/*', FixedRate: orders }),
      xrayRule('items', { Priority: 2, URLPath: '/items/*', FixedRate: items }),
      xrayRule('Default'),
    ];
  };
  const server = await startXRayServer(rules('a'));
  const { variables, end } = await collecting();
  return {
    flags: PRELOAD,
    variables: {
      ...variables,
      OTEL_TRACES_SAMPLER: 'xray',
      OTEL_TRACES_SAMPLER_ARG: `endpoint=${server.url},polling_interval=1`,
    },
    pollMs: 1000,
    hasPolicies: false,
    change: (set) => server.setRules(rules(set)),
    end: () => end(server),
  };
}

async function opamp(): Promise<Source> {
  const server = await startOpampServer();
  const change = (set: SetName) => server.offer({ policies: { body: policiesOf(set) } });
  change('a');
  const { variables, end } = await collecting();
  return {
    flags: REMOTE,
    variables: { ...variables, OPAMP_URL: server.url },
    pollMs: POLL_MS,
    hasPolicies: true,
    change,
    end: () => end(server),
  };
}

/** By name, how to start them. */
export const SOURCES: Readonly<Record<string, () => Promise<Source>>> = {
  'a file that is replaced by a rename': renamedFile,
  'a ConfigMap of Kubernetes': configMap,
  'clew collect --policies over HTTP': collectCommand,
  Jaeger: jaeger,
  'AWS X-Ray': xray,
  'an OpAMP server': opamp,
};
