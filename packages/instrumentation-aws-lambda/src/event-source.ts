import { Buffer } from 'node:buffer';
import { aws } from '@clew/core/plugin';
import type { Attributes } from '@opentelemetry/api';
import { readBrokerEvent } from './broker-events.ts';
import { type HttpRequest, readRequest } from './http-request.ts';

const { CONTEXT_KEY, headersOf, headersOfAttributes, headersOfDetail, headersOfMessage, isRecord, textOf } =
  aws;
type Fields = aws.Fields;
type ReceivedHeaders = aws.ReceivedHeaders;

/** What an event contains about the source of an invocation. */
export interface EventSource {
  /** `faas.trigger`. Source: https://opentelemetry.io/docs/specs/semconv/faas/faas-spans/ */
  readonly trigger: 'http' | 'pubsub' | 'datasource' | 'timer' | 'other';
  /** The headers of the invocation itself. */
  readonly headers?: ReceivedHeaders;
  /** An HTTP request. */
  readonly request?: HttpRequest;
  /** Other attributes of the span. */
  readonly attributes?: Attributes;
  /** Messages that are processed together. */
  readonly batch?: MessageBatch;
}

export interface MessageBatch {
  /** `messaging.system`; `undefined` for records, which have no span of their own. */
  readonly system: 'aws_sqs' | 'aws.sns' | 'kafka' | 'rabbitmq' | undefined;
  /** The name of the queue, topic or stream; empty if there are several. */
  readonly source: string;
  readonly count: number;
  /** The id of a single message. */
  readonly messageId: string | undefined;
  /** The headers of each, at most 128. */
  readonly headers: readonly ReceivedHeaders[];
}

/** Rules with a schedule, and EventBridge Scheduler. */
const SCHEDULERS = new Set(['aws.events', 'aws.scheduler']);

/** Reads the source of an event, which anyone may have written. Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html */
export function readEvent(event: unknown): EventSource {
  const fields = fieldsOf(event);
  const { Records, 'detail-type': detailType, detail, source, time } = fields;
  if (Array.isArray(Records) && Records.length > 0) return readRecords(Records);
  const request = readRequest(fields);
  if (request !== undefined) return { trigger: 'http', headers: request.headers, request };
  const batch = readBrokerEvent(fields);
  if (batch !== undefined) return { trigger: 'pubsub', batch };
  if (typeof detailType !== 'string') return { trigger: 'other', headers: headersOfDetail(event) };
  const headers = headersOfDetail(detail);
  if (!SCHEDULERS.has(String(source))) return { trigger: 'pubsub', headers };
  return {
    trigger: 'timer',
    headers,
    attributes: textOf(time) === undefined ? {} : { 'faas.time': textOf(time) },
  };
}

/** The headers in the client context of an invocation through the SDK. */
export function headersOfClientContext(clientContext: unknown): ReceivedHeaders {
  const { custom, Custom } = fieldsOf(clientContext);
  return { ...headersOf(Custom), ...headersOf(custom) };
}

function readRecords(records: readonly unknown[]): EventSource {
  const first = fieldsOf(records[0]);
  const read = (
    system: MessageBatch['system'],
    arnOf: (record: Fields) => unknown,
    headers: (record: Fields) => ReceivedHeaders,
    idOf: (record: Fields) => unknown = () => undefined,
  ): EventSource => ({
    trigger: 'pubsub',
    batch: {
      system,
      source: commonName(records.map((record) => arnOf(fieldsOf(record)))),
      count: records.length,
      messageId: records.length === 1 ? textOf(idOf(first)) : undefined,
      headers: records.slice(0, aws.MAX_LINKED).map((record) => headers(fieldsOf(record))),
    },
  });
  if (first.eventSource === 'aws:sqs')
    return read(
      'aws_sqs',
      (record) => record.eventSourceARN,
      headersOfSqs,
      (record) => record.messageId,
    );
  if (first.EventSource === 'aws:sns')
    return read(
      'aws.sns',
      ({ Sns }) => fieldsOf(Sns).TopicArn,
      ({ Sns }) => headersOfAttributes(fieldsOf(Sns).MessageAttributes, 'Value'),
      ({ Sns }) => fieldsOf(Sns).MessageId,
    );
  if (first.eventSource === 'aws:kinesis')
    return read(
      undefined,
      (record) => record.eventSourceARN,
      ({ kinesis }) => headersOfData(fieldsOf(kinesis).data),
    );
  return { trigger: 'datasource', attributes: describeDocuments(records.map(fieldsOf)) };
}

/** The first word of an event's name: `ObjectCreated:Put` of S3, `INSERT` of DynamoDB. */
const OPERATIONS: Readonly<Record<string, string>> = {
  INSERT: 'insert',
  MODIFY: 'edit',
  REMOVE: 'delete',
  ObjectCreated: 'insert',
  ObjectRemoved: 'delete',
};

/** The bucket or table, and what has happened there, if these are the same for all records; never keys. */
function describeDocuments(records: readonly Fields[]): Attributes {
  const collections = records.map(({ s3, eventSourceARN }) => {
    const bucket = fieldsOf(fieldsOf(s3).bucket).name;
    return bucket ?? /:table\/([^/]+)/.exec(String(eventSourceARN))?.[1];
  });
  const operations = records.map(({ eventName }) => OPERATIONS[String(eventName).split(':', 1)[0] as string]);
  return {
    ...common('faas.document.collection', collections),
    ...common('faas.document.operation', operations),
  };
}

function common(key: string, values: readonly unknown[]): Attributes {
  const [first] = values;
  return typeof first === 'string' && values.every((each) => each === first) ? { [key]: first } : {};
}

function headersOfSqs({ messageAttributes, attributes, body }: Fields): ReceivedHeaders {
  return headersOfMessage({
    attributes: messageAttributes,
    valueKey: 'stringValue',
    traceHeader: fieldsOf(attributes).AWSTraceHeader,
    body,
  });
}

/** Clew's member is the first one: the base64 of any other record starts with something else. */
const DATA_PREFIX = Buffer.from(`{"${CONTEXT_KEY}":`).toString('base64');

function headersOfData(data: unknown): ReceivedHeaders {
  if (typeof data !== 'string' || !data.startsWith(DATA_PREFIX)) return {};
  try {
    return headersOfDetail(JSON.parse(Buffer.from(data, 'base64').toString()));
  } catch {
    return {};
  }
}

/** ARNs end with the name of the queue or topic; that of a stream has `stream/` before it. */
function commonName(arns: readonly unknown[]): string {
  const [first] = arns;
  if (typeof first !== 'string' || arns.some((arn) => arn !== first)) return '';
  return /[^:/]*$/.exec(first)?.[0] ?? '';
}

function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}
