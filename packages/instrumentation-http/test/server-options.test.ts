import http from 'node:http';
import { currentSpanId, listenOn, recordSpans, send, whileServing } from '@clew/testing';
import { HttpInstrumentation } from '../src/index.ts';
import { tracedHttp } from './traced-http.ts';

const recorder = recordSpans();
const plugin = tracedHttp();

test('disableIncomingRequestInstrumentation disables tracing of incoming requests', async () => {
  plugin().setConfig({ disableIncomingRequestInstrumentation: true });
  const server = http.createServer((_request, response) => response.end(currentSpanId()));
  await whileServing(listenOn(server), async (url) => {
    expect((await send(url)).body).toBe('none');
  });
});

test('options take effect at run time', async () => {
  const server = http.createServer((_request, response) => response.end());
  await whileServing(listenOn(server), async (url) => {
    plugin().setConfig({ capturedRequestHeaders: ['x-tenant'] });
    await send(url, { headers: { 'x-tenant': 'acme' } });
    const [span] = await recorder.take(1);
    expect(span?.attributes['http.request.header.x-tenant']).toEqual(['acme']);
  });
});

describe('invalid options', () => {
  test.each<[object, string]>([
    [{ trust: 'sure' }, 'expected trust to be '],
    [{ capturedRequestHeaders: 'x-tenant' }, 'expected capturedRequestHeaders to be a list of strings'],
    [{ requestHook: 1 }, 'expected requestHook to be a function, got 1'],
    [
      { disableIncomingRequestInstrumentation: 'yes' },
      'expected disableIncomingRequestInstrumentation to be true or false, got "yes"',
    ],
    [{ ignoreIncomingPaths: [] }, 'there is no option "ignoreIncomingPaths"'],
  ])('%j throw a TypeError that names the option', (options, message) => {
    expect(() => new HttpInstrumentation(options)).toThrow(
      expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(message) }),
    );
  });
});
