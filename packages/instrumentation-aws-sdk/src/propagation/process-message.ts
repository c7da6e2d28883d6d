import { isTracingSuppressed, rootContext } from '@clew/core';
import { aws, currentContext, guard, matchesAny, messaging } from '@clew/core/plugin';
import { type Context, context, type Link } from '@opentelemetry/api';
import { type ReceivedFrom, receivedFrom } from './received-messages.ts';

/**
 * Calls `handler` with a message of `ReceiveMessage`, in a CONSUMER span `process orders` that continues the trace of
 * the message. The span ends when the handler returns, or when its promise settles. Returns what the handler returns
 * and throws what it throws. A message that was not received by a traced client is handled without a span.
 *
 * @example
 * const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl }));
 * for (const message of Messages) await processMessage(message, async ({ Body }) => ship(JSON.parse(Body)));
 */
export function processMessage<Message extends object, T>(
  message: Message,
  handler: (message: Message) => T,
): T {
  const received = receivedFrom(message);
  const caller = currentContext();
  if (received === undefined || isTracingSuppressed(caller)) return handler(message);
  const { tools, context: own } = received;
  const asLink = tools.options.useLinksForConsume;
  // A message without a context belongs to the code that processes it.
  const hasParent = own.context !== rootContext;
  const parent = asLink ? rootContext : hasParent ? own.context : caller;
  return process(received, [message], parent, asLink ? aws.linksOf(own) : [...own.links], () =>
    handler(message),
  );
}

/**
 * Calls `handler` with several messages of `ReceiveMessage`, in one CONSUMER span of the current trace that links to
 * the spans that have sent them. Otherwise the same as {@link processMessage}.
 *
 * @example
 * const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
 * await processBatch(Messages, async (messages) => store(messages));
 */
export function processBatch<Message extends object, T>(
  messages: readonly Message[],
  handler: (messages: readonly Message[]) => T,
): T {
  const received = messages.slice(0, aws.MAX_LINKED).map((message) => receivedFrom(message));
  const first = received.find((each) => each !== undefined);
  const caller = currentContext();
  if (first === undefined || isTracingSuppressed(caller)) return handler(messages);
  const links = received.flatMap((each) => (each === undefined ? [] : aws.linksOf(each.context)));
  return process(first, messages, caller, links, () => handler(messages));
}

/**
 * The context to process a message of `ReceiveMessage` in, without a span of its own; the root context if the message
 * has none.
 *
 * @example
 * context.with(messageContext(message), () => enqueue(message));
 */
export function messageContext(message: object): Context {
  return messaging.contextOf(message) ?? rootContext;
}

function process<T>(
  { tools, queue }: ReceivedFrom,
  messages: readonly object[],
  parent: Context,
  links: Link[],
  handle: () => T,
): T {
  const started = guard(`${tools.name}: processing`, () => {
    const { ignore } = tools.options;
    if (ignore.length > 0 && matchesAny(ignore, `process ${queue}`)) return undefined;
    const { MessageId } = messages[0] as { readonly MessageId?: unknown };
    const messageId = messages.length === 1 ? aws.textOf(MessageId) : undefined;
    return aws.startProcessing(tools.tracer, 'aws_sqs', queue, messages.length, parent, links, messageId);
  });
  const current = started?.context ?? parent;
  for (const message of messages) messaging.setContext(message, current);
  return started === undefined ? context.with(current, handle) : started.settle(started.run(handle));
}
