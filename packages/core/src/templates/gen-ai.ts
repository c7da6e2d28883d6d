import { URL } from 'node:url';
import type { Context } from '@opentelemetry/api';
import { cutText } from '../kit/cut-text.ts';
import { guard } from '../kit/failures.ts';
import { remembered } from '../kit/remembered.ts';
import type { Tools } from '../kit/target.ts';
import type { ChannelOperation } from '../kit/tracing-channel.ts';
import { type UrlServer, urlServer } from '../kit/url-server.ts';
import { ATTR } from '../semconv.ts';
import { startCall } from './client.ts';
import type { CallOutcome, ClientCall } from './client-call.ts';
import type { StreamView } from './client-consumption.ts';
import { type ClientOperation, clientOperation } from './client-operation.ts';
import { traceStream } from './client-stream.ts';
import { requestAttributes, responseAttributes } from './gen-ai-attributes.ts';
import { errorRecorder, recordContent } from './gen-ai-content.ts';
import { genAiMetricsOf, recordCall } from './gen-ai-metrics.ts';
import type { GenAiOptions } from './gen-ai-options.ts';
import type { GenAiReader, GenAiRequest, GenAiResponse } from './gen-ai-request.ts';

type GenAiTools = Tools<GenAiOptions>;

/**
 * Starts the span of a request to a generative model. Returns `undefined` if it is not traced.
 * Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
 */
export function startGenAiCall(tools: GenAiTools, describe: () => GenAiRequest): GenAiCall | undefined {
  let traced: GenAiCall | undefined;
  const call = startCall(tools, () => {
    const request = describe();
    traced = new GenAiCall(tools, request);
    return traced.parts();
  });
  return call === undefined ? undefined : traced?.started(call);
}

/** A request to a generative model, whose end is reported by a promise, a stream or a tracing channel. */
export class GenAiCall implements ChannelOperation {
  readonly #tools: GenAiTools;
  readonly #request: GenAiRequest;
  readonly #operation: ClientOperation;
  #call: ClientCall | undefined;
  #response: GenAiResponse = {};

  constructor(tools: GenAiTools, request: GenAiRequest) {
    this.#tools = tools;
    this.#request = request;
    this.#operation = operationOf(keyOf(request));
  }

  /** The description of the call for the template of SDK clients. */
  parts() {
    const { signal, isAborted, isCancelled, recordedError } = this.#request;
    const { meter, options } = this.#tools;
    return {
      operation: this.#operation,
      attributes: { ...this.#request.attributes, ...requestAttributes(this.#request) },
      signal: isSignal(signal) ? signal : undefined,
      isAborted,
      isCancelled,
      recordedError: recordedError ?? errorRecorder(options),
      measure: meter === undefined ? undefined : (outcome: CallOutcome) => this.#measure(outcome),
    };
  }

  started(call: ClientCall): this {
    this.#call = call;
    const { input, recordsInput } = this.#request;
    if (input === undefined || recordsInput === false || !this.#recordsContent) return this;
    const { instructions, messages } = guard(`${this.#tools.name}: reading a request`, input) ?? {};
    recordContent(this.#tools, call.span, 'instructions', instructions);
    recordContent(this.#tools, call.span, 'input', messages);
    return this;
  }

  /** The call of the template for SDK clients. */
  get call(): ClientCall {
    return this.#call as ClientCall;
  }

  get context(): Context {
    return this.call.context;
  }

  /** For a tracing channel, the call is over when its stream begins: it then ends with the stream. */
  get ended(): boolean {
    return this.call.ended || this.call.isStreaming;
  }

  get recording(): boolean {
    return this.call.recording;
  }

  get isDescribed(): boolean {
    return this.call.observed;
  }

  fail(error: unknown): void {
    this.call.fail(error);
  }

  /** Ends the call, unless it ends with a stream. */
  end(): void {
    if (!this.call.isStreaming) this.call.end();
  }

  /**
   * Describes the result of the call, or follows it if it is a stream. `view` names how the stream is read; see
   * `client.traceStream`.
   */
  deliver<Result, Chunk>(
    result: unknown,
    reader: GenAiReader<Result, Chunk>,
    view: Pick<StreamView<Chunk>, 'iterator' | 'signal'> = {},
  ): void {
    if (!isIterable(result)) {
      if (typeof result === 'object' && result !== null) this.#describe(reader.result(result as Result));
      return;
    }
    const collector = reader.collector(this.#recordsOutput);
    const { span, recording } = this.call;
    if (recording && this.#request.stream === undefined) span.setAttribute(ATTR.genAiRequestStream, true);
    traceStream<object, Chunk>(this.call, result, {
      ...view,
      isOutput: reader.isOutput,
      chunk: (chunk) => collector.add(chunk),
      end: () => this.#describe(collector.response()),
    });
  }

  get #recordsContent(): boolean {
    return this.#tools.options.captureContent && this.call.recording;
  }

  get #recordsOutput(): boolean {
    return this.#recordsContent && this.#request.recordsOutput !== false;
  }

  #describe(response: GenAiResponse): void {
    this.#response = response;
    const { failure, output } = response;
    if (failure !== undefined) this.call.fail(failure);
    if (!this.call.recording) return;
    this.call.span.setAttributes(responseAttributes(response));
    if (output !== undefined && this.#recordsOutput)
      recordContent(this.#tools, this.call.span, 'output', output());
  }

  #measure(outcome: CallOutcome): void {
    const { meter } = this.#tools;
    if (meter === undefined) return;
    const { model, usage = {} } = this.#response;
    const attributes = {
      ...this.#operation.spanOptions.attributes,
      ...(typeof model === 'string' && { [ATTR.genAiResponseModel]: model }),
    };
    recordCall(genAiMetricsOf(meter), outcome, attributes, usage);
  }
}

/** Operations are created once for each provider, operation, model and server. */
const operationOf = remembered((key: string): ClientOperation => {
  const [provider, operation, model, baseUrl] = JSON.parse(key) as string[];
  const { address, port } = serverOf(baseUrl ?? '');
  return clientOperation({
    method: operation as string,
    name: model === '' ? (operation as string) : `${operation} ${model}`,
    firstChunkAttribute: ATTR.genAiResponseTimeToFirstChunk,
    attributes: {
      [ATTR.genAiOperationName]: operation,
      [ATTR.genAiProviderName]: provider,
      ...(model !== '' && { [ATTR.genAiRequestModel]: model }),
      ...(address !== undefined && { [ATTR.serverAddress]: address }),
      ...(port !== undefined && { [ATTR.serverPort]: port }),
    },
  });
});

function keyOf({ provider, operation, model, baseUrl }: GenAiRequest): string {
  return JSON.stringify([provider, operation, textOf(model), textOf(baseUrl)]);
}

/** The name of a model is the application's: it is bounded like a name. */
const MAX_NAME_CHARS = 128;

function textOf(value: unknown): string {
  return typeof value === 'string' ? cutText(value, MAX_NAME_CHARS) : '';
}

function serverOf(baseUrl: string): Partial<UrlServer> {
  if (!URL.canParse(baseUrl)) return {};
  const url = new URL(baseUrl);
  const { address, port = url.protocol === 'http:' ? 80 : 443 } = urlServer(url);
  return { address, port };
}

function isSignal(value: unknown): value is AbortSignal {
  return typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value;
}

function isIterable(result: unknown): result is object {
  return typeof result === 'object' && result !== null && Symbol.asyncIterator in result;
}
