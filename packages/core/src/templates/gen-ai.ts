import { URL } from 'node:url';
import type { Attributes } from '@opentelemetry/api';
import { cutText } from '../kit/cut-text.ts';
import { guard } from '../kit/failures.ts';
import { remembered } from '../kit/remembered.ts';
import type { Tools } from '../kit/target.ts';
import { type UrlServer, urlServer } from '../kit/url-server.ts';
import { ATTR } from '../semconv.ts';
import { startCall } from './client.ts';
import type { CallOutcome, ClientCall } from './client-call.ts';
import { withoutContent } from './client-error.ts';
import { type ClientOperation, clientOperation } from './client-operation.ts';
import { type StreamView, traceStream } from './client-stream.ts';
import { recordContent } from './gen-ai-content.ts';
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

/** A request to a generative model. */
export class GenAiCall {
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
    const { signal, isCancelled } = this.#request;
    const { meter, options } = this.#tools;
    return {
      operation: this.#operation,
      attributes: requestAttributes(this.#request),
      signal: isSignal(signal) ? signal : undefined,
      isCancelled,
      recordedError: options.captureContent ? undefined : withoutContent,
      measure: meter === undefined ? undefined : (outcome: CallOutcome) => this.#measure(outcome),
    };
  }

  started(call: ClientCall): this {
    this.#call = call;
    const { input } = this.#request;
    if (input === undefined || !this.#recordsContent) return this;
    const { instructions, messages } = guard(`${this.#tools.name}: reading a request`, input) ?? {};
    recordContent(this.#tools, call.span, 'instructions', instructions);
    recordContent(this.#tools, call.span, 'input', messages);
    return this;
  }

  /** The call of the template for SDK clients. */
  get call(): ClientCall {
    return this.#call as ClientCall;
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
    const collector = reader.collector(this.#recordsContent);
    traceStream<object, Chunk>(this.call, result, {
      ...view,
      chunk: (chunk) => collector.add(chunk),
      end: () => this.#describe(collector.response()),
    });
  }

  get #recordsContent(): boolean {
    return this.#tools.options.captureContent && this.call.recording;
  }

  #describe(response: GenAiResponse): void {
    this.#response = response;
    const { failure, output } = response;
    if (failure !== undefined) this.call.fail(failure);
    if (!this.call.recording) return;
    this.call.span.setAttributes(responseAttributes(response));
    if (output !== undefined && this.#recordsContent)
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

function requestAttributes({ stream, parameters = {} }: GenAiRequest): Attributes {
  const attributes: Attributes = {};
  if (stream === true) attributes[ATTR.genAiRequestStream] = true;
  for (const [name, value] of Object.entries(parameters)) {
    const list = typeof value === 'string' ? [value] : value;
    if (typeof list === 'number' || isStrings(list)) attributes[`${ATTR.genAiRequest}${name}`] = list;
  }
  return attributes;
}

function responseAttributes({ id, model, finishReasons = [], usage = {} }: GenAiResponse): Attributes {
  const attributes: Attributes = {};
  if (typeof id === 'string') attributes[ATTR.genAiResponseId] = id;
  if (typeof model === 'string') attributes[ATTR.genAiResponseModel] = model;
  const reasons: string[] = [];
  for (const reason of finishReasons) if (typeof reason === 'string') reasons.push(reason);
  if (reasons.length > 0) attributes[ATTR.genAiResponseFinishReasons] = reasons;
  for (const [key, count] of [
    [ATTR.genAiUsageInputTokens, usage.inputTokens],
    [ATTR.genAiUsageOutputTokens, usage.outputTokens],
    [ATTR.genAiUsageCacheReadInputTokens, usage.cacheReadTokens],
    [ATTR.genAiUsageCacheCreationInputTokens, usage.cacheWriteTokens],
    [ATTR.genAiUsageReasoningOutputTokens, usage.reasoningTokens],
  ] as const) {
    if (typeof count === 'number') attributes[key] = count;
  }
  return attributes;
}

function isSignal(value: unknown): value is AbortSignal {
  return typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value;
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isIterable(result: unknown): result is object {
  return typeof result === 'object' && result !== null && Symbol.asyncIterator in result;
}
