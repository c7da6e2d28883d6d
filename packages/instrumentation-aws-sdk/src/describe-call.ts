import { type CallParts, client, messaging, remembered } from '@clew/core/plugin';
import type { Attributes } from '@opentelemetry/api';
import {
  type Client,
  type Command,
  type Fields,
  known,
  type Metadata,
  methodOf,
  type SendOptions,
} from './sdk.ts';
import type { MessagingOperation, Service } from './service.ts';
import { dynamodb } from './services/dynamodb.ts';
import { others } from './services/others.ts';
import { s3 } from './services/s3.ts';
import { sns } from './services/sns.ts';
import { sqs } from './services/sqs.ts';

const SERVICES: Readonly<Record<string, Service>> = {
  DynamoDB: dynamodb,
  S3: s3,
  SQS: sqs,
  SNS: sns,
  ...others,
};
const UNKNOWN: Service = {};

/** How the calls of a client are described. */
export function serviceOf({ config }: Client): Service {
  return SERVICES[String(config.serviceId)] ?? UNKNOWN;
}

/** `cloud.region` by client: known once the SDK's own promise for it has been resolved. */
const regions = new WeakMap<Client, string | undefined>();

/** Describes a call. Source: https://opentelemetry.io/docs/specs/semconv/cloud-providers/aws-sdk/ */
export function describeCall(sender: Client, command: Command, options: SendOptions | undefined): CallParts {
  const method = methodOf(command);
  const service = serviceOf(sender);
  const input = command.input ?? {};
  const queue = shortened(service.messaging?.(input, method));
  return {
    operation: operationOf(JSON.stringify([sender.config.serviceId, method, queue])),
    attributes: { ...regionOf(sender), ...service.request?.(input, method) },
    ...signalParts(options),
  };
}

/** How a call is cancelled. */
export function signalParts(options: SendOptions | undefined): Pick<CallParts, 'signal' | 'isCancelled'> {
  const signal = options?.abortSignal;
  return {
    signal: isSignal(signal) ? signal : undefined,
    isCancelled: (error) => (error as Error | undefined)?.name === 'AbortError',
  };
}

/** The attributes of an error. */
export function failureAttributes(sender: Client, error: unknown): Attributes {
  return { ...regionOf(sender), ...outcomeAttributes(error) };
}

/**
 * What is recorded as the message of an error. Messages of AWS may quote values of a request, and those about signatures
 * quote its headers with the session token.
 */
export function errorSummary(error: unknown): string | undefined {
  const { $metadata } = (error ?? {}) as { readonly $metadata?: Metadata };
  const status = $metadata?.httpStatusCode;
  return typeof status === 'number' ? `status ${status}` : undefined;
}

/** The attributes of a result or an error. */
function outcomeAttributes(outcome: unknown): Attributes {
  const { $metadata } = (outcome ?? {}) as { readonly $metadata?: Metadata };
  return known({
    'aws.request_id': $metadata?.requestId,
    'aws.extended_request_id': $metadata?.extendedRequestId,
    'http.response.status_code': $metadata?.httpStatusCode,
  });
}

/** The attributes of a result that are specific to its service. */
export function resultAttributes(sender: Client, command: Command, output: unknown): Attributes {
  return {
    ...regionOf(sender),
    ...outcomeAttributes(output),
    ...(typeof output === 'object' &&
      output !== null &&
      serviceOf(sender).response?.(output as Fields, methodOf(command))),
  };
}

const operationOf = remembered((key: string) => {
  const [service, method, queue] = JSON.parse(key) as [string, string, MessagingOperation | null];
  const action = queue === null ? undefined : messaging.createAction({ ...queue, label: queue.destination });
  return client.operation({
    service,
    method,
    system: 'aws-api',
    name: action?.name ?? `${service}.${method}`,
    kind: queue?.kind,
    attributes: { 'cloud.provider': 'aws', ...action?.attributes },
  });
});

/** Names of topics have at most 256 characters, those of queues 80. The names of spans are cached. */
const MAX_DESTINATION_CHARS = 256;

function shortened(queue: MessagingOperation | undefined): MessagingOperation | undefined {
  return queue && { ...queue, destination: queue.destination.slice(0, MAX_DESTINATION_CHARS) };
}

/** The region of a client: from its second call on when the call starts, for the first one at its end. */
export function regionOf(sender: Client): Attributes {
  if (!regions.has(sender)) {
    regions.set(sender, undefined);
    const { region } = sender.config;
    if (typeof region === 'string') regions.set(sender, region);
    else if (typeof region === 'function') {
      // The SDK keeps the promise and reports its rejection: the call fails with it.
      Promise.resolve(region()).then(
        (resolved: unknown) => regions.set(sender, typeof resolved === 'string' ? resolved : undefined),
        () => regions.delete(sender),
      );
    }
  }
  return known({ 'cloud.region': regions.get(sender) });
}

function isSignal(value: unknown): value is AbortSignal {
  return typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value;
}
