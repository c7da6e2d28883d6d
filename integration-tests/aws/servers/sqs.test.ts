// The test server for SQS with the SDK of AWS, new and old, without tracing.
import { Buffer } from 'node:buffer';
import * as newSqs from '@aws-sdk/client-sqs';
import * as oldSqs from 'aws-sqs-3.370';
import { type AwsServer, startAwsServer } from './aws-server.ts';
import { attributesDigest } from './message-attributes.ts';

let server: AwsServer;
beforeAll(async () => {
  server = await startAwsServer();
});
afterAll(() => server.close());

const attribute = (StringValue: string) => ({ DataType: 'String', StringValue });
const attributes = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, attribute('v')]));

test('the digest of attributes is that of AWS', () => {
  expect(attributesDigest({ attribName1: attribute('attribValue 1') })).toBe(
    '19e27d4e946b072f3f58da80d94fd778',
  );
  const BinaryValue = Buffer.from('Hello binary world!').toString('base64');
  expect(attributesDigest({ binaryAttribute: { DataType: 'Binary', BinaryValue } })).toBe(
    '31a92b15d92f8db860eda32aceb656c3',
  );
});

describe.each([
  ['AWS JSON 1.0', newSqs],
  ['the query protocol', oldSqs as unknown as typeof newSqs],
])('SQS with %s', (protocol, sdk) => {
  const queueName = `q-${protocol.replaceAll(/\W/g, '')}`;
  let sqs: newSqs.SQSClient;
  let QueueUrl: string | undefined;
  beforeAll(async () => {
    sqs = new sdk.SQSClient(server.client);
    const Attributes = { MaximumMessageSize: '262144', VisibilityTimeout: '30' } as const;
    const created = await sqs.send(new sdk.CreateQueueCommand({ QueueName: queueName, Attributes }));
    QueueUrl = created.QueueUrl;
  });
  afterAll(() => sqs.destroy());

  const receive = (more: Partial<newSqs.ReceiveMessageCommandInput> = {}) =>
    sqs.send(new sdk.ReceiveMessageCommand({ QueueUrl, ...more }));
  const remove = (message: newSqs.Message) =>
    sqs.send(new sdk.DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));

  test('messages are delivered with the attributes that the receiver asks for', async () => {
    const MessageAttributes = {
      kind: attribute('order'),
      'x.y': attribute('z'),
      bytes: { DataType: 'Binary', BinaryValue: Buffer.from([1, 2, 255]) },
    };
    const sent = await sqs.send(
      new sdk.SendMessageCommand({ QueueUrl, MessageBody: 'a <b> & "c"\r\n', MessageAttributes }),
    );
    expect(sent.MD5OfMessageAttributes).toMatch(/^[\da-f]{32}$/);
    const { Messages: [first] = [] } = await receive({ MessageAttributeNames: ['kind', 'bytes'] });
    expect(first!.Body).toBe('a <b> & "c"\r\n');
    expect(first!.MessageId).toBe(sent.MessageId);
    expect(Object.keys(first!.MessageAttributes ?? {}).sort()).toEqual(['bytes', 'kind']);
    expect([...first!.MessageAttributes!.bytes!.BinaryValue!]).toEqual([1, 2, 255]);
    await sqs.send(
      new sdk.ChangeMessageVisibilityCommand({
        QueueUrl,
        ReceiptHandle: first!.ReceiptHandle,
        VisibilityTimeout: 0,
      }),
    );
    const { Messages: [again] = [] } = await receive({ AttributeNames: ['All'] });
    expect(again!.MessageAttributes).toBeUndefined();
    expect(again!.Attributes!.ApproximateReceiveCount).toBe('2');
    await remove(again!);
    expect((await receive()).Messages ?? []).toEqual([]);
  });

  test('a receiver with long polling gets the message that arrives', async () => {
    const waiting = receive({ WaitTimeSeconds: 10 });
    await sqs.send(new sdk.SendMessageCommand({ QueueUrl, MessageBody: 'later' }));
    const { Messages: [message] = [] } = await waiting;
    expect(message!.Body).toBe('later');
    await remove(message!);
  });

  test('an entry of a batch that is refused does not fail the others', async () => {
    const { Successful = [], Failed = [] } = await sqs.send(
      new sdk.SendMessageBatchCommand({
        QueueUrl,
        Entries: [
          { Id: 'good', MessageBody: 'one', MessageAttributes: attributes(10) },
          { Id: 'bad', MessageBody: 'two', MessageAttributes: attributes(11) },
        ],
      }),
    );
    expect(Successful.map(({ Id }) => Id)).toEqual(['good']);
    expect(Failed.map(({ Id, SenderFault, Code }) => [Id, SenderFault, Code])).toEqual([
      ['bad', true, 'InvalidParameterValue'],
    ]);
    const { Messages = [] } = await receive({ MaxNumberOfMessages: 10 });
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    const deleted = await sqs.send(new sdk.DeleteMessageBatchCommand({ QueueUrl, Entries }));
    expect(deleted.Successful?.map(({ Id }) => Id)).toEqual(['0']);
  });

  test('what AWS refuses is refused', async () => {
    const send = (more: object) =>
      sqs.send(new sdk.SendMessageCommand({ QueueUrl, MessageBody: 'b', ...more }));
    await expect(send({ MessageAttributes: attributes(11) })).rejects.toThrow(
      'Number of message attributes [11] exceeds the allowed maximum [10].',
    );
    await expect(
      send({ MessageBody: 'x'.repeat(262_140), MessageAttributes: attributes(1) }),
    ).rejects.toThrow('Message must be shorter than 262144 bytes.');
    await expect(send({ MessageAttributes: { 'aws.x': attribute('v') } })).rejects.toThrow('is invalid');
    await expect(send({ QueueUrl: `${server.url}/000000000000/none` })).rejects.toMatchObject({
      message: 'The specified queue does not exist.',
    });
  });

  test('the SDK repeats a request that is throttled, fails or loses its connection', async () => {
    server.faults.next('SendMessage', 'throttle', 'fail');
    const sent = await sqs.send(new sdk.SendMessageCommand({ QueueUrl, MessageBody: 'r' }));
    expect(sent.$metadata.attempts).toBe(3);
    server.faults.next('SendMessage', 'reset');
    expect(
      (await sqs.send(new sdk.SendMessageCommand({ QueueUrl, MessageBody: 'r' }))).$metadata.attempts,
    ).toBe(2);
  });
});
