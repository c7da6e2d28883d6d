import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { policy, startSpans } from './sampled-spans.ts';

describe('a server of sampling rules', () => {
  let server: Server;
  let requests: string[];
  let respond: (url: string) => unknown;
  beforeEach(async () => {
    requests = [];
    server = createServer((request, response) => {
      requests.push(`${request.method} ${request.url}`);
      const content = JSON.stringify(respond(request.url ?? ''));
      response.writeHead(200, { 'content-type': 'application/json' }).end(content);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  test('can provide policies over HTTP (CLEW_SAMPLING_URL)', async () => {
    respond = () => ({ policies: [policy('a', { never: true })] });
    const running = startSpans({}, { CLEW_SAMPLING_URL: `${address()}/policies` });
    await running.until('a', []);
    expect(await running.span('b')).toEqual(['b']);
    expect(requests[0]).toBe('GET /policies');
    const { code, stderr } = await running.end();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('can be an OpAMP server (CLEW_SAMPLING_OPAMP_URL)', async () => {
    respond = () => ({});
    const running = startSpans({}, { CLEW_SAMPLING_OPAMP_URL: `${address()}/v1/opamp` });
    while (!requests.includes('POST /v1/opamp')) expect(await running.span('a')).toEqual(['a']);
    const { code, stats } = await running.end();
    expect(code).toBe(0);
    expect(Object.keys((stats as unknown as { sampling: { providers: object } }).sampling.providers)).toEqual(
      [`opamp ${address()}/v1/opamp`],
    );
  });

  test.each([['jaeger_remote'], ['parentbased_jaeger_remote']])(
    'can be Jaeger, which decides about the roots of traces (OTEL_TRACES_SAMPLER=%s)',
    async (sampler) => {
      respond = () => ({ strategyType: 'PROBABILISTIC', probabilisticSampling: { samplingRate: 0 } });
      const running = startSpans(
        {},
        {
          OTEL_SERVICE_NAME: 'a shop',
          OTEL_TRACES_SAMPLER: sampler,
          OTEL_TRACES_SAMPLER_ARG: `endpoint=${address()},pollingIntervalMs=1000,initialSamplingRate=1`,
        },
      );
      expect(await running.span('root')).toEqual(['root']);
      await running.until('root', []);
      expect(await running.span('child sampled')).toEqual(['child']);
      expect(requests[0]).toBe('GET /sampling?service=a+shop');
      const { code, stderr } = await running.end();
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    },
  );

  test('can be the daemon of X-Ray (OTEL_TRACES_SAMPLER=xray)', async () => {
    const rule = {
      RuleName: 'Default',
      Priority: 1000,
      FixedRate: 0,
      ReservoirSize: 0,
      ServiceName: '*',
      ServiceType: '*',
      Host: '*',
      HTTPMethod: '*',
      URLPath: '*',
      ResourceARN: '*',
      Version: 1,
      Attributes: {},
    };
    respond = (url) =>
      url === '/GetSamplingRules'
        ? { SamplingRuleRecords: [{ SamplingRule: rule, CreatedAt: 0, ModifiedAt: 0 }], NextToken: null }
        : { SamplingTargetDocuments: [], UnprocessedStatistics: [] };
    const running = startSpans(
      {},
      { OTEL_TRACES_SAMPLER: 'xray', OTEL_TRACES_SAMPLER_ARG: `endpoint=${address()},polling_interval=60` },
    );
    await running.span('first');
    const { stats } = await (async () => {
      while (!requests.includes('POST /GetSamplingRules')) await running.span('next');
      // One trace a second may be borrowed from a rule until X-Ray has assigned a quota.
      await running.until('root', []);
      expect(await running.span('child sampled')).toEqual(['child']);
      return running.end();
    })();
    expect(stats).toMatchObject({ sampling: { policies: { kept: 0, dropped: 0 }, late: { error: 0 } } });
  });
});
