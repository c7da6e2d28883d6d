import type { Attributes } from '@opentelemetry/api';

/** A part of a message: text, a call of a tool, the result of a tool, or any other. */
export interface GenAiPart {
  /** `text`, `reasoning`, `tool_call`, `tool_call_response`, … */
  readonly type: string;
  readonly content?: unknown;
  readonly id?: unknown;
  readonly name?: unknown;
  readonly arguments?: unknown;
  readonly response?: unknown;
}

/**
 * A message in the format of the conventions.
 * Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/#capturing-instructions-inputs-and-outputs
 */
export interface GenAiMessage {
  readonly role: string;
  readonly parts: readonly GenAiPart[];
  readonly finish_reason?: string;
}

/** What an application sends to a model; read only if content is captured. */
export interface GenAiInput {
  readonly instructions?: readonly GenAiPart[] | undefined;
  readonly messages?: readonly GenAiMessage[] | undefined;
}

/** The parameters of a request by their names in the conventions, without `gen_ai.request.`: only numbers and lists of strings. */
export interface GenAiParameters {
  readonly max_tokens?: unknown;
  readonly temperature?: unknown;
  readonly top_p?: unknown;
  readonly top_k?: unknown;
  readonly frequency_penalty?: unknown;
  readonly presence_penalty?: unknown;
  readonly seed?: unknown;
  readonly stop_sequences?: unknown;
}

/** A request to a model. */
export interface GenAiRequest {
  /** `gen_ai.provider.name` */
  readonly provider: string;
  /** `gen_ai.operation.name`: `chat`, `embeddings`, `text_completion`, `generate_content`. */
  readonly operation: string;
  readonly model: unknown;
  /** The URL of the API, for `server.address` and `server.port`. */
  readonly baseUrl?: unknown;
  readonly stream?: boolean | undefined;
  readonly parameters?: GenAiParameters | undefined;
  /** What this request has in addition. */
  readonly attributes?: Attributes | undefined;
  readonly input?: (() => GenAiInput) | undefined;
  /** `false` if the application has configured its SDK not to record what it sends; `true` by default. */
  readonly recordsInput?: boolean | undefined;
  /** `false` if the application has configured its SDK not to record what it receives; `true` by default. */
  readonly recordsOutput?: boolean | undefined;
  /** The signal that the caller passed. */
  readonly signal?: unknown;
  /** Whether the caller has aborted the call, where its signal is not known. */
  readonly isAborted?: (() => boolean) | undefined;
  /** Whether an error means that the caller cancelled the call. */
  readonly isCancelled?: ((error: unknown) => boolean) | undefined;
  /** Returns what is recorded of an error; by default, the error without its message unless all content is. */
  readonly recordedError?: ((error: unknown) => unknown) | undefined;
}

/** The tokens of a response. `inputTokens` includes those read from and written to a cache. */
export interface GenAiUsage {
  readonly inputTokens?: unknown;
  readonly outputTokens?: unknown;
  readonly cacheReadTokens?: unknown;
  readonly cacheWriteTokens?: unknown;
  readonly reasoningTokens?: unknown;
}

/** What a plugin reads from a response or from the chunks of a stream. Values of an unexpected type are not recorded. */
export interface GenAiResponse {
  readonly id?: unknown;
  readonly model?: unknown;
  readonly finishReasons?: readonly unknown[] | undefined;
  readonly usage?: GenAiUsage | undefined;
  /** The failure that a successful response reports, such as a response with the status `failed`. */
  readonly failure?: unknown;
  /** Called only if content is captured. */
  readonly output?: (() => readonly GenAiMessage[]) | undefined;
}

/** Collects what is recorded from the chunks of a stream. */
export interface GenAiCollector<Chunk> {
  add(chunk: Chunk): void;
  response(): GenAiResponse;
}

/** How a plugin reads results and chunks. */
export interface GenAiReader<Result, Chunk> {
  result(result: Result): GenAiResponse;
  /** Whether a chunk counts for the time to the first chunk; by default, any chunk does. */
  isOutput?(chunk: Chunk): boolean;
  /** Creates a collector for a stream. Without `withContent`, it must not keep any content. */
  collector(withContent: boolean): GenAiCollector<Chunk>;
}
