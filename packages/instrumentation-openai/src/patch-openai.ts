import {
  client,
  type GenAiOptions,
  type GenAiReader,
  type GenAiRequest,
  genAi,
  type Tools,
} from '@clew/core/plugin';
import { chatReader, chatRequest } from './chat.ts';
import { providerOf } from './provider.ts';
import { responseReader, responseRequest } from './responses.ts';

/** The body of a request, as far as the plugin reads it. */
export type Body = Readonly<Record<string, unknown>>;

interface Client {
  readonly baseURL?: unknown;
  readonly constructor: { readonly name: string };
}

/** A resource of the client, such as `client.chat.completions`. */
interface Resource {
  readonly _client?: Client;
  /** In the first releases of 4. */
  readonly client?: Client;
}

type Create = (this: Resource, ...args: [body: Body, options?: { readonly signal?: unknown }]) => object;

/** The class of the client; its resources are static properties. */
interface OpenaiClass {
  readonly prototype: object;
  readonly Chat: { readonly Completions: { readonly prototype: object } };
  readonly Completions: { readonly prototype: object };
  readonly Embeddings: { readonly prototype: object };
  /** From 4.87 on. */
  readonly Responses?: { readonly prototype: object };
  readonly APIUserAbortError: new (...args: never[]) => Error;
}

/** How the plugin reads the requests and results of one resource. */
interface Api {
  readonly request: (body: Body) => Pick<GenAiRequest, 'operation' | 'parameters' | 'input'>;
  readonly reader: GenAiReader<never, never>;
}

const CHAT: Api = { request: chatRequest, reader: chatReader };
const COMPLETIONS: Api = {
  request: (body) => ({ ...chatRequest(body), operation: 'text_completion' }),
  reader: chatReader,
};
const EMBEDDINGS: Api = { request: () => ({ operation: 'embeddings' }), reader: chatReader };
const RESPONSES: Api = { request: responseRequest, reader: responseReader };

/** Patches the methods that send requests to models. */
export function patchOpenai(moduleExports: unknown, tools: Tools<GenAiOptions>): void {
  const { OpenAI } = moduleExports as { readonly OpenAI: OpenaiClass };
  const trace = (resource: { readonly prototype: object } | undefined, api: Api) => {
    if (resource === undefined) return;
    tools.wrap<Create>(
      resource.prototype,
      'create',
      (create) =>
        function (...args) {
          const [body, options] = args;
          const sdk = this._client ?? (this.client as Client);
          const traced = genAi.startCall(tools, () => ({
            ...api.request(body),
            provider: providerOf(sdk),
            model: body.model,
            baseUrl: sdk.baseURL,
            stream: body.stream === true,
            signal: options?.signal,
            isCancelled: (error) => error instanceof OpenAI.APIUserAbortError,
          }));
          if (traced === undefined) return create.apply(this, args);
          const { call } = traced;
          return client.settleResponse(
            tools,
            call,
            call.run(() => create.apply(this, args)),
            (result) => traced.deliver(result, api.reader, streamView(result)),
          );
        },
    );
  };
  trace(OpenAI.Chat.Completions, CHAT);
  trace(OpenAI.Completions, COMPLETIONS);
  trace(OpenAI.Embeddings, EMBEDDINGS);
  trace(OpenAI.Responses, RESPONSES);
  client.traceRetries(tools, OpenAI.prototype, 'retryRequest');
}

/** `tee()` and `toReadableStream()` create the iterator with the property `iterator`, too. The first releases lack them. */
function streamView(result: unknown): {
  readonly iterator: PropertyKey;
  readonly signal: AbortSignal | undefined;
} {
  const { controller, iterator } = result as {
    readonly controller?: AbortController;
    readonly iterator?: unknown;
  };
  return {
    iterator: iterator === undefined ? Symbol.asyncIterator : 'iterator',
    signal: controller?.signal,
  };
}
