// A receiver that is traced by another tracer.
const { ReceiveMessageCommand, SQSClient } = require('@aws-sdk/client-sqs');

const { AWS_URL, NAME } = process.env;
const client = new SQSClient({
  endpoint: AWS_URL,
  region: 'us-east-1',
  credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 's3cr3t' },
});
client
  .send(new ReceiveMessageCommand({ QueueUrl: `${AWS_URL}/000000000000/${NAME}`, MaxNumberOfMessages: 10 }))
  .then(({ Messages }) => {
    client.destroy();
    console.log(Messages.length);
  });
