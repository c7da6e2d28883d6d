import { aws, contextReceiver, messaging, type ReceivedContext } from '@clew/core/plugin';
import { type Link, propagation } from '@opentelemetry/api';
import type { AwsTools } from '../options.ts';
import { type Fields, isRecord, textOf } from '../sdk.ts';
import { queueOf } from '../services/sqs.ts';

const { DATADOG_KEY, XRAY_HEADER } = aws;

/** A message that was received, and by which plugin. */
export interface ReceivedFrom {
  readonly tools: AwsTools;
  readonly queue: string;
  readonly context: ReceivedContext;
}

/** Shared by all copies of this package in the process: the application may load another one than the preload. */
const KEY = Symbol.for('clew.aws-sdk.received');
const shared = globalThis as { [KEY]?: WeakMap<object, ReceivedFrom> };
shared[KEY] ??= new WeakMap();
const messages = shared[KEY];

const receive = contextReceiver(aws.headersGetter, 'message');

/**
 * Asks for the attributes that contain a context, which SQS does not return otherwise. Returns the input itself if the
 * application asks for all of them.
 */
export function askForContext(input: Fields): Fields {
  const fields = propagation.fields();
  const hasTraceHeader = fields.some((name) => name.toLowerCase() === XRAY_HEADER);
  if (fields.length === 0) return input;
  const asked = withNames(input, 'MessageAttributeNames', [...fields, DATADOG_KEY]);
  if (!hasTraceHeader) return asked;
  // Old versions of the SDK know only the old name of the list.
  const list = Array.isArray(input.MessageSystemAttributeNames)
    ? 'MessageSystemAttributeNames'
    : 'AttributeNames';
  return withNames(asked, list, ['AWSTraceHeader']);
}

function withNames(input: Fields, list: string, names: readonly string[]): Fields {
  const given: unknown = input[list] ?? [];
  if (!Array.isArray(given) || given.includes('All') || given.includes('.*')) return input;
  const missing = names.filter((name) => !given.includes(name));
  return missing.length === 0 ? input : { ...input, [list]: [...(given as unknown[]), ...missing] };
}

/** Remembers the messages of a result, with their contexts. Returns links to the spans that have sent them. */
export function rememberMessages(tools: AwsTools, input: Fields, output: unknown): Link[] {
  const { Messages } = (output ?? {}) as { readonly Messages?: unknown };
  if (!Array.isArray(Messages)) return [];
  const queue = queueOf(input) ?? '';
  const entrance = () => ({ path: queue, port: undefined, isQueue: true });
  return (Messages as readonly unknown[]).flatMap((message) => {
    if (!isRecord(message)) return [];
    const headers = aws.headersOfMessage({
      attributes: message.MessageAttributes,
      valueKey: 'StringValue',
      traceHeader: isRecord(message.Attributes) ? message.Attributes.AWSTraceHeader : undefined,
      body: textOf(message.Body),
    });
    const context = receive(headers, tools.options.trust, entrance);
    messages.set(message, { tools, queue, context });
    messaging.setContext(message, context.context);
    return aws.linksOf(context);
  });
}

/** How a message was received; `undefined` if that was not traced. */
export function receivedFrom(message: object): ReceivedFrom | undefined {
  return messages.get(message);
}
