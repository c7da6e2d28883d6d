import { listenTraced, recordSpans, send, whileServing } from '@clew/testing';
import { SpanKind } from '@opentelemetry/api';
import { ExpressInstrumentation } from '../src/index.ts';
import { expresses } from './traced.ts';

const recorder = recordSpans();

type Methods = Record<string, (...args: unknown[]) => unknown>;

/** Wraps the methods of an object as another tool does: the plugin can't remove its own wrappers below these. */
function wrapAgain(object: Methods, names: readonly string[]): void {
  for (const name of names) {
    const method = object[name];
    if (method === undefined) continue;
    object[name] = function (this: unknown, ...args) {
      return method.apply(this, args);
    };
  }
}

test.each(expresses)(
  'wrappers of %s that cannot be removed do nothing after disable()',
  async (_name, express) => {
    const instance = new ExpressInstrumentation({ layers: 'all' });
    instance.instrument(express);
    const router = express.Router();
    router.get('/songs/:id', (_request, response) => void response.send('ok'));
    const { Router } = express as unknown as { Router: { prototype: Methods } };
    wrapAgain(Object.hasOwn(Router, 'use') ? (Router as unknown as Methods) : Router.prototype, [
      'handle',
      'param',
    ]);
    wrapAgain(Object.getPrototypeOf(router.stack[0]), ['handleRequest', 'handle_request', 'handleError']);
    const app = express();
    app.use('/shop', router);

    const found: [route: unknown, layers: boolean][] = [];
    await whileServing(listenTraced(app), async (url) => {
      for (const turn of [() => {}, () => instance.disable()]) {
        turn();
        expect((await send(`${url}/shop/songs/7`)).body).toBe('ok');
        const [server, ...layers] = await recorder.takeUntil(({ kind }) => kind === SpanKind.SERVER);
        found.push([server?.attributes['http.route'], layers.length > 0]);
      }
    });
    expect(found).toEqual([
      ['/shop/songs/:id', true],
      [undefined, false],
    ]);
  },
);
