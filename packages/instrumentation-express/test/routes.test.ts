import { recordSpans } from '@clew/testing';
import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';
import { ExpressInstrumentation } from '../src/index.ts';
import type { ExpressModule } from './program.ts';
import { expresses, trace } from './traced.ts';

const recorder = recordSpans();
const ok: RequestHandler = (_request, response) => {
  response.send('ok');
};
const pass: RequestHandler = (_request, _response, next) => next();
const passAs =
  (word: string): RequestHandler =>
  (_request, _response, next) =>
    next(word);

beforeAll(() => jest.spyOn(console, 'error').mockImplementation(() => {}));
afterAll(() => jest.restoreAllMocks());

type Case = readonly [
  title: string,
  program: (app: Express, express: ExpressModule) => void,
  routes: Readonly<Record<string, string | undefined>>,
];

const cases: readonly Case[] = [
  [
    'an expression, alone and under a mount',
    (app, { Router }) => {
      app.get(/^\/files\/(\d+)$/, ok);
      app.use('/deep', Router().get(/^\/x+$/, ok));
    },
    { '/files/12': '/^\\/files\\/(\\d+)$/', '/deep/xxx': '/deep/^\\/x+$/' },
  ],
  [
    'of a list of paths, the one that matched',
    (app, { Router }) => {
      app.get(['/a', '/b/:id', /^\/c\d$/], ok);
      app.use(['/shops', '/stores/:store'], Router().get(['/', '/songs/:song'], ok));
    },
    {
      '/a': '/a',
      '/b/7?x': '/b/:id',
      '/c3': '/^\\/c\\d$/',
      '/shops': '/shops',
      '/stores/9/songs/2': '/stores/:store/songs/:song',
    },
  ],
  [
    'parameters of mounts stay parameters',
    (app, { Router }) => app.use('/shops/:shop', Router({ mergeParams: true }).get('/songs/:song', ok)),
    { '/shops/7/songs/9': '/shops/:shop/songs/:song' },
  ],
  [
    "a router's root is its mount",
    (app, { Router }) => app.use('/shop/', Router().get('/', ok)),
    { '/shop': '/shop', '/shop/': '/shop' },
  ],
  [
    'a router at the root adds nothing',
    (app, { Router }) => app.use(Router().use(Router().get('/x', ok))),
    { '/x': '/x' },
  ],
  [
    'programs in programs',
    (app, express) => {
      const outer = express();
      const inner = express();
      inner.get('/songs/:id', ok);
      outer.use('/v1', inner);
      app.use('/api', outer);
      app.get('/after', ok);
    },
    { '/api/v1/songs/3': '/api/v1/songs/:id', '/api/v1/none': undefined, '/after': '/after' },
  ],
  [
    'app.all and app.route',
    (app) => {
      app.all('/any/:id', ok);
      app.route('/both').post(ok).get(pass, ok);
    },
    { '/any/1': '/any/:id', '/both': '/both' },
  ],
  [
    'a route that passes the request on gives way to the next, and stays where no other responds',
    (app) => {
      app.get('/users/:id', pass);
      app.get('/users/me', ok);
      app.get('/gone/:id', pass);
      app.get('/late/:id', (_request, _response, next) => void setTimeout(next, 2));
      app.get('/late/later', ok);
      app.get('/tail/:id', pass);
      app.use((request, response, next) => (request.url === '/tail/7' ? void response.send('x') : next()));
    },
    {
      '/users/me': '/users/me',
      '/users/7': undefined,
      '/gone/7': undefined,
      '/late/later': '/late/later',
      '/tail/7': '/tail/:id',
    },
  ],
  [
    'next("route") and next("router")',
    (app, { Router }) => {
      app.get('/skip/:id', passAs('route'), ok);
      app.get('/skip/this', ok);
      const router = Router();
      router.get('/:id', passAs('router'));
      router.get('/:never', ok);
      app.use('/leave', router);
      app.get('/leave/:left', ok);
    },
    { '/skip/this': '/skip/this', '/leave/7': '/leave/:left', '/skip/else': undefined },
  ],
  [
    'middleware that answers has its mount as route, and none at the root',
    (app) => {
      app.use('/static', ok);
      app.use((request, response, next) => (request.url === '/any' ? void response.send('any') : next()));
    },
    { '/static/logo.svg': '/static', '/any': undefined, '/none': undefined },
  ],
  [
    'a middleware of many in one use',
    (app) => {
      app.use('/chain', pass, [pass, pass], ok);
    },
    { '/chain': '/chain' },
  ],
  [
    'what a parameter callback answers or fails with is on the route',
    (app) => {
      app.param('id', (_request, response, next, id) => {
        if (id === 'none') response.status(404).send('no such');
        else if (id === 'bad') next(new Error('bad id'));
        else next();
      });
      app.get('/songs/:id', ok);
      app.get('/left/:other', pass);
      app.use('/left/:id', ok);
    },
    {
      '/left/7': '/left/:id',
      '/left/none': undefined,
      '/songs/none': '/songs/:id',
      '/songs/bad': '/songs/:id',
      '/songs/1': '/songs/:id',
    },
  ],
  [
    'an error handler that passes on without the error has left the route',
    (app) => {
      app.get('/fails', passAs('any error'));
      app.use((_error: unknown, _request: Request, _response: Response, next: NextFunction) => next());
      app.use('/fails', ok);
    },
    { '/fails': '/fails' },
  ],
  [
    'a route without a handler for HEAD, which Express enters, is no route of it',
    (app) => {
      app.post('/only/:id', ok);
      app.use(ok);
    },
    { 'HEAD /only/7': undefined, 'POST /only/7': '/only/:id' },
  ],
  [
    'a route below a mount that responds stays, one beside it does not',
    (app, { Router }) => {
      app.use('/shops', Router().get('/:shop', pass), ok);
      app.all('/stores/:store', pass);
      app.use('/:anything', ok);
    },
    { '/shops/7': '/shops/:shop', '/stores/7': '/:anything' },
  ],
  [
    'a file that is sent',
    (app) => {
      app.get('/file/:name', (_request, response) => response.sendFile(__filename));
      app.get('/passed/:name', (_request, response, next) => {
        response.sendFile(__filename);
        next();
      });
      // Neither responds nor passes on.
      app.use('/passed', () => {});
    },
    { '/file/x': '/file/:name', '/passed/x': '/passed/:name' },
  ],
  [
    'a response after next()',
    (app) => {
      app.get('/early/:id', (_request, response, next) => {
        setTimeout(() => response.send('late'), 4);
        next();
      });
      app.use('/early', () => {});
    },
    { '/early/7': '/early/:id' },
  ],
  [
    'an answer that is streamed',
    (app) => {
      app.get('/stream/:id', async (_request, response) => {
        response.write('one');
        await new Promise((resolve) => setTimeout(resolve, 2));
        response.end('two');
      });
    },
    { '/stream/1': '/stream/:id' },
  ],
];

describe.each(expresses)('the route in %s', (_name, express) => {
  test.each(cases)('%s', async (_title, program, routes) => {
    const targets = Object.keys(routes);
    const traces = await trace(recorder, express, {}, (app) => program(app, express), ...targets);
    expect(traces.map(({ server }) => server.attributes['http.route'])).toEqual(Object.values(routes));
  });

  test('OPTIONS that Express answers itself has no route', async () => {
    const [traced] = await trace(recorder, express, {}, (app) => app.post('/only', ok), 'OPTIONS /only');
    expect(traced?.answer.headers.allow).toContain('POST');
    expect(traced?.server.name).toBe('OPTIONS');
  });
});

describe.each(expresses)('an error in %s', (_name, express) => {
  const program = (app: Express) => {
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
    app.get('/answered', thrower);
    app.use('/answered', (_error: unknown, _request: Request, response: Response, _next: NextFunction) => {
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
    ['/answered', 'TypeError', '/answered'],
    ['/middleware', 'TypeError', '/middleware'],
  ])('%s is %s on the SERVER span', async (target, type, route) => {
    const [traced] = await trace(recorder, express, {}, program, target);
    expect(traced?.answer.status).toBeGreaterThanOrEqual(500);
    expect(traced?.server.attributes['error.type']).toBe(type);
    expect(traced?.server.attributes['http.route']).toBe(route);
  });
});

describe.each(expresses)('an error after the headers in %s', (_name, express) => {
  const half: RequestHandler = (_request, response, next) => {
    response.write('half');
    next(new TypeError('broken'));
  };
  const program = (app: Express) => {
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
  ])('%s is %s with %s', async (target, status, type) => {
    const [traced] = await trace(recorder, express, {}, program, target);
    expect(traced?.server.attributes['http.response.status_code']).toBe(status);
    expect(traced?.server.attributes['error.type']).toBe(type);
    expect(traced?.server.events.length).toBe(type === undefined ? 0 : 1);
    expect(traced?.server.attributes['http.route']).toBe(target);
  });
});

test('a promise of express 5 that is rejected after the headers is an error of the SERVER span', async () => {
  const [, [, express]] = expresses as [unknown, (typeof expresses)[0]];
  const program = (app: Express) =>
    app.get('/rejects', async (_request, response) => {
      response.write('half');
      await undefined;
      throw new SyntaxError('late');
    });
  const [traced] = await trace(recorder, express, {}, program, '/rejects');
  expect(traced?.server.attributes['http.response.status_code']).toBe(200);
  expect(traced?.server.attributes['error.type']).toBe('SyntaxError');
});

test('a rejected promise of express 5 is the error of the SERVER span', async () => {
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

test.each(expresses)(
  'a router of %s that is called without a response works as ever',
  async (_name, express) => {
    await trace(recorder, express, {}, (app) => app.get('/', ok), '/');
    const instance = new ExpressInstrumentation();
    instance.instrument(express);
    const router = express.Router();
    const called: string[] = [];
    router.get('/x', () => void called.push('handler'));
    router({ url: '/x', method: 'GET' } as Request, undefined as unknown as Response, () =>
      called.push('end'),
    );
    instance.disable();
    expect(called).toEqual(['handler']);
  },
);
