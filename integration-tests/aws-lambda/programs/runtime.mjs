// A minimal runtime of AWS Lambda: it loads and calls a handler and sends its response, as AWS's do. Generation 3
// (Node.js 22 and older) requires CommonJS and has callbacks, generation 4 (Node.js 24) imports every file.
import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createRequire } from 'node:module';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const { AWS_LAMBDA_RUNTIME_API, _HANDLER, LAMBDA_TASK_ROOT, RUNTIME_GENERATION } = process.env;
const [host, port] = AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');

globalThis.awslambda = {
  streamifyResponse: (handler) => Object.assign(handler, { [STREAMING]: 'response' }),
  HttpResponseStream: {
    from(stream, metadata) {
      stream.setHeader('content-type', 'application/vnd.awslambda.http-integration-response');
      stream.write(`${JSON.stringify(metadata)}${'\0'.repeat(8)}`);
      return stream;
    },
  },
};

const handler = await load();
for (;;) {
  const { body, headers } = await call('GET', 'invocation/next');
  await serve(JSON.parse(body), contextOf(headers));
}

async function load() {
  try {
    const name = basename(_HANDLER);
    const [module, ...path] = name.split('.');
    const at = resolve(LAMBDA_TASK_ROOT, _HANDLER.slice(0, -name.length), module);
    const file = ['.js', '.mjs', '.cjs'].map((extension) => at + extension).find((each) => existsSync(each));
    const isRequired = RUNTIME_GENERATION === '3' && file.endsWith('.cjs');
    const exported = isRequired ? createRequire(file)(file) : await import(pathToFileURL(file).href);
    const find = (from) => path.reduce((each, key) => each?.[key], from);
    const found = find(exported) ?? find(exported.default);
    if (typeof found !== 'function') throw new TypeError(`${_HANDLER} is not a function`);
    return found;
  } catch (error) {
    await call('POST', 'init/error', JSON.stringify({ errorType: error.name, errorMessage: error.message }));
    throw error;
  }
}

async function serve(event, context) {
  const path = `invocation/${context.awsRequestId}`;
  if (handler[STREAMING] !== undefined) {
    const { sent, stream } = open(`${path}/response`);
    await handler(event, stream, context);
    await sent;
    return;
  }
  try {
    const result = await (RUNTIME_GENERATION === '3'
      ? withCallback(event, context)
      : handler(event, context));
    await call('POST', `${path}/response`, JSON.stringify(result ?? null));
  } catch (error) {
    await call(
      'POST',
      `${path}/error`,
      JSON.stringify({ errorType: error.name, errorMessage: error.message }),
    );
  }
}

function withCallback(event, context) {
  return new Promise((succeed, fail) => {
    const done = (error, result) => (error ? fail(error) : succeed(result));
    Object.assign(context, { done, succeed, fail });
    const returned = handler(event, context, done);
    if (typeof returned?.then === 'function') returned.then(succeed, fail);
  });
}

function contextOf(headers) {
  const deadlineMs = Number(headers['lambda-runtime-deadline-ms']);
  const clientContext = headers['lambda-runtime-client-context'];
  process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'] ?? '';
  return {
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    clientContext: clientContext && JSON.parse(clientContext),
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
}

function open(path, method = 'POST') {
  const { promise: sent, resolve: respond, reject } = Promise.withResolvers();
  const stream = request({ host, port, agent, method, path: `/2018-06-01/runtime/${path}` }, (response) => {
    const chunks = [];
    response.on('data', (chunk) => chunks.push(chunk));
    response.on('end', () => respond({ body: Buffer.concat(chunks), headers: response.headers }));
  });
  stream.on('error', reject);
  return { sent, stream };
}

function call(method, path, body) {
  const { sent, stream } = open(path, method);
  stream.end(body);
  return sent;
}
