// OpenTelemetry's own clients against the servers of our tests, next to Clew's: the servers behave as they expect.
import { setTimeout as delay } from 'node:timers/promises';
import { JaegerProvider, OpampProvider, PolicySampler, XRayProvider } from '@clew/sampling';
import { createOpAMPClient, type OpAMPClientOptions, RemoteConfigStatuses } from '@elastic/opamp-client-node';
import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AWSXRayRemoteSampler } from '@opentelemetry/sampler-aws-xray';
import { JaegerRemoteSampler } from '@opentelemetry/sampler-jaeger-remote';
import { type JaegerServer, startJaegerServer } from './servers/jaeger-server.ts';
import { type OpampServer, startOpampServer } from './servers/opamp-server.ts';
import { startXRayServer, type XRayServer, xrayRule } from './servers/xray-server.ts';

interface Sampler {
  shouldSample(...args: Parameters<PolicySampler['shouldSample']>): { readonly decision: number };
}

const RECORD_AND_SAMPLED = 2;
const ACCEPTS_AND_REPORTS_REMOTE_CONFIG = 0x1002n;
const TRACE_ID = '0123456789abcdef0123456789abcdef';
const isSampled = (sampler: Sampler, name: string, path = '/') =>
  sampler.shouldSample(
    ROOT_CONTEXT,
    TRACE_ID,
    name,
    SpanKind.SERVER,
    { 'url.path': path, 'http.request.method': 'GET' },
    [],
  ).decision === RECORD_AND_SAMPLED;

/** Waits until both clients decide as expected; the test's timeout ends it otherwise. */
async function untilBoth(
  samplers: readonly Sampler[],
  decided: (sampler: Sampler) => boolean,
): Promise<void> {
  while (!samplers.every(decided)) await delay(10);
}

describe('the Jaeger sampler of OpenTelemetry', () => {
  let server: JaegerServer;
  let ours: PolicySampler;
  // It has no method to stop its timer.
  const timers = jest.spyOn(globalThis, 'setInterval');
  afterEach(async () => {
    for (const { value } of timers.mock.results) clearInterval(value);
    ours.shutdown();
    await server.close();
  });

  test('follows the strategies of the server as Clew does', async () => {
    server = await startJaegerServer();
    const strategies = (listed: number, others: number) => ({
      strategyType: 'PROBABILISTIC',
      operationSampling: {
        defaultSamplingProbability: others,
        defaultLowerBoundTracesPerSecond: 0,
        perOperationStrategies: [{ operation: 'consume', probabilisticSampling: { samplingRate: listed } }],
      },
    });
    server.serve('shop', strategies(1, 0));
    const provider = new JaegerProvider({ serviceName: 'shop', url: server.url, intervalMs: 20 });
    ours = new PolicySampler({ providers: [provider] });
    const theirs = new JaegerRemoteSampler({
      endpoint: server.origin,
      serviceName: 'shop',
      poolingInterval: 20,
      initialSampler: { shouldSample: () => ({ decision: RECORD_AND_SAMPLED }) } as never,
    }) as unknown as Sampler;
    await untilBoth([ours, theirs], (each) => isSampled(each, 'consume') && !isSampled(each, 'other'));
    server.serve('shop', strategies(0, 1));
    await untilBoth([ours, theirs], (each) => !isSampled(each, 'consume') && isSampled(each, 'other'));
  });
});

describe('the X-Ray sampler of OpenTelemetry', () => {
  let server: XRayServer;
  let ours: PolicySampler;
  let theirs: AWSXRayRemoteSampler;
  afterEach(async () => {
    ours.shutdown();
    theirs.stopPollers();
    await server.close();
  });

  test('matches the rules of the server as Clew does', async () => {
    server = await startXRayServer([
      xrayRule('orders', { Priority: 1, FixedRate: 1, URLPath: '/orders/*' }),
      xrayRule('other', { Priority: 2, ServiceName: 'billing', FixedRate: 1 }),
      xrayRule('Default', { FixedRate: 0 }),
    ]);
    const resource = { 'service.name': 'shop' };
    ours = new PolicySampler({ providers: [new XRayProvider({ url: server.url, resource })] });
    theirs = new AWSXRayRemoteSampler({
      resource: resourceFromAttributes(resource) as never,
      endpoint: server.url,
      pollingInterval: 10,
    });
    await server.receivedBy('GetSamplingRules', 2);
    const both = [ours, theirs as unknown as Sampler];
    const isInForce = (each: Sampler) =>
      isSampled(each, 'GET', '/orders/1') && !isSampled(each, 'GET', '/invoices/1');
    await untilBoth(both, isInForce);
    expect(both.map((each) => isSampled(each, 'GET', '/ORDERS/2'))).toEqual([true, true]);
  });
});

describe('the OpAMP client of Elastic', () => {
  let server: OpampServer;
  let ours: PolicySampler;
  let theirs: ReturnType<typeof createOpAMPClient>;
  afterEach(async () => {
    ours.shutdown();
    await theirs.shutdown();
    await server.close();
  });

  test('receives the configuration of the server, and reports its status, as Clew does', async () => {
    server = await startOpampServer();
    const body = '{"policies":[{"id":"none","keep":{"never":true}}]}';
    server.offer({ policies: { body, contentType: 'application/json' } });
    const provider = new OpampProvider({ url: server.url, resource: {}, intervalMs: 20 });
    ours = new PolicySampler({ providers: [provider] });
    const received = Promise.withResolvers<string>();
    const onMessage: OpAMPClientOptions['onMessage'] = ({ remoteConfig }) => {
      const config = remoteConfig as unknown as {
        config: { configMap: Record<string, { body: Uint8Array }> };
        configHash: Uint8Array;
      };
      received.resolve(Buffer.from(config.config.configMap.policies!.body).toString());
      theirs.setRemoteConfigStatus({
        lastRemoteConfigHash: config.configHash,
        status: RemoteConfigStatuses.RemoteConfigStatuses_APPLIED,
      } as never);
    };
    theirs = createOpAMPClient({
      endpoint: server.url,
      heartbeatIntervalSeconds: 0.1,
      capabilities: ACCEPTS_AND_REPORTS_REMOTE_CONFIG,
      onMessage,
    });
    theirs.setAgentDescription({ identifyingAttributes: { 'service.name': 'peer' } });
    theirs.start();
    expect(await received.promise).toBe(body);
    const applied = () =>
      server.messages.filter(({ remoteConfigStatus }) => remoteConfigStatus?.status === 1);
    const agents = () =>
      new Set(applied().map(({ instanceUid }) => Buffer.from(instanceUid).toString('hex')));
    while (agents().size < 2) await server.receivedMore(1);
    const hashes = applied().map(({ remoteConfigStatus }) =>
      Buffer.from(remoteConfigStatus!.lastRemoteConfigHash).toString('hex'),
    );
    expect(new Set(hashes).size).toBe(1);
    expect(isSampled(ours, 'GET')).toBe(false);
  });
});
