// What is recorded about events, and how a wrapper script starts the function.
import { join } from 'node:path';
import { tracedFunctions } from './functions.ts';

const suite = tracedFunctions();
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const PARENT = 'b7ad6b7169203331';
const secret = (name: string) => `secret-${name}`;

const HTTP_1 = {
  resource: '/orders/{id}',
  path: '/orders/7',
  httpMethod: 'GET',
  headers: {
    traceparent: TRACEPARENT,
    'User-Agent': 'curl/8',
    'X-Forwarded-Proto': 'https',
    Authorization: secret('authorization'),
    Cookie: secret('cookie'),
  },
  multiValueHeaders: { 'x-api-key': [secret('api-key')] },
  queryStringParameters: { token: secret('query') },
  multiValueQueryStringParameters: { token: [secret('query')] },
  pathParameters: { id: '7' },
  stageVariables: { key: secret('stage') },
  requestContext: {
    domainName: 'shop.example',
    identity: { sourceIp: '192.0.2.1', apiKey: secret('identity') },
    authorizer: { token: secret('authorizer') },
  },
  body: secret('body'),
};
const HTTP_2 = {
  version: '2.0',
  routeKey: 'GET /orders/{id}',
  rawPath: '/orders/7',
  rawQueryString: `token=${secret('query')}`,
  cookies: [secret('cookie')],
  headers: { ...HTTP_1.headers, 'x-forwarded-for': '192.0.2.1' },
  requestContext: {
    domainName: 'shop.example',
    http: { method: 'GET', path: '/orders/7', sourceIp: '192.0.2.1' },
  },
  body: secret('body'),
};
const RECORD = {
  messageId: 'id-1',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:eu-north-1:000000000000:jobs',
  body: JSON.stringify({ password: secret('body') }),
  attributes: { SenderId: secret('sender') },
  messageAttributes: {
    traceparent: { stringValue: TRACEPARENT, dataType: 'String' },
    token: { stringValue: secret('attribute'), dataType: 'String' },
  },
};
const REQUEST_ATTRIBUTES = {
  'faas.trigger': 'http',
  'http.request.method': 'GET',
  'http.route': '/orders/{id}',
  'http.response.status_code': '200',
  'url.path': '/orders/7',
  'url.scheme': 'https',
  'server.address': 'shop.example',
  'client.address': '192.0.2.1',
  'user_agent.original': 'curl/8',
};

test.each<[string, object, string, object]>([
  ['API Gateway, version 1', HTTP_1, 'GET /orders/{id}', REQUEST_ATTRIBUTES],
  ['API Gateway, version 2', HTTP_2, 'GET /orders/{id}', REQUEST_ATTRIBUTES],
  [
    'a function URL',
    { ...HTTP_2, routeKey: '$default' },
    'orders',
    { ...REQUEST_ATTRIBUTES, 'http.route': undefined },
  ],
  [
    'a load balancer',
    {
      httpMethod: 'GET',
      path: '/orders/7',
      queryStringParameters: { token: secret('query') },
      headers: { ...HTTP_2.headers, host: 'shop.example:443' },
      requestContext: { elb: { targetGroupArn: 'arn' } },
      body: secret('body'),
    },
    'orders',
    { ...REQUEST_ATTRIBUTES, 'http.route': undefined },
  ],
  ['a message', { Records: [RECORD] }, 'orders', { 'faas.trigger': 'pubsub' }],
  [
    'a timer',
    {
      source: 'aws.events',
      'detail-type': 'Scheduled Event',
      time: '2026-11-27T10:00:00Z',
      detail: { traceparent: TRACEPARENT, token: secret('detail') },
    },
    'orders',
    { 'faas.trigger': 'timer', 'faas.time': '2026-11-27T10:00:00Z' },
  ],
])('%s: the trace continues, and no secret is recorded', async (_name, event, name, attributes) => {
  const invoked = await suite.start({ handler: 'esmodule.respond' });
  await invoked.invoke({ ...event, greeting: secret('greeting') });
  const server = suite.receiver.take().find(({ kind }) => kind === 2)!;
  expect([server.name, server.parentSpanId]).toEqual([name, PARENT]);
  expect({ ...server.attributes }).toMatchObject(
    Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined)),
  );
  expect(suite.receiver.received()).not.toContain('secret-');
});

test('records of S3 and DynamoDB name the bucket or table, never keys', async () => {
  const invoked = await suite.start({ handler: 'commonjs.respond' });
  const s3 = {
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    s3: { bucket: { name: 'photos' }, object: { key: secret('key') } },
  };
  const table = {
    eventSource: 'aws:dynamodb',
    eventName: 'REMOVE',
    eventSourceARN: 'arn:aws:dynamodb:eu-north-1:000000000000:table/songs/stream/2026',
    dynamodb: { Keys: { id: { S: secret('key') } } },
  };
  const recorded: object[] = [];
  for (const Records of [[s3], [table, table], [s3, table]]) {
    await invoked.invoke({ Records });
    const { attributes } = suite.receiver.take().find(({ kind }) => kind === 2)!;
    const { 'faas.document.collection': collection, 'faas.document.operation': operation } = attributes;
    recorded.push({ trigger: attributes['faas.trigger'], collection, operation });
    await invoked.idle();
  }
  expect(recorded).toEqual([
    { trigger: 'datasource', collection: 'photos', operation: 'insert' },
    { trigger: 'datasource', collection: 'songs', operation: 'delete' },
    { trigger: 'datasource', collection: undefined, operation: undefined },
  ]);
  expect(suite.receiver.received()).not.toContain('secret-');
});

test("the client context and the platform's header continue a trace", async () => {
  const invoked = await suite.start({
    handler: 'esmodule.respond',
    variables: { OTEL_PROPAGATORS: 'xray,tracecontext' },
  });
  const clientContext = JSON.stringify({ custom: { traceparent: TRACEPARENT } });
  const xray = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
  const parents: unknown[] = [];
  for (const headers of [
    { 'lambda-runtime-client-context': clientContext, 'lambda-runtime-trace-id': xray },
    { 'lambda-runtime-trace-id': xray },
  ]) {
    await invoked.invoke({}, { headers });
    parents.push(suite.receiver.take().find(({ kind }) => kind === 2)!.parentSpanId);
    await invoked.idle();
  }
  expect(parents).toEqual([PARENT, '53995c3f42cd8ad8']);
});

test('the script for AWS_LAMBDA_EXEC_WRAPPER starts a function with Clew, and keeps its options', async () => {
  const wrapper = join(
    __dirname,
    '..',
    '..',
    'node_modules',
    '@clew',
    'instrumentation-aws-lambda',
    'exec-wrapper',
  );
  const invoked = await suite.start({
    handler: 'esmodule.respond',
    wrapper,
    variables: { NODE_OPTIONS: '--title=mine' },
  });
  const { kind } = await invoked.invoke({});
  expect([kind, suite.receiver.take().map(({ name }) => name)]).toEqual(['response', ['step', 'orders']]);
});
