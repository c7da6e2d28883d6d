import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { SpanKind } from '@opentelemetry/api';
import type { FrameworkApplication } from './framework-application.ts';
import type { Step } from './framework-steps.ts';
import { type RawResponse, send } from './raw-http.ts';
import { prepareRecorder, type Recorder } from './recorder.ts';
import type { RecordedSpan } from './recording-span.ts';
import { type SubjectAdapter, tracing } from './subject.ts';
import type { Skips } from './suite.ts';
import { whileServing } from './suite-server.ts';
import { listenTraced } from './traced-server.ts';

/** The adapter of a framework on `node:http`. */
export interface HttpFrameworkAdapter extends SubjectAdapter {
  /** `express 5` */
  readonly name: string;
  readonly skips?: Skips;
  /** Builds an application with the framework in its current state, patched or not. */
  listener(application: FrameworkApplication): RequestListener;
  /** Builds an application of steps in the same way. */
  steps(steps: readonly Step[]): RequestListener;
  /** The path of a route that matches everything: `/{*rest}`. */
  readonly catchAll: string;
  /** Converts `/users/:id` to the framework's syntax, if it differs. */
  spelling?(route: string): string;
  /** Names of the layer spans; undefined where the framework has no such layer. */
  readonly layerNames: {
    middleware(name: string): string | undefined;
    handler(route: string): string | undefined;
  };
}

/** The common steps of the tests of a framework. */
export interface FrameworkDriver {
  readonly adapter: HttpFrameworkAdapter;
  readonly recorder: Recorder;
  /** Returns a route in the framework's syntax. */
  spelled(route: string): string;
  /** Serves an application with the plugin enabled while `work` runs. */
  serving<T>(
    application: FrameworkApplication,
    options: object,
    work: (url: string) => Promise<T>,
  ): Promise<T>;
  /** Sends one request with the default options, and returns the SERVER span, which must be the only one. */
  serveOne(
    application: FrameworkApplication,
    target: string,
  ): Promise<{ readonly response: RawResponse; readonly span: RecordedSpan }>;
  /** Sends one request, and returns the SERVER span and its descendants in the order of their starts. */
  serveLayers(
    application: FrameworkApplication,
    target: string,
    options: object,
  ): Promise<{ readonly server: RecordedSpan; readonly layers: readonly RecordedSpan[] }>;
}

/** Creates the steps for a framework's adapter. */
export function driveFramework(adapter: HttpFrameworkAdapter): FrameworkDriver {
  const recorder = prepareRecorder();
  const serving: FrameworkDriver['serving'] = (application, options, work) =>
    tracing(adapter, options, () => whileServing(listenTraced(adapter.listener(application)), work));
  return {
    adapter,
    recorder,
    spelled: (route) => (adapter.spelling ? adapter.spelling(route) : route),
    serving,
    serveOne: (application, target) =>
      serving(application, {}, async (url) => {
        const response = await send(`${url}${target}`);
        const [span] = await recorder.take(1);
        assert(span);
        assert.equal(span.kind, SpanKind.SERVER);
        return { response, span };
      }),
    serveLayers: (application, target, options) =>
      serving(application, options, async (url) => {
        await send(`${url}${target}`);
        const [server, ...layers] = await recorder.takeUntil(({ kind }) => kind === SpanKind.SERVER);
        assert(server);
        assert.equal(server.kind, SpanKind.SERVER);
        for (const layer of layers) {
          assert.equal(layer.traceId, server.traceId);
          assert.equal(layer.kind, SpanKind.INTERNAL);
        }
        return { server, layers };
      }),
  };
}
