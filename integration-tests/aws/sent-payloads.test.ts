// The context in invocations, events and inputs, as it arrives at functions.
import { Buffer } from 'node:buffer';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import * as aws from '@aws-sdk/client-lambda';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { type RecordedSpan, recordSpans } from '@clew/testing';
import { context, propagation } from '@opentelemetry/api';
import { AwsSdkInstrumentation } from '../../packages/instrumentation-aws-sdk/src/index.ts';
import { type AwsServer, startAwsServer } from './servers/aws-server.ts';

const recorder = recordSpans();
const plugin = new AwsSdkInstrumentation();
let server: AwsServer;
const clients: { destroy(): void }[] = [];
beforeAll(async () => {
  server = await startAwsServer();
  plugin.instrument(aws);
});
afterEach(() => plugin.setConfig({}));
afterAll(async () => {
  plugin.disable();
  for (const each of clients) each.destroy();
  await server.close();
});

/** More digits than a number of JavaScript has. */
const LONG = '12345678901234567890';
const traceparentOf = ({ traceId, spanId }: RecordedSpan) => `00-${traceId}-${spanId}-01`;
const withBaggage = <T>(call: () => T): T =>
  context.with(
    propagation.setBaggage(context.active(), propagation.createBaggage({ tenant: { value: 'a' } })),
    call,
  );

test('invocations carry the context in their client context, if it can be read and fits', async () => {
  const lambda = new LambdaClient(server.client);
  clients.push(lambda);
  const seen: unknown[] = [];
  const FunctionName = server.functions.define('f', async (_event, { clientContext }) => {
    seen.push(clientContext);
  });
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
  const given = [
    undefined,
    encoded({ env: { a: 1 }, custom: { own: 'x', traceparent: 'old', tracestate: 'old' } }),
    encoded({ custom: 'text' }),
    encoded([1]),
    Buffer.from(`{"id":${LONG}}`).toString('base64'),
    encoded({ custom: { own: 'x'.repeat(2600) } }),
  ];
  for (const ClientContext of given)
    await withBaggage(() => lambda.send(new InvokeCommand({ FunctionName, ClientContext })));
  await lambda.send(new InvokeCommand({ FunctionName, InvocationType: 'Event' }));
  await server.functions.idle();
  const spans = await recorder.take(7);
  const headers = (index: number) => ({ traceparent: traceparentOf(spans[index]!), baggage: 'tenant=a' });
  expect(seen).toEqual([
    { custom: headers(0) },
    { env: { a: 1 }, custom: { own: 'x', ...headers(1) } },
    { custom: 'text' },
    [1],
    { id: Number(LONG) },
    { custom: { own: 'x'.repeat(2600) } },
    { custom: { traceparent: traceparentOf(spans[6]!) } },
  ]);
});

test('events and inputs carry the context only if the option names their service', async () => {
  const events = new EventBridgeClient(server.client);
  const states = new SFNClient(server.client);
  clients.push(events, states);
  const seen: unknown[] = [];
  const arn = server.functions.define('consumer', async (event: unknown) => void seen.push(event));
  server.bus.addTarget(arn);
  const stateMachineArn = server.machines.define('m', arn);
  const details = [`{ "id": ${LONG} }`, '{}', '[1]', '{"_context":{"traceparent":"old"},"a":1}'];
  const put = () =>
    events.send(new PutEventsCommand({ Entries: details.map((Detail) => ({ Source: 's', Detail })) }));
  await put();
  await states.send(new StartExecutionCommand({ stateMachineArn }));
  await server.functions.idle();
  await recorder.take(2);
  expect(JSON.stringify(seen)).not.toMatch(/"traceparent":"00/);
  seen.length = 0;
  plugin.setConfig({ propagateThrough: ['EventBridge', 'SFN'] });
  await put();
  await states.send(new StartExecutionCommand({ stateMachineArn, input: '{"a":1}' }));
  await states.send(new StartExecutionCommand({ stateMachineArn }));
  await server.functions.idle();
  const [event, execution, empty] = await recorder.take(3);
  const _context = { traceparent: traceparentOf(event!) };
  expect(seen.slice(0, 4).map((each) => (each as { readonly detail: unknown }).detail)).toEqual([
    { _context, id: Number(LONG) },
    { _context },
    [1],
    { _context, a: 1 },
  ]);
  expect(seen.slice(4)).toEqual([
    { _context: { traceparent: traceparentOf(execution!) }, a: 1 },
    { _context: { traceparent: traceparentOf(empty!) } },
  ]);
});
