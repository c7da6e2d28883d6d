import { listenTraced, type RawResponse, type RecordedSpan, type Recorder, send } from '@clew/testing';
import { SpanKind } from '@opentelemetry/api';
import type Koa from 'koa';
import { KoaInstrumentation } from '../src/index.ts';
import type { KoaModule } from './program.ts';

/** What one request left: the answer, the SERVER span, and the spans inside it in the order of their starts. */
export interface Trace {
  readonly answer: RawResponse;
  readonly server: RecordedSpan;
  readonly layers: readonly RecordedSpan[];
}

/** A traced program that is being served. */
export interface Traced {
  readonly app: Koa;
  readonly instance: KoaInstrumentation;
  get(target: string): Promise<Trace>;
}

/** Serves a program, traced, while `work` runs. */
export async function serveTraced(
  recorder: Recorder,
  Application: KoaModule,
  options: ConstructorParameters<typeof KoaInstrumentation>[0],
  program: (app: Koa, instance: KoaInstrumentation) => void,
  work: (traced: Traced) => Promise<void>,
): Promise<void> {
  const instance = new KoaInstrumentation(options);
  instance.instrument(Application);
  const app = new Application();
  app.silent = true;
  program(app, instance);
  const listening = await listenTraced(app.callback());
  const get = async (target: string) => {
    const answer = await send(`${listening.url}${target}`);
    const [server, ...layers] = await recorder.takeUntil(({ kind }) => kind === SpanKind.SERVER);
    if (server === undefined) throw new Error('no SERVER span');
    return { answer, server, layers };
  };
  try {
    await work({ app, instance, get });
  } finally {
    await listening.close();
    instance.disable();
  }
}
