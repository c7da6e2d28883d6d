import { Readable } from 'node:stream';
import { ATTR } from '@clew/core/plugin';
import { recordSpans } from '@clew/testing';
import fastify5, { type FastifyInstance } from 'fastify';
import type { FastifyInstrumentation } from '../src/index.ts';
import { broken, type Trace, trace } from './traced.ts';

const recorder = recordSpans();

describe('handlers of fastify 5 as layers', () => {
  const options = { layers: 'all' } as const;
  const names = ({ layers }: Trace) => layers.map(({ name }) => name);

  test.each<[string, (app: FastifyInstance) => unknown]>([
    ['returns a value', (app) => app.get('/songs', () => 'songs')],
    ['returns a promise', (app) => app.get('/songs', async () => ({}))],
    ['sends in the handler', (app) => app.get('/songs', (_request, reply) => void reply.send('songs'))],
    [
      'sends from a callback',
      (app) => app.get('/songs', (_request, reply) => void setImmediate(() => reply.send('songs'))),
    ],
    ['sends a stream', (app) => app.get('/songs', (_request, reply) => reply.send(Readable.from(['songs'])))],
  ])('a handler that %s is one span, which ends within the request', async (_title, build) => {
    const traced = await trace(recorder, fastify5, build, '/songs', {}, options);
    expect(names(traced)).toEqual(['request handler - /songs']);
    expect(traced.layers[0]?.attributes).toEqual({
      'fastify.type': 'request_handler',
      'http.route': '/songs',
    });
    expect(traced.layers[0]?.endTimeMs).toBeLessThanOrEqual(traced.server.endTimeMs);
  });

  test.each<[string, (app: FastifyInstance) => unknown]>([
    ['throws', (app) => app.get('/songs', () => broken())],
    ['rejects', (app) => app.get('/songs', async () => broken())],
  ])('a handler that %s has the error, and so has the SERVER span', async (_title, build) => {
    const { layers, server } = await trace(recorder, fastify5, build, '/songs', {}, options);
    expect(layers.map(({ attributes }) => attributes[ATTR.errorType])).toEqual(['TypeError']);
    expect(server.attributes[ATTR.errorType]).toBe('TypeError');
  });

  test('requestHook adds to the span', async () => {
    const requestHook: FastifyHook = (span, { route }) => span.setAttribute('song', route);
    const build = (app: FastifyInstance) => app.get('/songs', async () => ({}));
    const { layers } = await trace(recorder, fastify5, build, '/songs', {}, { ...options, requestHook });
    expect(layers[0]?.attributes.song).toBe('/songs');
  });
});

type FastifyHook = NonNullable<
  NonNullable<ConstructorParameters<typeof FastifyInstrumentation>[0]>['requestHook']
>;
