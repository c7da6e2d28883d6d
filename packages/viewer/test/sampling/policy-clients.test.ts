import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HttpProvider, JaegerProvider, PolicySampler } from '@clew/sampling';
import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { type Collector, startCollector } from '../../src/collector.ts';
import { PATH, replaceFile, until, YAML } from './policy-files.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clew-policies-'));
  file = join(folder, 'policies.yaml');
  writeFileSync(file, YAML);
});
afterEach(() => rmSync(folder, { recursive: true }));

const replace = (text: string) => replaceFile(file, text);

describe("Clew's providers", () => {
  const root = (sampler: PolicySampler, index: number) =>
    sampler.shouldSample(ROOT_CONTEXT, index.toString(16).padStart(32, '0'), 'GET', SpanKind.SERVER, {}, []);
  const kept = (sampler: PolicySampler) =>
    Array.from({ length: 100 }, (_, index) => root(sampler, Math.floor((index * 2 ** 56) / 100) + 1)).filter(
      ({ decision }) => decision === 2,
    ).length;
  let collector: Collector;
  let sampler: PolicySampler;
  beforeEach(async () => {
    replace('policies: [{ id: general, keep: { ratio: 0.5 } }]');
    collector = await startCollector({ port: 0, policies: file });
  });
  afterEach(async () => {
    sampler.shutdown();
    await collector.close();
  });

  test('put policies in force over HTTP, and changed ones', async () => {
    const provider = new HttpProvider({ url: collector.url + PATH, intervalMs: 50 });
    sampler = new PolicySampler({ providers: [provider] });
    await until(() => kept(sampler) === 50);
    await until(() => provider.stats().unchanged > 0);
    replace('policies: [{ id: general, keep: { never: true } }]');
    await until(() => kept(sampler) === 0);
    expect(provider.stats()).toMatchObject({ loads: 2, failures: {} });
  });

  test("put Jaeger's strategies in force, and changed ones", async () => {
    const provider = new JaegerProvider({ url: collector.url, serviceName: 'shop', intervalMs: 50 });
    sampler = new PolicySampler({ providers: [provider] });
    await until(() => kept(sampler) === 50);
    expect(root(sampler, 2 ** 56 - 2 ** 10).attributes).toEqual({
      'sampler.type': 'probabilistic',
      'sampler.param': 0.5,
    });
    replace('policies: [{ id: general, keep: { never: true } }]');
    await until(() => kept(sampler) === 0);
    expect(provider.stats().failures).toEqual({});
  });
});

describe("OpenTelemetry's Jaeger sampler", () => {
  /** How many of 1000 traces of each operation it samples. */
  async function sampled(url: string, ...operations: string[]): Promise<number[]> {
    const script = join(__dirname, 'jaeger-client.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, [script, url, 'shop', ...operations]);
    return JSON.parse(stdout);
  }

  test('applies the ratio of a policy', async () => {
    const collector = await startCollector({ port: 0, policies: file });
    const [count] = await sampled(collector.url, 'GET');
    expect(count).toBe(250);
    await collector.close();
  });

  test('applies the policies of operations', async () => {
    replace(`policies:
  - { id: health, match: { name: GET /health }, keep: { never: true } }
  - { id: all, keep: { ratio: 0.5 } }`);
    const collector = await startCollector({ port: 0, policies: file });
    expect(await sampled(collector.url, 'GET /health', 'GET /')).toEqual([0, 500]);
    await collector.close();
  });

  test('applies the initial probability of adaptive sampling', async () => {
    const adaptive = { tracesPerSecond: 1, initialProbability: 0.1 };
    const collector = await startCollector({ port: 0, adaptive });
    expect(await sampled(collector.url, 'GET')).toEqual([100]);
    await collector.close();
  });
});
