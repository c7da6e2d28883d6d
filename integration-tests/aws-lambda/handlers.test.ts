// Functions that are traced by the preload flag alone: how they are exported, and how they respond.
import { tracedFunctions } from './functions.ts';
import type { ReceivedSpan } from './receiver.ts';

const SERVER = 2;
const ERROR = 2;
const suite = tracedFunctions();
const serverOf = (spans: readonly ReceivedSpan[]) => spans.find(({ kind }) => kind === SERVER)!;

describe.each(['--require @clew/node/register', '--import @clew/node/register'])('with %s', (flag) => {
  test.each([
    [3, 'commonjs.respond'],
    [4, 'commonjs.respond'],
    [3, 'esmodule.respond'],
    [4, 'esmodule.respond'],
    [3, 'bundled.respond'],
    [4, 'bundled.respond'],
    [3, 'commonjs.nested.respond'],
    [4, 'esmodule.nested.respond'],
    [4, 'esmodule.onlyInDefault'],
  ] as const)('runtime %i, %s: spans are exported before the response', async (generation, handler) => {
    const invoked = await suite.start({ handler, generation, variables: { NODE_OPTIONS: flag } });
    const ids: unknown[] = [];
    for (const [index, greeting] of ['cold', 'warm'].entries()) {
      const { kind, body } = await invoked.invoke({ greeting });
      const spans = suite.receiver.take();
      expect([kind, JSON.parse(body)]).toEqual([
        'response',
        { statusCode: 200, body: `${greeting} ${index + 1}` },
      ]);
      expect(spans.map(({ name }) => name)).toEqual(['step', 'orders']);
      const server = serverOf(spans);
      expect(spans[0]!.parentSpanId).toBe(server.spanId);
      expect(server.attributes).toEqual({
        'faas.trigger': 'other',
        'faas.coldstart': index === 0,
        'faas.invocation_id': expect.stringMatching(/^[\da-f-]{36}$/),
        'aws.lambda.invoked_arn': 'arn:aws:lambda:eu-north-1:000000000000:function:orders:live',
        'cloud.resource_id': 'arn:aws:lambda:eu-north-1:000000000000:function:orders:7',
        'cloud.account.id': '000000000000',
      });
      ids.push(server.resource['faas.instance'], server.resource['process.pid']);
      await invoked.idle();
    }
    expect(new Set(ids).size).toBe(2);
    expect(invoked.output()).toEqual({ stdout: '', stderr: '' });
  });
});

test('the resource describes the function', async () => {
  const invoked = await suite.start({ handler: 'esmodule.respond' });
  await invoked.invoke({});
  const [{ resource } = { resource: {} }] = suite.receiver.take();
  expect(resource).toMatchObject({
    'service.name': 'orders',
    'cloud.provider': 'aws',
    'cloud.platform': 'aws_lambda',
    'cloud.region': 'eu-north-1',
    'faas.name': 'orders',
    'faas.version': '7',
    'faas.instance': '2026/11/27/[7]8d1',
    'faas.max_memory': '134217728',
    'aws.log.group.names': ['/aws/lambda/orders'],
    'aws.log.stream.names': ['2026/11/27/[7]8d1'],
  });
});

test.each([
  ['fail', 'too far'],
  ['failAtOnce', 'at once'],
])('an error of the handler is reported and recorded (%s)', async (name, errorMessage) => {
  const invoked = await suite.start({ handler: `esmodule.${name}` });
  const { kind, body } = await invoked.invoke({});
  const server = serverOf(suite.receiver.take());
  expect([kind, JSON.parse(body)]).toMatchObject(['error', { errorType: 'RangeError', errorMessage }]);
  expect([server.status.code, server.attributes['error.type']]).toEqual([ERROR, 'RangeError']);
});

test.each([
  ['callback', '"called back"'],
  ['contextSucceed', '"succeeded"'],
])('a handler without a promise is exported before its response (%s)', async (name, expected) => {
  const invoked = await suite.start({ handler: `commonjs.${name}`, generation: 3 });
  for (let count = 0; count < 2; count++) {
    const { body } = await invoked.invoke({});
    expect([body, suite.receiver.take().map((each) => each.name)]).toEqual([expected, ['orders']]);
  }
});

test.each(['esmodule.stream', 'commonjs.stream'])(
  'a streamed response has its status (%s)',
  async (handler) => {
    const invoked = await suite.start({ handler });
    for (let count = 0; count < 2; count++) {
      const event = { version: '2.0', rawPath: '/', requestContext: { http: { method: 'GET' } } };
      const { body } = await invoked.invoke(event);
      expect(body).toMatch(/^\{"statusCode":418\}\0{8}streamed$/);
      // The platform waits for the end of the handler, although the client has its response.
      await invoked.idle();
      // The requests of the runtime itself have no spans.
      expect(
        suite.receiver.take().map(({ name, attributes }) => [name, attributes['http.response.status_code']]),
      ).toEqual([['orders', '418']]);
    }
  },
);

test('an uncaught error ends the process, as without Clew, and its invocation is exported', async () => {
  const invoked = await suite.start({ handler: 'commonjs.crash' });
  const { kind, body } = await invoked.invoke({});
  expect([kind, body]).toEqual(['exit', '1']);
  const server = serverOf(suite.receiver.take());
  expect(server.attributes).toMatchObject({
    'clew.unfinished': true,
    'clew.unfinished_reason': 'uncaught exception',
    'error.type': 'Error',
  });
});

test('SIGTERM exports the open spans of an invocation', async () => {
  const invoked = await suite.start({ handler: 'esmodule.hang' });
  const outcome = invoked.invoke({});
  // Lambda sends the signal when it shuts the environment down.
  await invoked.printed('hanging');
  invoked.process.kill('SIGTERM');
  expect(await outcome).toMatchObject({ kind: 'exit', body: 'SIGTERM' });
  expect(
    suite.receiver.take().map(({ name, attributes }) => [name, attributes['clew.unfinished_reason']]),
  ).toEqual([
    ['endless step', 'SIGTERM'],
    ['orders', 'SIGTERM'],
  ]);
});

test.each([
  ['no such file', 'missing.handler'],
  ['no such export', 'esmodule.missing'],
  ['no function', 'esmodule.nested'],
])('a handler that the runtime does not find fails in the same way (%s)', async (_name, handler) => {
  const invoked = await suite.start({ handler });
  expect(await invoked.invoke({})).toMatchObject({ kind: 'error' });
});
