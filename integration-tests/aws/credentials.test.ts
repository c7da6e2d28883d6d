// Calls whose credentials expire at the same moment.
import http, { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import * as sqs from '@aws-sdk/client-sqs';
import { callerSpan, listenOn, type RecordedSpan, recordSpans, within } from '@clew/testing';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { AwsSdkInstrumentation } from '../../packages/instrumentation-aws-sdk/src/index.ts';
import { HttpInstrumentation } from '../../packages/instrumentation-http/src/index.ts';
import { type AwsServer, startAwsServer } from './servers/aws-server.ts';

const CALLS = 100;
const HOUR_MS = 3_600_000;

const recorder = recordSpans();
const plugins = [new AwsSdkInstrumentation(), new HttpInstrumentation()] as const;
const environment = { ...process.env };
let server: AwsServer;
let source: Awaited<ReturnType<typeof listenOn>>;
let issued: string[];
let isBroken: boolean;
let now: number;

/** Issues credentials for an hour, as the agent of a container does. */
function issue(_request: http.IncomingMessage, response: http.ServerResponse): void {
  const Token = `token-${issued.length}-${now}`;
  issued.push(Token);
  response.writeHead(isBroken ? 500 : 200, { 'content-type': 'application/json' });
  const Expiration = new Date(now + HOUR_MS).toISOString();
  response.end(JSON.stringify({ AccessKeyId: 'ASIATEST', SecretAccessKey: 's3cr3t', Token, Expiration }));
}

beforeAll(async () => {
  plugins[0].instrument(sqs);
  plugins[1].instrument(http);
  server = await startAwsServer();
  source = await listenOn(createServer(issue));
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = source.url;
  process.env.AWS_SHARED_CREDENTIALS_FILE = process.env.AWS_CONFIG_FILE = __filename;
});
afterAll(async () => {
  process.env = environment;
  for (const plugin of plugins) plugin.disable();
  await source.close();
  await server.close();
});
beforeEach(() => {
  [issued, isBroken, now] = [[], false, Date.now()];
  jest.spyOn(Date, 'now').mockImplementation(() => now);
});
afterEach(() => jest.restoreAllMocks());

/** A provider of an application, which uses `node:http`. */
async function provide() {
  const response = await new Promise<http.IncomingMessage>((resolve) => http.get(source.url, resolve));
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = (await json(response)) as Record<
    string,
    string
  >;
  if (response.statusCode !== 200) throw new Error('no credentials');
  return {
    accessKeyId: AccessKeyId!,
    secretAccessKey: SecretAccessKey!,
    sessionToken: Token!,
    expiration: new Date(Expiration!),
  };
}

/** Creates the queue of each call, from a caller of its own, at the same time. */
async function callAll(client: sqs.SQSClient) {
  const callers = Array.from({ length: CALLS }, () => callerSpan());
  const outcomes = await Promise.allSettled(
    callers.map((caller, index) =>
      within(caller, () => client.send(new sqs.CreateQueueCommand({ QueueName: `q${index}` }))),
    ),
  );
  for (const caller of callers) caller.end();
  return { outcomes, callers: callers.map((caller) => caller.spanContext().spanId) };
}

/** Both sides of each request have a span, because the servers are in this process. Returns the spans of the calls, each below its own caller, and the spans of requests to the source of credentials. */
function spansOf(spans: readonly RecordedSpan[], callers: readonly string[]) {
  const calls = callers.map((id) => spans.filter(({ parentSpanId }) => parentSpanId === id));
  expect(calls.map(({ length }) => length)).toEqual(callers.map(() => 1));
  const port = Number(new URL(source.url).port);
  return {
    calls: calls.map(([call]) => call!),
    fetches: spans.filter(
      ({ kind, name, attributes }) =>
        kind === SpanKind.CLIENT && name === 'GET' && attributes['server.port'] === port,
    ),
  };
}

const linksOf = (calls: readonly RecordedSpan[]) =>
  calls.map(({ links }) => links.map(({ context }) => context.spanId));

/** The links of all calls if the first one has fetched credentials. */
const linksTo = ({ spanId }: RecordedSpan) => [[], ...Array(CALLS - 1).fill([spanId])];

describe.each([
  ['a provider of the application', { credentials: provide }],
  ['the default chain', {}],
])('with %s', (_name, given) => {
  let client: sqs.SQSClient;
  beforeEach(() => {
    client = new sqs.SQSClient({ endpoint: server.url, region: 'us-east-1', maxAttempts: 2, ...given });
  });
  afterEach(() => client.destroy());

  /** Makes one call, with the first credentials. */
  async function warmUp() {
    await client.send(new sqs.CreateQueueCommand({ QueueName: 'first' }));
    await recorder.take(5);
    expect(issued).toHaveLength(1);
  }

  test('expired credentials are fetched once, below the first call, and the others have a link to it', async () => {
    await warmUp();
    now += 2 * HOUR_MS;
    const { outcomes, callers } = await callAll(client);
    expect(issued).toHaveLength(2);
    const { calls, fetches } = spansOf(await recorder.take(4 * CALLS + 2), callers);
    expect(fetches.map(({ parentSpanId }) => parentSpanId)).toEqual([calls[0]!.spanId]);
    expect(linksOf(calls)).toEqual(linksTo(calls[0]!));
    for (const [index, outcome] of outcomes.entries())
      expect(outcome).toMatchObject({ value: { QueueUrl: `${server.url}/000000000000/q${index}` } });
    for (const { name, status, events, attributes } of calls) {
      expect([name, status.code, events]).toEqual(['SQS.CreateQueue', SpanStatusCode.UNSET, []]);
      expect(attributes['server.port']).toBe(Number(new URL(server.url).port));
    }
  });

  test('calls with credentials that are still good have no link', async () => {
    await warmUp();
    const { callers } = await callAll(client);
    const { calls, fetches } = spansOf(await recorder.take(4 * CALLS), callers);
    expect([fetches, linksOf(calls).flat()]).toEqual([[], []]);
  });

  test('credentials that the service calls expired fail every call, and later calls have new ones', async () => {
    await warmUp();
    server.faults.expire(issued[0]!);
    const { outcomes, callers } = await callAll(client);
    const { calls } = spansOf(await recorder.take(4 * CALLS), callers);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({
        reason: { name: 'ExpiredTokenException', $metadata: { attempts: 1 } },
      });
    for (const { status, attributes, events } of calls) {
      expect(status.code).toBe(SpanStatusCode.ERROR);
      expect(attributes['error.type']).toBe('ExpiredTokenException');
      expect(events.map(({ name }) => name)).toEqual(['exception']);
    }
    now += 2 * HOUR_MS;
    await client.send(new sqs.CreateQueueCommand({ QueueName: 'later' }));
    await recorder.take(5);
    expect(issued).toHaveLength(2);
  });
});

test('credentials that cannot be fetched fail every call once', async () => {
  isBroken = true;
  const client = new sqs.SQSClient({ endpoint: server.url, region: 'us-east-1', credentials: provide });
  const { outcomes, callers } = await callAll(client);
  client.destroy();
  const { calls, fetches } = spansOf(await recorder.take(2 * CALLS + 2), callers);
  expect([issued.length, fetches.length]).toEqual([1, 1]);
  for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { message: 'no credentials' } });
  expect(linksOf(calls)).toEqual(linksTo(calls[0]!));
  for (const { status } of calls) expect(status.code).toBe(SpanStatusCode.ERROR);
});
