import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOn } from '@clew/testing';
import { AwsError } from './aws-error.ts';
import { EventBus, StateMachines } from './events.ts';
import { Faults, newCredentials } from './faults.ts';
import { Functions } from './functions.ts';
import { converse, converseStream, invokeStream, type StreamEnd } from './models.ts';
import { parseForm, toXml } from './query-protocol.ts';
import { Sns } from './sns.ts';
import { Sqs } from './sqs.ts';
import { SQS_LISTS, sqsInput, sqsOutput } from './sqs-query.ts';

/** A request, as far as it does not depend on the protocol. */
interface Request {
  /** The action: `SendMessage`. */
  readonly action: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The path, for the REST protocol. */
  readonly path: string;
}

/** What a response consists of. */
interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

const FUNCTION_PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations/;
const MODEL_PATH = /^\/model\/([^/]+)\/(converse|converse-stream|invoke|invoke-with-response-stream)$/;
const MODEL_ACTIONS: Readonly<Record<string, string>> = {
  converse: 'Converse',
  'converse-stream': 'ConverseStream',
  invoke: 'InvokeModel',
  'invoke-with-response-stream': 'InvokeModelWithResponseStream',
};

/** Starts a server for the services of AWS, with the protocols that their SDKs use. */
export async function startAwsServer() {
  let url = '';
  const faults = new Faults();
  const functions = new Functions();
  const sqs = new Sqs((name) => `${url}/000000000000/${name}`);
  const sns = new Sns(sqs, (arn, event) => void functions.invoke(arn, 'Event', JSON.stringify(event)));
  const bus = new EventBus(functions);
  const machines = new StateMachines(functions);
  /** The actions of all requests, and the `traceparent` of each. */
  const seen: { readonly action: string; readonly traceparent: unknown }[] = [];
  const streamEnds: StreamEnd[] = [];
  const modelBodies: unknown[] = [];

  async function json(target: string, input: object): Promise<Reply> {
    const [service = '', action = ''] = target.split('.');
    if (service === 'AmazonSQS') return { body: JSON.stringify(await sqs.act(action, input)) };
    if (service === 'AWSEvents') return { body: JSON.stringify(await bus.putEvents(input)) };
    if (service === 'AWSStepFunctions') return { body: JSON.stringify(await machines.startExecution(input)) };
    throw new AwsError('UnknownOperationException', `${target} is not known`);
  }

  async function query({ action, body }: Request): Promise<Reply> {
    const form = parseForm(body);
    let result: Record<string, unknown>;
    let lists: Record<string, string> = {};
    if (form.Version === '2012-11-05') {
      result = sqsOutput(action, await sqs.act(action, sqsInput(form)));
      lists = { ...SQS_LISTS, [`${action}ResultEntry`]: `${action}ResultEntry` };
    } else if (action === 'AssumeRole') {
      result = { Credentials: newCredentials(Number(form.DurationSeconds ?? 3600)) };
    } else result = sns.act(action, form);
    const inner = `${toXml(`${action}Result`, result, lists)}<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata>`;
    return {
      headers: { 'content-type': 'text/xml' },
      body: `<${action}Response>${inner}</${action}Response>`,
    };
  }

  async function rest({ action, path, headers, body }: Request): Promise<Reply> {
    if (action === 'InvokeModel') {
      const given = modelBodies.shift();
      return {
        headers: { 'content-type': 'application/json' },
        body: typeof given === 'string' ? given : JSON.stringify(given),
      };
    }
    if (action === 'Converse') return { body: JSON.stringify(converse()) };
    const name = decodeURIComponent(FUNCTION_PATH.exec(path)?.[1] ?? '');
    const type = String(headers['x-amz-invocation-type'] ?? 'RequestResponse');
    const clientContext = headers['x-amz-client-context'] as string | undefined;
    const { status, error, payload } = await functions.invoke(name, type, body, clientContext);
    return {
      status,
      headers: { 'x-amz-executed-version': '$LATEST', ...(error && { 'x-amz-function-error': error }) },
      body: payload,
    };
  }

  const server = createServer(async (incoming, response) => {
    const request = await read(incoming);
    const { action, headers, body } = request;
    seen.push({ action, traceparent: headers.traceparent });
    const target = headers['x-amz-target'] as string | undefined;
    const isQuery = target === undefined && body.includes('Action=');
    try {
      const fault = await faults.meet(action, headers['x-amz-security-token'] as string | undefined);
      if (fault === 'reset') return void response.destroy();
      if (action === 'ConverseStream') return converseStream(response, streamEnds.shift() ?? 'complete');
      if (action === 'InvokeModelWithResponseStream')
        return invokeStream(response, modelBodies.shift() as unknown[]);
      const reply = await (target !== undefined
        ? json(target, JSON.parse(body || '{}'))
        : isQuery
          ? query(request)
          : rest(request));
      send(response, reply, fault === 'reset-in-response');
    } catch (error) {
      send(response, failure(error, isQuery, action), false);
    }
  });
  const listening = await listenOn(server);
  url = listening.url;
  return {
    url,
    faults,
    functions,
    sqs,
    bus,
    machines,
    seen,
    /** How many requests an action had. */
    countOf: (action: string) => seen.filter((each) => each.action === action).length,
    /** The next streams of Bedrock end like this. */
    endStreams: (...ends: readonly StreamEnd[]) => void streamEnds.push(...ends),
    /** The next call of a model gets this body; for a stream, a list of the bodies of its chunks. */
    respondAsModel: (body: unknown) => void modelBodies.push(body),
    /** The settings of a client. */
    client: {
      endpoint: url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 's3cr3t' },
    },
    async close() {
      sqs.close();
      await functions.idle();
      await listening.close();
    },
  };
}

export type AwsServer = Awaited<ReturnType<typeof startAwsServer>>;

async function read(incoming: IncomingMessage): Promise<Request> {
  const body = await text(incoming);
  const { url: path = '/', headers } = incoming;
  return { action: actionOf(path, headers, body), headers, body, path };
}

function actionOf(path: string, headers: IncomingMessage['headers'], body: string): string {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.split('.')[1] ?? '';
  const model = MODEL_PATH.exec(path)?.[2];
  if (model !== undefined) return MODEL_ACTIONS[model] as string;
  if (FUNCTION_PATH.test(path)) return 'Invoke';
  return new URLSearchParams(body).get('Action') ?? '';
}

function send(response: ServerResponse, { status = 200, headers, body }: Reply, breaksOff: boolean): void {
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.0',
    'x-amzn-requestid': randomUUID(),
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  if (!breaksOff) return void response.end(body);
  response.write(body.slice(0, body.length / 2), () => response.destroy());
}

function failure(error: unknown, isQuery: boolean, action: string): Reply {
  if (!(error instanceof AwsError)) throw error;
  const { code, message, status, queryCode } = error;
  const fault = status < 500 ? 'Sender' : 'Receiver';
  if (isQuery) {
    const xml = toXml('ErrorResponse', {
      Error: { Type: fault, Code: queryCode, Message: message },
      RequestId: randomUUID(),
    });
    return { status, headers: { 'content-type': 'text/xml' }, body: xml };
  }
  const isRest = action === 'Invoke' || action.startsWith('Converse') || action.startsWith('InvokeModel');
  return {
    status,
    headers: isRest ? { 'x-amzn-errortype': code } : { 'x-amzn-query-error': `${queryCode};${fault}` },
    body: JSON.stringify({ ...(!isRest && { __type: `com.amazonaws#${code}` }), message }),
  };
}
