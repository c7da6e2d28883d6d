// What the SDK publishes, as far as the plugin reads it.

/** A message of the channel `ai:telemetry`: the same object for all events of an operation. */
export interface Message {
  readonly type: string;
  readonly event: Event;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** The arguments of an operation. Those that it does not have are missing. */
export interface Event {
  /** The same for an operation and for all that it consists of. */
  readonly callId?: unknown;
  readonly provider?: unknown;
  readonly modelId?: unknown;
  /** The name that the application gives in `telemetry.functionId`. */
  readonly functionId?: unknown;
  /** `false` if the application has set `telemetry.recordInputs` to `false`. */
  readonly recordInputs?: unknown;
  /** The same for `telemetry.recordOutputs`. */
  readonly recordOutputs?: unknown;
  readonly tools?: unknown;
  readonly instructions?: unknown;
  readonly messages?: unknown;
  readonly maxOutputTokens?: unknown;
  readonly temperature?: unknown;
  readonly topP?: unknown;
  readonly topK?: unknown;
  readonly frequencyPenalty?: unknown;
  readonly presencePenalty?: unknown;
  readonly seed?: unknown;
  readonly stopSequences?: unknown;
  readonly toolCall?: {
    readonly toolCallId?: unknown;
    readonly toolName?: unknown;
    readonly input?: unknown;
  };
}

/** A part of a message, of a result or of a stream. */
export interface Part {
  readonly type?: unknown;
  readonly text?: unknown;
  /** Of a stream: the block that a part belongs to. */
  readonly id?: unknown;
  readonly delta?: unknown;
  readonly toolCallId?: unknown;
  readonly toolName?: unknown;
  readonly input?: unknown;
  readonly output?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly modelId?: unknown;
  readonly usage?: Usage;
  readonly finishReason?: FinishReason;
}

export interface FinishReason {
  readonly unified?: unknown;
}

/** The usage of a call of a model. */
export interface Usage {
  readonly inputTokens?: Readonly<Record<'total' | 'cacheRead' | 'cacheWrite', unknown>>;
  readonly outputTokens?: Readonly<Record<'total' | 'reasoning', unknown>>;
}

/** The result of a call of a model. */
export interface ModelResult {
  readonly content?: readonly Part[];
  readonly finishReason?: FinishReason;
  readonly usage?: Usage;
  readonly response?: { readonly id?: unknown; readonly modelId?: unknown };
}

/** The sum of what the steps of an operation have used. */
export interface TotalUsage {
  readonly inputTokens?: unknown;
  readonly outputTokens?: unknown;
  readonly inputTokenDetails?: { readonly cacheReadTokens?: unknown; readonly cacheWriteTokens?: unknown };
  readonly outputTokenDetails?: { readonly reasoningTokens?: unknown };
}

/** The value as an object, to read properties of what an application or a model has given. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
