// A Node.js service between a Python command and a real Keystone: `osprofiler trace show` prints one tree.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { uuidOfTraceId } from '@clew/osprofiler';
import { type Collector, startCollector } from '@clew/viewer';
import { hasKeystone, type Keystone, startKeystone } from '../../examples/openstack/keystone.ts';
import { aptInstall } from '../services/apt-install.ts';
import { freePorts } from '../services/free-ports.ts';
import { type OwnRedis, startRedis } from '../services/redis.ts';
import { spansOf } from '../span-tree.ts';
import { missingOsprofiler } from './osprofiler-packages.ts';
import { linesOf, type ReportNode, report } from './report.ts';
import { TracedService } from './traced-service.ts';

const HMAC_KEY = 'SECRET_KEY';
const hasPackages = missingOsprofiler() === undefined && keystoneIsInstalled();
const withKeystone = hasPackages ? test : test.skip;
let redis: OwnRedis;
let keystone: Keystone;
let collector: Collector;

/** Installs Keystone if possible: as root, on Debian. Logs one line if it cannot be tested. */
function keystoneIsInstalled(): boolean {
  if (hasKeystone() || (aptInstall('keystone') && hasKeystone())) return true;
  process.stderr.write("clew: trace points next to Keystone's are not tested: keystone is not installed\n");
  return false;
}

beforeAll(async () => {
  if (!hasPackages) return;
  collector = await startCollector({ port: 0 });
  redis = await startRedis();
  const [port = 0] = await freePorts(1);
  keystone = await startKeystone({ port, redisUrl: redis.url, hmacKey: HMAC_KEY, traceQueries: true });
}, 180_000);

afterAll(async () => {
  await keystone?.stop();
  await redis?.stop();
  await collector?.close();
});

/** A service that fetches a token for each request. */
function startGateway(variables: Readonly<Record<string, string>> = {}): Promise<TracedService> {
  const { endpointUrl, username, password, domainId } = keystone.credentials;
  const user = { name: username, password, domain: { id: domainId } };
  return TracedService.start({
    points: redis.url,
    upstream: {
      url: `${endpointUrl}/auth/tokens`,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ auth: { identity: { methods: ['password'], password: { user } } } }),
    },
    variables,
  });
}

/** The gateway's part of a tree: Keystone's request below the one that the gateway sent. */
function expectGateway(gateway: ReportNode | undefined, parentId: string) {
  expect(gateway).toMatchObject({ parent_id: parentId, info: { name: 'wsgi', project: 'music' } });
  const [query, call, ...others] = gateway?.children ?? [];
  expect(others).toEqual([]);
  expect(query).toMatchObject({ parent_id: gateway?.trace_id, info: { name: 'db', service: 'api' } });
  expect(call).toMatchObject({
    parent_id: gateway?.trace_id,
    info: {
      name: 'http',
      service: 'api',
      'meta.raw_payload.http-start': { info: { requests: { method: 'POST', path: '/v3/auth/tokens' } } },
      'meta.raw_payload.http-stop': { info: { requests: { status_code: 201 } } },
    },
  });
  const [request, ...more] = call?.children ?? [];
  expect(more).toEqual([]);
  expect(request).toMatchObject({
    parent_id: call?.trace_id,
    info: {
      name: 'wsgi',
      project: 'keystone',
      service: 'public',
      'meta.raw_payload.wsgi-start': { info: { request: { method: 'POST', path: '/v3/auth/tokens' } } },
    },
  });
  const queries = linesOf(request?.children ?? []);
  expect(queries.length).toBeGreaterThan(0);
  expect(new Set(queries.map((line) => line.trim()))).toEqual(new Set(['public db']));
}

withKeystone('a command of OpenStack calls the service, which calls Keystone: one tree', async () => {
  const gateway = await startGateway();
  const args = [join(__dirname, 'caller.py'), gateway.url, HMAC_KEY, redis.url];
  const { stdout } = await promisify(execFile)('/usr/bin/python3', args);
  expect(await gateway.stop()).toEqual({ code: 0, stderr: '' });
  const baseId = stdout.trim();
  const [command, ...others] = await report(baseId, redis.url);
  expect(others).toEqual([]);
  expect(command).toMatchObject({ parent_id: baseId, info: { name: 'command', service: 'caller' } });
  expect(command?.children).toHaveLength(1);
  expectGateway(command?.children[0], command?.trace_id ?? '');
});

withKeystone('the service starts the trace, with the option `traces`: one tree', async () => {
  const gateway = await startGateway({
    CLEW_OSPROFILER_TRACES: 'all',
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  });
  await gateway.get('/songs');
  expect(await gateway.stop()).toEqual({ code: 0, stderr: '' });
  const spans = spansOf(collector, 'api');
  // Nothing else is traced: not the points that are written.
  expect(spans.map(({ name }) => name).sort()).toEqual(['GET', 'POST', 'SELECT']);
  const baseId = uuidOfTraceId(spans[0]?.traceId ?? '');
  const [root, ...others] = await report(baseId, redis.url);
  expect(others).toEqual([]);
  expectGateway(root, baseId);
});
