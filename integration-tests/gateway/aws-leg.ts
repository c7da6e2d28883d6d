import * as sqs from '@aws-sdk/client-sqs';
import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { AwsSdkInstrumentation } from '@clew/instrumentation-aws-sdk';
import { startAwsServer } from '../aws/servers/aws-server.ts';
import type { Leg } from './leg.ts';

/** How many of the first requests AWS refuses with the status 429. */
const THROTTLED = 10;

/** Messages that are sent to SQS. */
export async function awsLeg(): Promise<Leg> {
  const plugin = new AwsSdkInstrumentation();
  plugin.instrument(sqs);
  const aws = await startAwsServer();
  const client = new SQSClient({ ...aws.client, maxAttempts: 12 });
  return {
    faults: { none: ['PRODUCER send orders: complete'], cancelled: ['PRODUCER send orders: cancelled'] },
    async open() {
      await client.send(new CreateQueueCommand({ QueueName: 'orders' }));
      aws.faults.next('SendMessage', ...Array(THROTTLED).fill('throttle'));
    },
    call(fault, id) {
      const aborting = new AbortController();
      const QueueUrl = `${aws.url}/000000000000/orders`;
      const sent = client.send(new SendMessageCommand({ QueueUrl, MessageBody: `${id}` }), {
        abortSignal: aborting.signal,
      });
      if (fault === 'cancelled') aborting.abort();
      return sent;
    },
    async close() {
      client.destroy();
      plugin.disable();
      await aws.close();
    },
  };
}
