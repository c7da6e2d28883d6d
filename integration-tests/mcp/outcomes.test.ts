import { once } from 'node:events';
import { recordSpans } from '@clew/testing';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { apis } from './all-apis.ts';
import type { Tool } from './apis.ts';
import { eventsOf, inMemory, spanOf } from './traced.ts';

const recorder = recordSpans();
const CALL = 'tools/call weather';

/** The CLIENT and the SERVER span of a call of the tool. */
async function spansOfCall() {
  const spans = await recorder.take(2);
  return { sent: spanOf(spans, SpanKind.CLIENT, CALL), served: spanOf(spans, SpanKind.SERVER, CALL) };
}

/** A tool that ends when its request is cancelled, and a promise for its start. */
function untilAborted() {
  const started = Promise.withResolvers<void>();
  const tool: Tool = async (_, { signal }) => {
    started.resolve();
    if (!signal.aborted) await once(signal, 'abort');
    return 'too late';
  };
  return { tool, started: started.promise };
}

describe.each(apis)('$name', (api) => {
  test('a result with isError is an error of both sides, and its text is not recorded', () =>
    inMemory(
      api,
      () => ({ isError: true, content: [{ type: 'text', text: 'secret' }] }),
      async ({ client }) => {
        expect(await api.call(client, { name: 'weather' })).toMatchObject({ isError: true });
        const spans = await spansOfCall();
        for (const { attributes, status, events } of Object.values(spans)) {
          expect(attributes['error.type']).toBe('tool_error');
          expect(status.code).toBe(SpanStatusCode.ERROR);
          expect(JSON.stringify({ attributes, status, events })).not.toMatch('secret');
        }
      },
    ));

  test('an error of the caller is an error of the CLIENT span only, and has its code in both spans', () =>
    inMemory(
      api,
      () => {
        throw Object.assign(new Error('no such city'), { code: -32602 });
      },
      async ({ client }) => {
        await expect(api.call(client, { name: 'weather' })).rejects.toThrow('no such city');
        const { sent, served } = await spansOfCall();
        expect(sent.attributes).toMatchObject({
          'error.type': '-32602',
          'rpc.response.status_code': '-32602',
        });
        expect(sent.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no such city' });
        expect(served.attributes['rpc.response.status_code']).toBe('-32602');
        expect(served.attributes['error.type']).toBeUndefined();
        expect(served.status.code).toBe(SpanStatusCode.UNSET);
      },
    ));

  test('an error of the handler is an error of both spans, with its exception in the SERVER span', () =>
    inMemory(
      api,
      () => {
        throw new TypeError('broken');
      },
      async ({ client }) => {
        await expect(api.call(client, { name: 'weather' })).rejects.toThrow('broken');
        const { sent, served } = await spansOfCall();
        for (const { attributes, status } of [sent, served]) {
          expect(attributes).toMatchObject({
            'error.type': '-32603',
            'rpc.response.status_code': '-32603',
          });
          expect(status.code).toBe(SpanStatusCode.ERROR);
        }
        expect(served.events[0]?.attributes).toMatchObject({ 'exception.type': 'TypeError' });
      },
    ));

  test('a method without a handler has the code, and a SERVER span whose name the peer does not choose', () =>
    inMemory(
      api,
      () => 'unused',
      async ({ client }) => {
        await expect(client.listPrompts()).rejects.toThrow('Method not found');
        const spans = await recorder.take(2);
        expect(spanOf(spans, SpanKind.CLIENT, 'prompts/list').attributes['error.type']).toBe('-32601');
        const { attributes } = spanOf(spans, SpanKind.SERVER, 'unknown method');
        expect(attributes).toMatchObject({
          'mcp.method.name': 'prompts/list',
          'rpc.response.status_code': '-32601',
        });
      },
    ));

  test.each([
    ['without a reason', undefined],
    ['with a text as its reason', 'the user left'],
  ])('a cancellation %s is not an error on either side', (_, reason) => {
    const { tool, started } = untilAborted();
    return inMemory(api, tool, async ({ client }) => {
      const controller = new AbortController();
      const called = api.call(client, { name: 'weather' }, { signal: controller.signal });
      await started;
      controller.abort(reason);
      await expect(called).rejects.toBeDefined();
      const { sent, served } = await spansOfCall();
      for (const { attributes, status } of [sent, served]) {
        expect(attributes['error.type']).toBeUndefined();
        expect(status.code).toBe(SpanStatusCode.UNSET);
      }
      expect(sent.attributes['clew.client.incomplete']).toBe('cancelled');
      expect(eventsOf(served)).toEqual(['cancelled']);
    });
  });

  test('an abort with an error as its reason is an error of the CLIENT span', () => {
    const { tool, started } = untilAborted();
    return inMemory(api, tool, async ({ client }) => {
      const controller = new AbortController();
      const called = api.call(client, { name: 'weather' }, { signal: controller.signal });
      await started;
      controller.abort(new RangeError('too slow'));
      await expect(called).rejects.toBeDefined();
      const { sent, served } = await spansOfCall();
      expect(sent.attributes['error.type']).toBe('RangeError');
      expect(served.status.code).toBe(SpanStatusCode.UNSET);
    });
  });

  test('a cancellation before the tool starts leaves no open span', () =>
    inMemory(api, untilAborted().tool, async ({ client }) => {
      const controller = new AbortController();
      const called = api.call(client, { name: 'weather' }, { signal: controller.signal });
      controller.abort();
      await expect(called).rejects.toBeDefined();
      // 2.x does not send the request.
      const spans = await recorder.takeUntil(({ kind }) => kind === SpanKind.CLIENT);
      for (const { status } of spans) expect(status.code).toBe(SpanStatusCode.UNSET);
    }));

  test('a timeout is an error of the CLIENT span, and ends the SERVER span', () =>
    inMemory(api, untilAborted().tool, async ({ client }) => {
      await expect(api.call(client, { name: 'weather' }, { timeout: 10 })).rejects.toThrow('timed out');
      const { sent, served } = await spansOfCall();
      expect(sent.attributes['error.type']).toBe('timeout');
      expect(eventsOf(served)).toEqual(['cancelled']);
    }));

  test('a connection that closes ends the spans of its requests', () => {
    const started = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const tool = async () => {
      started.resolve();
      await released.promise;
      return 'too late';
    };
    return inMemory(api, tool, async ({ client, server }) => {
      // The oldest SDK keeps the timer of the request after the connection has closed.
      const called = api.call(client, { name: 'weather' }, { timeout: 5000 });
      await started.promise;
      server.onerror = () => {};
      await client.close();
      await expect(called).rejects.toThrow('closed');
      // The oldest SDK does not tell its handlers.
      released.resolve();
      const { sent, served } = await spansOfCall();
      expect(sent.attributes['error.type']).toBe('connection_closed');
      expect(served.status.code).toBe(SpanStatusCode.UNSET);
    });
  });

  test('a request that was never sent is an error', () =>
    inMemory(
      api,
      () => 'unused',
      async ({ client }) => {
        await client.close();
        await expect(api.call(client, { name: 'weather' })).rejects.toThrow('Not connected');
        const [sent] = await recorder.take(1);
        expect(sent?.status.code).toBe(SpanStatusCode.ERROR);
      },
    ));
});
