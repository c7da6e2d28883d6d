import { EventEmitter } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { currentSpanId, listenOn, recordSpans, send, whileServing } from '@clew/testing';
import { tracedHttp } from './traced-http.ts';

// The application can pass on, listen to and print a request and its response as without the plugin().

const recorder = recordSpans();
const plugin = tracedHttp();

test('a request that one server passes to another has one span', async () => {
  const seen: string[] = [];
  const inner = http.createServer((request, response) => {
    seen.push(currentSpanId());
    request.resume().on('end', () => {
      seen.push(currentSpanId());
      response.end('ok');
    });
  });
  const outer = http.createServer((request, response) => {
    seen.push(currentSpanId());
    inner.emit('request', request, response);
  });
  await whileServing(listenOn(outer), async (url) => {
    expect((await send(url)).body).toBe('ok');
    const [span] = await recorder.take(1);
    expect(seen).toEqual([span?.spanId, span?.spanId, span?.spanId]);
  });
});

test('an ignored request that one server passes to another has no span', async () => {
  plugin().setConfig({ ignoreIncomingRequestHook: () => true });
  const inner = http.createServer((_request, response) => response.end('ok'));
  const outer = http.createServer((request, response) => {
    plugin().setConfig({});
    inner.emit('request', request, response);
  });
  await whileServing(listenOn(outer), async (url) => {
    expect((await send(url)).body).toBe('ok');
    expect(recorder.spans()).toEqual([]);
  });
});

test('an application with the maximum number of listeners gets no warning', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  const server = http.createServer((_request, response) => {
    for (let count = 0; count < EventEmitter.defaultMaxListeners; count++) response.on('close', () => {});
    response.end(String(response.listenerCount('close')));
  });
  await whileServing(listenOn(server), async (url) => {
    expect((await send(url)).body).toBe('10');
    await recorder.take(1);
    // Warnings are emitted in the next tick.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });
});

test('the span of a request in flight ends after the plugin is disabled', async () => {
  const { promise: served, resolve } = Promise.withResolvers<http.ServerResponse>();
  const server = http.createServer((_request, response) => resolve(response));
  await whileServing(listenOn(server), async (url) => {
    const answer = send(url);
    const response = await served;
    plugin().disable();
    response.end('ok');
    await answer;
    const [span] = await recorder.take(1);
    plugin().enable();
    expect(span?.attributes['http.response.status_code']).toBe(200);
  });
});

test('requests and responses are printed as without the plugin', async () => {
  const shown: string[] = [];
  const server = http.createServer((request, response) => {
    const { port } = request.socket.address() as AddressInfo;
    const hidden = { showHidden: true, depth: 0, breakLength: 1000 };
    shown.push([request, response].map((each) => inspect(each, hidden).replaceAll(String(port), '')).join());
    response.end();
  });
  await whileServing(listenOn(server), async (url) => {
    await send(url);
    await recorder.take(1);
    plugin().setConfig({ disableIncomingRequestInstrumentation: true });
    await send(url);
  });
  expect(shown[0]).toBe(shown[1]);
});
