import { client, defineInstrumentation, type GenAiOptions, genAi, type Tools } from '@clew/core/plugin';
import { type Body, inputOf, messageReader } from './messages.ts';

declare const __VERSION__: string;

/** The client's own tracer, from version 1 on; unset if its tracing is turned off. */
interface SdkClient {
  _tracer?: unknown;
  readonly baseURL?: unknown;
}

type Create = (
  this: { readonly _client: SdkClient },
  ...args: [body: Body, options?: { readonly signal?: unknown }]
) => object;

type Stream = (this: { readonly _client: SdkClient }, ...args: unknown[]) => object;

/** The class of the client; its resources are static properties. */
interface AnthropicClass {
  readonly prototype: object;
  readonly Messages: { readonly prototype: object };
  readonly Beta: { readonly Messages?: { readonly prototype: object } };
  readonly APIUserAbortError: new (...args: never[]) => Error;
}

/**
 * Traces requests of Anthropic's client: a span for each message, which ends with its result or with the end of its
 * stream.
 *
 * @example
 * init({ instrumentations: [new AnthropicInstrumentation({ captureContent: true, redactContent: withoutNames })] });
 */
export const AnthropicInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-anthropic',
  version: __VERSION__,
  options: genAi.options,
  targets: [{ module: '@anthropic-ai/sdk', versions: ['>=0.39 <2'], patch }],
});

export type AnthropicInstrumentation = InstanceType<typeof AnthropicInstrumentation>;

function patch(moduleExports: unknown, tools: Tools<GenAiOptions>): void {
  // The ES module's default export is the class. Its own property `Anthropic` may be a base class without `Beta`.
  const given = moduleExports as AnthropicClass & { readonly Anthropic?: AnthropicClass };
  const Anthropic = given.Anthropic?.Beta === undefined ? given : given.Anthropic;
  for (const resource of [Anthropic.Messages, Anthropic.Beta.Messages]) {
    if (resource === undefined) continue;
    tools.wrap<Create>(
      resource.prototype,
      'create',
      (create) =>
        function (...args) {
          const [body, options] = args;
          const traced = genAi.startCall(tools, () => ({
            provider: 'anthropic',
            operation: 'chat',
            model: body.model,
            baseUrl: this._client.baseURL,
            stream: body.stream === true,
            parameters: {
              max_tokens: body.max_tokens,
              temperature: body.temperature,
              top_p: body.top_p,
              top_k: body.top_k,
              stop_sequences: body.stop_sequences,
            },
            input: () => inputOf(body),
            signal: options?.signal,
            isCancelled: (error) => error instanceof Anthropic.APIUserAbortError,
          }));
          const send = () => withoutOwnSpan(this._client, () => create.apply(this, args));
          if (traced === undefined) return send();
          const { call } = traced;
          return client.settleResponse(tools, call, call.run(send), (result) => {
            const { controller } = result as { readonly controller?: AbortController };
            traced.deliver(result, messageReader, { iterator: 'iterator', signal: controller?.signal });
          });
        },
    );
    // The helper starts a span of the client's own, and then calls `create`.
    tools.wrap<Stream>(
      resource.prototype,
      'stream',
      (stream) =>
        function (...args) {
          return withoutOwnSpan(this._client, () => stream.apply(this, args));
        },
    );
  }
  client.traceRetries(tools, Anthropic.prototype, 'retryRequest');
}

/** The client reads its tracer while it creates the request: there must not be two spans for one call. */
function withoutOwnSpan<T>(sdk: SdkClient, send: () => T): T {
  const { _tracer } = sdk;
  // A frozen client keeps its tracer: its own span is then a second one.
  if (_tracer === undefined || !Reflect.set(sdk, '_tracer', undefined)) return send();
  try {
    return send();
  } finally {
    sdk._tracer = _tracer;
  }
}
