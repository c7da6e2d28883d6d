import { type GenAiCall, type GenAiReader, genAi } from '@clew/core/plugin';
import { regionOf, signalParts } from '../describe-call.ts';
import type { AwsTools } from '../options.ts';
import { type Client, type Command, type Fields, known, methodOf, type SendOptions } from '../sdk.ts';
import { converseReader, converseRequest } from './converse.ts';
import { invokeReader, invokeRequest } from './invoke-model.ts';
import type { ModelRequest } from './model-request.ts';

/** How the plugin reads the input and the output of one command. */
interface ModelApi {
  readonly request: (input: Fields) => ModelRequest;
  readonly reader: GenAiReader<never, never>;
  /** The member of the output that is a stream. */
  readonly stream?: string;
}

const APIS: ReadonlyMap<string, ModelApi> = new Map<string, ModelApi>([
  ['Converse', { request: converseRequest, reader: converseReader }],
  ['ConverseStream', { request: converseRequest, reader: converseReader, stream: 'stream' }],
  ['InvokeModel', { request: invokeRequest, reader: invokeReader }],
  ['InvokeModelWithResponseStream', { request: invokeRequest, reader: invokeReader, stream: 'body' }],
]);

/** A call of a model, whose output is passed to `deliver`. */
export interface ModelCall {
  readonly traced: GenAiCall | undefined;
  deliver(output: unknown): void;
}

/** Starts the span of a command that calls a model; returns `undefined` for any other command. */
export function startModelCall(
  tools: AwsTools,
  sender: Client,
  command: Command,
  options: SendOptions | undefined,
  recordedError: (error: unknown) => unknown,
): ModelCall | undefined {
  if (sender.config.serviceId !== 'Bedrock Runtime') return undefined;
  const method = methodOf(command);
  const api = APIS.get(method);
  if (api === undefined) return undefined;
  const { stream } = api;
  const traced = genAi.startCall(tools, () => {
    const input = command.input ?? {};
    const { guardrail, ...request } = api.request(input);
    return {
      ...request,
      ...signalParts(options),
      provider: 'aws.bedrock',
      model: input.modelId,
      stream: stream !== undefined,
      attributes: {
        ...regionOf(sender),
        ...known({
          'rpc.system.name': 'aws-api',
          'rpc.method': `Bedrock Runtime/${method}`,
          'cloud.provider': 'aws',
          'aws.bedrock.guardrail.id': guardrail,
        }),
      },
      recordedError,
    };
  });
  return {
    traced,
    deliver(output) {
      const result = stream === undefined ? output : (output as Fields | undefined)?.[stream];
      traced?.deliver(result, api.reader);
    },
  };
}
