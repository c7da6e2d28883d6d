import { recordSpans } from '@clew/testing';
import type { Express, NextFunction, Request, Response } from 'express';
import { ExpressInstrumentation } from '../src/index.ts';
import { ok, pass, passAs } from './handlers.ts';
import type { ExpressModule } from './program.ts';
import { expresses, trace } from './traced.ts';

const recorder = recordSpans();

beforeAll(() => jest.spyOn(console, 'error').mockImplementation(() => {}));
afterAll(() => jest.restoreAllMocks());

type Case = readonly [
  title: string,
  build: (app: Express, express: ExpressModule) => void,
  routes: Readonly<Record<string, string | undefined>>,
];

const cases: readonly Case[] = [
  [
    'a regular expression, alone and under a mount',
    (app, { Router }) => {
      app.get(/^\/files\/(\d+)$/, ok);
      app.use('/deep', Router().get(/^\/x+$/, ok));
    },
    { '/files/12': '/^\\/files\\/(\\d+)$/', '/deep/xxx': '/deep/^\\/x+$/' },
  ],
  [
    'in a list of paths, the one that matched',
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
    'the root of a router has the path of its mount',
    (app, { Router }) => app.use('/shop/', Router().get('/', ok)),
    { '/shop': '/shop', '/shop/': '/shop' },
  ],
  [
    'a router at the root adds nothing',
    (app, { Router }) => app.use(Router().use(Router().get('/x', ok))),
    { '/x': '/x' },
  ],
  [
    'an application in an application',
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
    'a route that calls next() is replaced by the next route, kept if middleware responds, and dropped if nothing does',
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
    'of middleware that responds, the path of its mount, and no route at the root',
    (app) => {
      app.use('/static', ok);
      app.use((request, response, next) => (request.url === '/any' ? void response.send('any') : next()));
    },
    { '/static/logo.svg': '/static', '/any': undefined, '/none': undefined },
  ],
  [
    'one of several middleware functions in one call of use()',
    (app) => {
      app.use('/chain', pass, [pass, pass], ok);
    },
    { '/chain': '/chain' },
  ],
  [
    'of a parameter callback that responds or fails, the route of the parameter',
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
    'an error handler that calls next() without the error leaves the route',
    (app) => {
      app.get('/fails', passAs('any error'));
      app.use((_error: unknown, _request: Request, _response: Response, next: NextFunction) => next());
      app.use('/fails', ok);
    },
    { '/fails': '/fails' },
  ],
  [
    'a route without a handler for HEAD is not the route of a HEAD request, although Express enters it',
    (app) => {
      app.post('/only/:id', ok);
      app.use(ok);
    },
    { 'HEAD /only/7': undefined, 'POST /only/7': '/only/:id' },
  ],
  [
    'a route below a mount that responds is kept, one beside it is not',
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
      // Neither responds nor calls next().
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
    'a streamed response',
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
  test.each(cases)('%s', async (_title, build, routes) => {
    const targets = Object.keys(routes);
    const traces = await trace(recorder, express, {}, (app) => build(app, express), ...targets);
    expect(traces.map(({ server }) => server.attributes['http.route'])).toEqual(Object.values(routes));
  });

  test('an OPTIONS request that Express handles itself has no route', async () => {
    const [traced] = await trace(recorder, express, {}, (app) => app.post('/only', ok), 'OPTIONS /only');
    expect(traced?.response.headers.allow).toContain('POST');
    expect(traced?.server.name).toBe('OPTIONS');
  });
});

test.each(expresses)(
  'a router of %s that is called without a response works as without tracing',
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
