import {
  type ChannelOperation,
  type ClientCall,
  client,
  defineInstrumentation,
  errors,
  type GenAiCall,
  type GenAiOptions,
  type GenAiReader,
  genAi,
  type Tools,
} from '@clew/core/plugin';
import { inputOf } from './contents.ts';
import { type Event, fieldsOf, type Message, type TotalUsage } from './events.ts';
import { embeddingReader, modelReader, totalUsageOf } from './model-reader.ts';
import { providerOf } from './provider.ts';

declare const __VERSION__: string;

const CHANNEL = 'ai:telemetry';

type AiTools = Tools<GenAiOptions>;

/**
 * Traces the AI SDK 7: a span for each call of a model, each execution of a tool and each agent. It listens to the SDK's
 * tracing channel.
 *
 * @example
 * init({ instrumentations: [new AiInstrumentation({ captureContent: true, redactContent: withoutNames })] });
 */
export const AiInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-ai',
  version: __VERSION__,
  options: genAi.options,
  targets: [{ channel: CHANNEL, tracing: true, watch }],
});

export type AiInstrumentation = InstanceType<typeof AiInstrumentation>;

/** An operation, and how its result is read. */
interface Traced {
  readonly operation: ChannelOperation;
  deliver?(result: unknown): void;
}

/** The streams by the id that an operation shares with its parts. */
const streams = new Map<unknown, WeakRef<Message>>();
const MAX_STREAMS = 1000;

/** The agents by their calls, with the id that their operation shares with its parts. */
const agents = new WeakMap<ClientCall, unknown>();

function watch(tools: AiTools): void {
  const deliveries = new WeakMap<ChannelOperation, Traced['deliver']>();
  tools.traceChannel<Message, ChannelOperation>(CHANNEL, {
    start(message) {
      const traced = STARTS[message.type]?.(tools, message);
      if (traced !== undefined) deliveries.set(traced.operation, traced.deliver);
      return traced?.operation;
    },
    // The SDK publishes no result if the application has configured it not to record inputs or outputs.
    finish: (operation, { result }) => deliveries.get(operation)?.(result),
  });
}

type Start = (tools: AiTools, message: Message) => Traced | undefined;

/** The operations that have spans. A step has none: it consists of a call of a model and of tools. */
const STARTS: Readonly<Record<string, Start>> = {
  generateText: startAgent,
  streamText: startStream,
  languageModelCall: startModelCall,
  executeTool: startTool,
  embed: startEmbeddings,
  embedMany: startEmbeddings,
};

/** Keeps what the SDK publishes of a stream, to know whether the application has aborted it. */
function startStream(tools: AiTools, message: Message): Traced | undefined {
  if (streams.size >= MAX_STREAMS) streams.delete(streams.keys().next().value);
  streams.set(message.event.callId, new WeakRef(message));
  return startAgent(tools, message);
}

/** A call with tools or with a name is an agent. Any other consists of one call of a model, whose span is enough. */
function startAgent(tools: AiTools, message: Message): Traced | undefined {
  const { callId, functionId, provider, modelId } = message.event;
  const isNamed = typeof functionId === 'string' && functionId !== '';
  if (!isNamed && Object.keys(fieldsOf(message.event.tools)).length === 0) return undefined;
  const call = genAi.startAgent(tools, () => ({
    name: isNamed ? functionId : undefined,
    provider: providerOf(provider),
    model: modelId,
  }));
  if (call === undefined) return undefined;
  agents.set(call, callId);
  // The SDK publishes no end if the consumer leaves the stream between two steps.
  call.endWithout(message);
  return {
    operation: call,
    deliver: (result) =>
      genAi.recordAgentResult(call, { usage: totalUsageOf(fieldsOf(result).totalUsage as TotalUsage) }),
  };
}

function startModelCall(tools: AiTools, { event }: Message): Traced | undefined {
  const agent = client.callOf();
  const traced = genAi.startCall(tools, () => ({
    provider: providerOf(event.provider),
    operation: 'chat',
    model: event.modelId,
    parameters: parametersOf(event),
    recordsInput: event.recordInputs !== false,
    recordsOutput: event.recordOutputs !== false,
    isAborted: () => errors.isCancellation(streams.get(event.callId)?.deref()?.error),
    input: () => inputOf(event),
  }));
  if (traced === undefined) return undefined;
  if (agent !== undefined && agents.get(agent) === event.callId) traced.call.breaks(agent);
  return delivering(traced, modelReader);
}

function startEmbeddings(tools: AiTools, { event }: Message): Traced | undefined {
  const traced = genAi.startCall(tools, () => ({
    provider: providerOf(event.provider),
    operation: 'embeddings',
    model: event.modelId,
    stream: false,
  }));
  return traced && delivering(traced, embeddingReader);
}

function delivering(traced: GenAiCall, reader: GenAiReader<never, never>): Traced {
  return {
    operation: traced,
    deliver: (result) => traced.deliver(fieldsOf(result).stream ?? result, reader),
  };
}

/** The SDK reports the failure of a tool as its result. */
function startTool(tools: AiTools, { event }: Message): Traced | undefined {
  const { toolCall, recordInputs, recordOutputs } = event;
  const call = genAi.startTool(tools, () => ({
    name: toolCall?.toolName,
    id: toolCall?.toolCallId,
    arguments: recordInputs === false ? undefined : toolCall?.input,
  }));
  if (call === undefined) return undefined;
  return {
    operation: call,
    deliver(result) {
      const { type, error, output } = fieldsOf(fieldsOf(result).output);
      if (type === 'tool-error') call.fail(error);
      else if (recordOutputs !== false) genAi.recordToolResult(tools, call, output);
    },
  };
}

function parametersOf(event: Event) {
  return {
    max_tokens: event.maxOutputTokens,
    temperature: event.temperature,
    top_p: event.topP,
    top_k: event.topK,
    frequency_penalty: event.frequencyPenalty,
    presence_penalty: event.presencePenalty,
    seed: event.seed,
    stop_sequences: event.stopSequences,
  };
}
