import { recordSpans } from '@clew/testing';
import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';
import { passAs } from './handlers.ts';
import { expresses, trace } from './traced.ts';

const recorder = recordSpans();

beforeAll(() => jest.spyOn(console, 'error').mockImplementation(() => {}));
afterAll(() => jest.restoreAllMocks());

describe.each(expresses)('an error in %s', (_name, express) => {
  const build = (app: Express) => {
    const thrower: RequestHandler = () => {
      throw new TypeError('thrown');
    };
    app.get('/thrown', thrower);
    app.get('/passed', (_request, _response, next) => next(new RangeError('passed')));
    app.get('/word', passAs('a word'));
    app.get('/wrapped', thrower);
    app.use('/wrapped', (error: unknown, _request: Request, _response: Response, next: NextFunction) =>
      next(new Error('wrapped', { cause: error })),
    );
    app.get('/recovered', thrower);
    app.use('/recovered', (_error: unknown, _request: Request, _response: Response, next: NextFunction) =>
      next(),
    );
    app.use('/recovered', (_request, response) => {
      response.status(500).send('for another reason');
    });
    app.get('/responded', thrower);
    app.use('/responded', (_error: unknown, _request: Request, response: Response, _next: NextFunction) => {
      response.status(503).send('later');
    });
    app.use('/middleware', thrower);
  };

  test.each([
    ['/thrown', 'TypeError', '/thrown'],
    ['/passed', 'RangeError', '/passed'],
    ['/word', 'string', '/word'],
    ['/wrapped', 'TypeError', '/wrapped'],
    ['/recovered', '500', '/recovered'],
    ['/responded', 'TypeError', '/responded'],
    ['/middleware', 'TypeError', '/middleware'],
  ])('%s: the SERVER span has the error type %s', async (target, type, route) => {
    const [traced] = await trace(recorder, express, {}, build, target);
    expect(traced?.response.status).toBeGreaterThanOrEqual(500);
    expect(traced?.server.attributes['error.type']).toBe(type);
    expect(traced?.server.attributes['http.route']).toBe(route);
  });
});

describe.each(expresses)('an error after the headers in %s', (_name, express) => {
  const half: RequestHandler = (_request, response, next) => {
    response.write('half');
    next(new TypeError('broken'));
  };
  const build = (app: Express) => {
    app.get('/passed', half);
    app.get('/refused', (_request, response, next) => {
      response.status(500);
      half(_request, response, next);
    });
    app.get('/complete', (_request, response) => {
      response.send('ok');
      throw new TypeError('too late');
    });
    app.get('/handled', (_request, _response, next) => next(new TypeError('handled')));
    app.get('/twice', (_request, _response, next) => next(new TypeError('handled')));
    app.use('/handled', (error: unknown, _request: Request, response: Response, next: NextFunction) => {
      response.status(400).send('bad');
      next(error);
    });
    app.use('/twice', (_error: unknown, _request: Request, response: Response, next: NextFunction) => {
      response.write('a page');
      next(new RangeError('in the page'));
    });
  };

  test.each([
    ['/passed', 200, 'TypeError'],
    ['/refused', 500, 'TypeError'],
    ['/complete', 200, 'TypeError'],
    ['/handled', 400, undefined],
    ['/twice', 200, 'RangeError'],
  ])('%s: the SERVER span has the status %s and the error type %s', async (target, status, type) => {
    const [traced] = await trace(recorder, express, {}, build, target);
    expect(traced?.server.attributes['http.response.status_code']).toBe(status);
    expect(traced?.server.attributes['error.type']).toBe(type);
    expect(traced?.server.events.length).toBe(type === undefined ? 0 : 1);
    expect(traced?.server.attributes['http.route']).toBe(target);
  });
});

test('a promise of an express 5 handler that is rejected after the headers is an error on the SERVER span', async () => {
  const [, [, express]] = expresses as [unknown, (typeof expresses)[0]];
  const build = (app: Express) =>
    app.get('/rejects', async (_request, response) => {
      response.write('half');
      await undefined;
      throw new SyntaxError('late');
    });
  const [traced] = await trace(recorder, express, {}, build, '/rejects');
  expect(traced?.server.attributes['http.response.status_code']).toBe(200);
  expect(traced?.server.attributes['error.type']).toBe('SyntaxError');
});

test('the rejected promise of an express 5 handler is the error of the SERVER span', async () => {
  const [, [, express]] = expresses as [unknown, (typeof expresses)[0]];
  const [traced] = await trace(
    recorder,
    express,
    {},
    (app) => app.get('/rejects', async () => Promise.reject(new SyntaxError('late'))),
    '/rejects',
  );
  expect(traced?.server.attributes['error.type']).toBe('SyntaxError');
});
