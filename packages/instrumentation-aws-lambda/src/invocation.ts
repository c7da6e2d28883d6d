import { rootContext } from '@clew/core';
import {
  ATTR,
  aws,
  contextReceiver,
  guard,
  http,
  Operation,
  type ReceivedContext,
  type TrustOption,
} from '@clew/core/plugin';
import {
  type Attributes,
  type Context,
  createContextKey,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { type EventSource, headersOfClientContext, readEvent } from './event-source.ts';
import { describeRequest, type HttpRequest, statusOf } from './http-request.ts';

const KEY = {
  cloudAccountId: 'cloud.account.id',
  cloudResourceId: 'cloud.resource_id',
  faasColdstart: 'faas.coldstart',
  faasInvocationId: 'faas.invocation_id',
  faasTrigger: 'faas.trigger',
  invokedArn: 'aws.lambda.invoked_arn',
  unfinished: 'clew.unfinished',
  unfinishedReason: 'clew.unfinished_reason',
} as const;

const CURRENT = createContextKey('clew aws lambda invocation');

const receiveRequest = contextReceiver(aws.headersGetter);
const receiveMessage = contextReceiver(aws.headersGetter, 'message');

/** The second argument of a handler, as far as it is read. */
export interface LambdaContext {
  readonly awsRequestId?: string;
  readonly functionName?: string;
  readonly functionVersion?: string;
  readonly invokedFunctionArn?: string;
  readonly clientContext?: unknown;
  getRemainingTimeInMillis?(): number;
}

/** The invocation that a context belongs to. */
export interface CurrentInvocation {
  readonly context: LambdaContext;
  readonly tracer: Tracer;
  readonly trust: TrustOption | undefined;
}

/** The invocation that a context belongs to; `undefined` outside of one. */
export function invocationOf(current: Context): CurrentInvocation | undefined {
  return current.getValue(CURRENT) as CurrentInvocation | undefined;
}

/** The first invocation of a process is a cold start. */
let isCold = true;

/** One invocation: a SERVER span, and below it a CONSUMER span for messages. */
export class Invocation {
  readonly #server: Operation;
  readonly #consumer: Operation | undefined;
  readonly #request: HttpRequest | undefined;
  #stop: (() => void) | undefined;

  constructor(tracer: Tracer, event: unknown, context: LambdaContext, trust: TrustOption | undefined) {
    const source = readEvent(event);
    const { batch } = source;
    this.#request = source.request;
    const messages = receiveAll(source, trust);
    // A single message continues its trace; several are linked, because a span has one parent.
    const only =
      batch?.count === 1 && messages[0] !== undefined && hasAny(messages[0]) ? messages[0] : undefined;
    const received = only ?? receive(source, context, trust);
    const links = only === undefined ? messages.flatMap(aws.linksOf) : [];
    const isProcessed = batch?.system !== undefined;
    const span = tracer.startSpan(
      nameOf(source, context),
      {
        kind: SpanKind.SERVER,
        attributes: attributesOf(source, context),
        links: [...received.links, ...(isProcessed ? [] : links)],
      },
      received.context,
    );
    isCold = false;
    this.#server = new Operation(
      span,
      trace
        .setSpan(received.context, span)
        .setValue(CURRENT, { context, tracer, trust } satisfies CurrentInvocation),
    );
    if (batch?.system !== undefined)
      this.#consumer = aws.startProcessing(
        tracer,
        batch.system,
        batch.source,
        batch.count,
        this.#server.context,
        links,
        batch.messageId,
      );
  }

  get ended(): boolean {
    return this.#server.ended;
  }

  /** Calls the handler with the span current. An error that it throws ends the spans. */
  run<T>(handler: () => T): T {
    return this.#server.run(() => (this.#consumer === undefined ? handler() : this.#consumer.run(handler)));
  }

  /** Ends the spans with an error. */
  fail(error: unknown): void {
    this.#stop?.();
    for (const operation of [this.#consumer, this.#server]) {
      operation?.fail(error);
      operation?.end();
    }
  }

  /**
   * Ends the spans of an invocation that does not end in time, with an error and marked as unfinished. `endOpen` ends all
   * open spans of the process, with those of calls that the handler waits for.
   */
  failUnfinished(reason: string, endOpen: ((reason: string) => void) | undefined): void {
    const operations = [this.#consumer, this.#server].filter((each) => each !== undefined);
    for (const { span } of operations)
      span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute(ATTR.errorType, reason);
    guard('ending open spans', () => endOpen?.(reason));
    for (const operation of operations)
      operation.end({ [KEY.unfinished]: true, [KEY.unfinishedReason]: reason });
  }

  /** Calls `stop` when the spans end. */
  onEnd(stop: () => void): void {
    this.#stop = stop;
  }

  /** Ends the spans with the response. `endTimeMs` is a time in the past, as `originals.monotonicNow()` returns. */
  succeed(response: unknown, endTimeMs?: number): void {
    this.#stop?.();
    this.#consumer?.end(undefined, endTimeMs);
    const status = this.#request && statusOf(response, this.#request);
    if (status !== undefined && status >= 500 && this.#server.recording) {
      this.#server.span.setStatus({ code: SpanStatusCode.ERROR });
      this.#server.span.setAttribute(ATTR.errorType, String(status));
    }
    this.#server.end(status === undefined ? undefined : { [ATTR.httpResponseStatusCode]: status }, endTimeMs);
  }
}

function receiveAll({ batch }: EventSource, trust: TrustOption | undefined): ReceivedContext[] {
  if (batch === undefined) return [];
  const entrance = () => ({ path: batch.source, port: undefined, isQueue: true });
  return batch.headers.map((headers) => receiveMessage(headers, trust, entrance));
}

const NOTHING: ReceivedContext = { context: rootContext, links: [] };

/** The first of these that has a context: the caller's, that of the request or event, and that of the platform. */
function receive(
  { request, headers, batch }: EventSource,
  { clientContext, functionName = '' }: LambdaContext,
  trust: TrustOption | undefined,
): ReceivedContext {
  const entrance = () =>
    request === undefined
      ? { path: functionName, port: undefined, isQueue: true }
      : { path: request.path, port: undefined };
  const platform = process.env._X_AMZN_TRACE_ID;
  // The messages of a batch are linked: the context of the platform is that of the poller.
  const usesPlatform = platform !== undefined && (batch === undefined || batch.count === 1);
  const candidates = [
    clientContext === undefined ? undefined : headersOfClientContext(clientContext),
    headers,
    usesPlatform ? { [aws.XRAY_HEADER]: platform } : undefined,
  ];
  for (const candidate of candidates) {
    const received = candidate && receiveRequest(candidate, trust, entrance);
    if (received !== undefined && hasAny(received)) return received;
  }
  return NOTHING;
}

function hasAny({ context, links }: ReceivedContext): boolean {
  return context !== rootContext || links.length > 0;
}

function nameOf({ request }: EventSource, { functionName = 'function' }: LambdaContext): string {
  return request?.route === undefined ? functionName : `${http.methodName(request.method)} ${request.route}`;
}

function attributesOf({ trigger, request, attributes }: EventSource, context: LambdaContext): Attributes {
  const arn = aws.textOf(context.invokedFunctionArn);
  const account = arn?.split(':')[4];
  return {
    [KEY.faasTrigger]: trigger,
    [KEY.faasColdstart]: isCold && process.env.AWS_LAMBDA_INITIALIZATION_TYPE !== 'provisioned-concurrency',
    ...(context.awsRequestId && { [KEY.faasInvocationId]: context.awsRequestId }),
    ...(arn && { [KEY.invokedArn]: arn, [KEY.cloudResourceId]: resourceOf(arn, context.functionVersion) }),
    ...(account && { [KEY.cloudAccountId]: account }),
    ...(request && describeRequest(request)),
    ...attributes,
  };
}

const ARN_PARTS_WITHOUT_ALIAS = 7;

/** The ARN with the version in place of an alias. Source: https://opentelemetry.io/docs/specs/semconv/faas/aws-lambda/ */
function resourceOf(arn: string, version: string | undefined): string {
  const parts = arn.split(':');
  if (parts.length <= ARN_PARTS_WITHOUT_ALIAS || version === undefined) return arn;
  return [...parts.slice(0, ARN_PARTS_WITHOUT_ALIAS), version].join(':');
}
