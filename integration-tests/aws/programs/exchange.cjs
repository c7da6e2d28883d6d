// Sends messages and processes them: the part of the programs that does not depend on how modules are loaded.
const { trace } = require('@opentelemetry/api');

/** In one span: a message to a queue, and one to a topic with the queue as its subscriber. Then both are processed. */
module.exports = async function exchange({ sqs, sns, aws }) {
  const settings = {
    endpoint: process.env.AWS_URL,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 's3cr3t' },
  };
  const QueueUrl = `${process.env.AWS_URL}/000000000000/${process.env.QUEUE}`;
  const TopicArn = `arn:aws:sns:us-east-1:000000000000:${process.env.QUEUE}`;
  const queue = new sqs.SQSClient(settings);
  const topic = new sns.SNSClient(settings);
  const tracer = trace.getTracer('exchange');
  await tracer.startActiveSpan('order', async (span) => {
    await queue.send(new sqs.SendMessageCommand({ QueueUrl, MessageBody: 'direct' }));
    await topic.send(new sns.PublishCommand({ TopicArn, Message: 'by topic' }));
    span.end();
  });
  const receive = new sqs.ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 });
  const { Messages } = await queue.send(receive);
  for (const message of Messages)
    await aws.processMessage(message, async ({ Body }) => {
      tracer.startSpan(`handle ${Body.startsWith('{') ? JSON.parse(Body).Message : Body}`).end();
    });
  queue.destroy();
  topic.destroy();
};
