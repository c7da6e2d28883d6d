import { listenTraced, type RawResponse, type RecordedSpan, type Recorder, send } from '@clew/testing';
import { SpanKind } from '@opentelemetry/api';
import type Koa from 'koa';
import { KoaInstrumentation } from '../src/index.ts';
import type { KoaModule } from './program.ts';

/** The result of one request: the response, the SERVER span, and the spans inside it in the order of their starts. */
export interface Trace {
  readonly response: RawResponse;
  readonly server: RecordedSpan;
  readonly layers: readonly RecordedSpan[];
}

/** A traced application that is served. */
export interface Traced {
  readonly app: Koa;
  readonly instance: KoaInstrumentation;
  get(target: string): Promise<Trace>;
}

/** A function that serves a traced application of one version of Koa while `work` runs. */
export const serving =
  (recorder: Recorder, Application: KoaModule) =>
  async (
    options: ConstructorParameters<typeof KoaInstrumentation>[0],
    build: (app: Koa, instance: KoaInstrumentation) => void,
    work: (traced: Traced) => Promise<void>,
  ): Promise<void> => {
    const instance = new KoaInstrumentation(options);
    instance.instrument(Application);
    const app = new Application();
    app.silent = true;
    build(app, instance);
    const listening = await listenTraced(app.callback());
    const get = async (target: string) => {
      const response = await send(`${listening.url}${target}`);
      const [server, ...layers] = await recorder.takeUntil(({ kind }) => kind === SpanKind.SERVER);
      if (server === undefined) throw new Error('no SERVER span');
      return { response, server, layers };
    };
    try {
      await work({ app, instance, get });
    } finally {
      await listening.close();
      instance.disable();
    }
  };

/** `parent > child` of each span, in the order of their starts. */
export function tree({ server, layers }: Trace): string[] {
  const nameOf = (id: string | undefined) => [server, ...layers].find(({ spanId }) => spanId === id)?.name;
  return layers.map(({ parentSpanId, name }) => `${nameOf(parentSpanId)} > ${name}`);
}

/** Middleware that responds with `ok`. */
export const ok: Koa.Middleware = (ctx) => {
  ctx.body = 'ok';
};

/** Resolves in a later turn of the event loop. */
export const later = () => new Promise((resolve) => setTimeout(resolve, 2));
