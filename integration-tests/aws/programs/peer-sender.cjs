// A sender that is traced by another tracer. It prints the id of its trace.
const { EventBridgeClient, PutEventsCommand } = require('@aws-sdk/client-eventbridge');
const { InvokeCommand, LambdaClient } = require('@aws-sdk/client-lambda');
const { PublishCommand, SNSClient } = require('@aws-sdk/client-sns');
const { SendMessageBatchCommand, SendMessageCommand, SQSClient } = require('@aws-sdk/client-sqs');

const { AWS_URL, NAME, PEER } = process.env;
const settings = {
  endpoint: AWS_URL,
  region: 'us-east-1',
  credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 's3cr3t' },
};
const QueueUrl = `${AWS_URL}/000000000000/${NAME}`;

async function send() {
  const sqs = new SQSClient(settings);
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }));
  await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: 'a', MessageBody: 'batch' }] }));
  const TopicArn = `arn:aws:sns:us-east-1:000000000000:${NAME}`;
  await new SNSClient(settings).send(new PublishCommand({ TopicArn, Message: 'topic' }));
  await new LambdaClient(settings).send(new InvokeCommand({ FunctionName: NAME }));
  const Entries = [{ Source: NAME, DetailType: NAME, Detail: '{"a":1}' }];
  await new EventBridgeClient(settings).send(new PutEventsCommand({ Entries }));
}

if (PEER === 'dd-trace') {
  const tracer = require('dd-trace');
  tracer.trace('peer', async (span) => {
    await send();
    process.stdout.write(span.context().toTraceId(true), () => process.exit(0));
  });
} else {
  const { trace } = require('@opentelemetry/api');
  trace.getTracer('peer').startActiveSpan('peer', async (span) => {
    await send();
    span.end();
    process.stdout.write(span.spanContext().traceId, () => process.exit(0));
  });
}
