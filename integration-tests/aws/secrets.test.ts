// No secret is in any byte that is exported, whatever the service answers.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { listenOn } from '@clew/testing';
import { runProgram } from '../run-program.ts';

/** No text that a key, a name or a number could contain by chance. */
const PLANTED = 'zq7PLANTEDzq7';

/** Its bytes in base64 at any position in a longer text, without the characters that depend on the bytes around it. */
const BASE64 = [0, 1, 2].map((offset) => Buffer.from(' '.repeat(offset) + PLANTED).toString('base64'));
const BASE64_PARTS = BASE64.map((text) => text.slice(4, 16));

/** The response of every service: its members are those of results and errors with the secret as their value. */
const BODIES = {
  result: {
    Item: { id: { S: PLANTED } },
    Messages: [{ MessageId: 'm', Body: PLANTED, ReceiptHandle: PLANTED }],
    output: { message: { role: 'assistant', content: [{ text: PLANTED }] } },
    executionArn: 'arn:run',
    ARN: 'arn:aws:secretsmanager:us-east-1:0:secret:pin',
    SecretString: PLANTED,
    SecretBinary: BASE64[0],
    RandomPassword: PLANTED,
    Parameter: { Name: 'pin', Type: 'SecureString', Value: PLANTED },
    Parameters: [{ Name: 'pin', Type: 'SecureString', Value: PLANTED }],
    Records: [{ Data: BASE64[0], PartitionKey: PLANTED, SequenceNumber: '1' }],
  },
  failure: {
    __type: 'aws#ValidationException',
    message: `The value "${PLANTED}" is refused`,
    Message: PLANTED,
  },
};

test.each(['result', 'failure'] as const)('a secret in a request or a %s is not exported', async (kind) => {
  let exported = '';
  let requests = 0;
  let carried = 0;
  const server = createServer(async (request, response) => {
    const body = await text(request);
    if (request.url === '/v1/traces') {
      exported += body;
      response.end('{}');
      return;
    }
    requests++;
    if (body.includes('_context')) carried++;
    response.writeHead(kind === 'result' ? 200 : 400, {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-meta-pin': PLANTED,
      'set-cookie': PLANTED,
    });
    response.end(JSON.stringify(BODIES[kind]));
  });
  const { url, close } = await listenOn(server);
  const { code, stdout, stderr } = await runProgram(
    ['--import', '@clew/node/register', 'secrets-program.mjs'],
    {
      cwd: join(__dirname, 'programs'),
      variables: {
        AWS_URL: url,
        PLANTED,
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        CLEW_AWS_SDK_PROPAGATE_THROUGH: 'SQS,SNS,Lambda,EventBridge,Kinesis,SFN',
        NODE_NO_WARNINGS: '1',
      },
    },
  );
  await close();
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '33 of 33', stderr: '' });
  // Contexts are written next to secrets: into an event and the input of a state machine, and into base64.
  expect([requests, carried]).toEqual([34, 2]);
  for (const name of ['DynamoDB.UpdateItem', 'S3.PutObject', 'send orders', 'publish news', 'Lambda.Invoke'])
    expect(exported).toContain(`"${name}"`);
  for (const name of ['SFN.StartExecution', 'EventBridge.PutEvents', 'STS.AssumeRole', 'chat model'])
    expect(exported).toContain(`"${name}"`);
  for (const name of ['Secrets Manager.GetSecretValue', 'SSM.GetParametersByPath', 'Kinesis.PutRecords'])
    expect(exported).toContain(`"${name}"`);
  for (const text of [PLANTED, ...BASE64_PARTS]) expect(exported).not.toContain(text);
});
