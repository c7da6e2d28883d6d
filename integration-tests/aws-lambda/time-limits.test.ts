// The time of an invocation: exports fit into it, whatever the receiver does, and time-outs are visible.
import { setTimeout as wait } from 'node:timers/promises';
import { tracedFunctions } from './functions.ts';
import { startFunction } from './platform.ts';

const suite = tracedFunctions();
const names = () => suite.receiver.take().map(({ name }) => name);

test.each([3, 4] as const)(
  'runtime %i: an invocation that times out is exported before',
  async (generation) => {
    // More than the default: other tests may keep the machine busy.
    const variables = { CLEW_AWS_LAMBDA_TIMEOUT_RESERVE_MS: '3000' };
    const invoked = await suite.start({ handler: 'commonjs.hang', generation, variables });
    await invoked.idle();
    expect(await invoked.invoke({}, { timeoutMs: 6000 })).toMatchObject({ kind: 'timeout' });
    const [step, server] = suite.receiver.take();
    const unfinished = { 'clew.unfinished': true, 'clew.unfinished_reason': 'timeout' };
    expect([step!.name, server!.name]).toEqual(['endless step', 'orders']);
    expect(step!.attributes).toEqual(unfinished);
    expect(server!.attributes).toMatchObject({
      ...unfinished,
      'error.type': 'timeout',
      'faas.coldstart': true,
    });
    expect(server!.status.code).toBe(2);
  },
);

test('an invocation that ends shortly before its limit is not marked twice', async () => {
  const invoked = await suite.start({
    handler: 'esmodule.respondLate',
    // More than the time limit: half of the limit is used instead.
    variables: { CLEW_AWS_LAMBDA_TIMEOUT_RESERVE_MS: '10000' },
  });
  // The start of the process does not count towards the limit.
  await invoked.idle();
  const { kind } = await invoked.invoke({}, { timeoutMs: 7000 });
  const [server, ...others] = suite.receiver.take();
  expect([kind, server!.attributes['clew.unfinished_reason'], others]).toEqual(['response', 'timeout', []]);
  await invoked.idle();
  expect((await invoked.invoke({})).kind).toBe('response');
  expect(suite.receiver.take()[0]!.attributes['clew.unfinished']).toBeUndefined();
});

test('with the option 0, a time-out is not exported', async () => {
  const variables = { CLEW_AWS_LAMBDA_TIMEOUT_RESERVE_MS: '0' };
  const invoked = await suite.start({ handler: 'esmodule.hang', variables });
  await invoked.idle();
  expect(await invoked.invoke({}, { timeoutMs: 2000 })).toMatchObject({ kind: 'timeout' });
  expect(names()).not.toContain('orders');
});

test.each(['hangs', 'resets'] as const)(
  'a receiver that %s delays responses by `flushTimeoutMs` once, then by 0.1 s',
  async (mode) => {
    // More than the default: on a busy machine, a response takes a second.
    const variables = { CLEW_AWS_LAMBDA_FLUSH_TIMEOUT_MS: '5000' };
    const invoked = await suite.start({ handler: 'esmodule.respond', variables });
    await invoked.invoke({});
    await invoked.idle();
    suite.receiver.mode = mode;
    const durations: number[] = [];
    for (let count = 2; count < 5; count++) {
      const { kind, body, durationMs } = await invoked.invoke({});
      expect([kind, JSON.parse(body).body]).toEqual(['response', ` ${count}`]);
      durations.push(durationMs);
      await invoked.idle();
    }
    const [first, ...others] = durations;
    expect(first).toBeGreaterThan(4900);
    expect(first).toBeLessThan(10_000);
    for (const each of others) expect(each).toBeLessThan(4000);
  },
);

test('after an outage, the spans of the invocations in it are exported', async () => {
  const variables = { CLEW_AWS_LAMBDA_FLUSH_TIMEOUT_MS: '1000' };
  const invoked = await suite.start({ handler: 'esmodule.respond', variables });
  suite.receiver.mode = 'resets';
  for (let count = 0; count < 3; count++) {
    await invoked.invoke({});
    await invoked.idle();
  }
  suite.receiver.mode = 'responds';
  const received: string[] = [];
  for (let count = 0; count < 20 && received.length < 8; count++) {
    await invoked.invoke({});
    received.push(...names());
    await invoked.idle();
  }
  expect(received.filter((name) => name === 'orders').length).toBeGreaterThanOrEqual(4);
  expect(invoked.output().stderr).toMatch(/^clew warn: .* could not be reached/);
});

test('an export never takes the time that the response needs', async () => {
  const invoked = await suite.start({
    handler: 'esmodule.respond',
    variables: { CLEW_AWS_LAMBDA_FLUSH_TIMEOUT_MS: '60000' },
  });
  await invoked.invoke({});
  await invoked.idle();
  suite.receiver.mode = 'hangs';
  // The export leaves 0.1 s for the response, which is too little on a busy machine: the process lives on for a while.
  const outcome = await invoked.invoke({}, { timeoutMs: 1500, killAfterMs: 10_000 });
  expect(outcome).toMatchObject({ kind: 'response' });
});

test('without `flush`, the response does not wait', async () => {
  const invoked = await suite.start({
    handler: 'esmodule.respond',
    variables: { CLEW_AWS_LAMBDA_FLUSH: 'false', CLEW_AWS_LAMBDA_FLUSH_TIMEOUT_MS: '10000' },
  });
  suite.receiver.mode = 'hangs';
  await invoked.invoke({});
  await invoked.idle();
  // With it, this takes ten seconds.
  expect((await invoked.invoke({})).durationMs).toBeLessThan(5000);
});

test('a process exports after a freeze during which the receiver closed the connection', async () => {
  const variables = { CLEW_AWS_LAMBDA_FLUSH_TIMEOUT_MS: '10000' };
  const invoked = await suite.start({ handler: 'esmodule.respond', variables });
  await invoked.invoke({});
  await invoked.idle();
  expect(names()).toEqual(['step', 'orders']);
  suite.receiver.disconnect();
  // Longer than the delay of a batch: its timer is late when the process continues.
  await wait(1500);
  const { kind, durationMs } = await invoked.invoke({});
  expect([kind, names()]).toEqual(['response', ['step', 'orders']]);
  expect(durationMs).toBeLessThan(5000);
  expect(invoked.output().stderr).toBe('');
});

test('a handler that waits for nothing ends the process, as without Clew', async () => {
  const untraced = await startFunction({ handler: 'esmodule.wait' });
  const expected = await untraced.invoke({});
  await untraced.stop();
  const invoked = await suite.start({ handler: 'esmodule.wait' });
  const { kind, body } = await invoked.invoke({});
  expect([kind, body]).toEqual([expected.kind, expected.body]);
  expect(suite.receiver.take()[0]!.attributes).toMatchObject({ 'clew.unfinished_reason': 'exit' });
});
