// Plants secrets in everything that an application passes to the SDK: see secrets.test.ts.
import http from 'node:http';
import * as bedrock from '@aws-sdk/client-bedrock-runtime';
import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as events from '@aws-sdk/client-eventbridge';
import * as kinesis from '@aws-sdk/client-kinesis';
import * as lambda from '@aws-sdk/client-lambda';
import * as s3 from '@aws-sdk/client-s3';
import * as secrets from '@aws-sdk/client-secrets-manager';
import * as sfn from '@aws-sdk/client-sfn';
import * as sns from '@aws-sdk/client-sns';
import * as sqs from '@aws-sdk/client-sqs';
import * as ssm from '@aws-sdk/client-ssm';
import * as sts from '@aws-sdk/client-sts';
import { NodeHttpHandler } from '@smithy/node-http-handler';

const endpoint = process.env.AWS_URL;
const secret = process.env.PLANTED;
const settings = {
  endpoint,
  region: 'us-east-1',
  maxAttempts: 1,
  credentials: { accessKeyId: `AKIA${secret}`, secretAccessKey: secret, sessionToken: secret },
  // The clients of Bedrock and Kinesis use HTTP/2 otherwise.
  requestHandler: new NodeHttpHandler(),
};
const item = (value) => ({ [value]: { S: secret } });
const db = new dynamodb.DynamoDBClient(settings);
const objects = new s3.S3Client({ ...settings, forcePathStyle: true });
const queue = new sqs.SQSClient(settings);
const topic = new sns.SNSClient(settings);
const functions = new lambda.LambdaClient(settings);
const machines = new sfn.SFNClient(settings);
const bus = new events.EventBridgeClient(settings);
const roles = new sts.STSClient(settings);
const models = new bedrock.BedrockRuntimeClient(settings);
const vault = new secrets.SecretsManagerClient(settings);
const parameters = new ssm.SSMClient(settings);
const stream = new kinesis.KinesisClient(settings);
const QueueUrl = `${endpoint}/000000000000/orders`;
const messages = [{ role: 'user', content: [{ text: secret }] }];

const SecretId = 'arn:aws:secretsmanager:us-east-1:0:secret:pin';
const bytes = Buffer.from(secret);
const records = [secret, JSON.stringify({ secret })].map((text) => ({
  Data: Buffer.from(text),
  PartitionKey: secret,
}));

const calls = [
  [db, new dynamodb.PutItemCommand({ TableName: 'songs', Item: item('id') })],
  [db, new dynamodb.GetItemCommand({ TableName: 'songs', Key: item('id') })],
  [
    db,
    new dynamodb.UpdateItemCommand({
      TableName: 'songs',
      Key: item('id'),
      UpdateExpression: 'SET a = :a',
      ConditionExpression: `a = :a AND b <> :${secret}`,
      ExpressionAttributeValues: item(':a'),
    }),
  ],
  [objects, new s3.PutObjectCommand({ Bucket: 'songs', Key: 'a', Body: secret, Metadata: { pin: secret } })],
  [objects, new s3.PutObjectCommand({ Bucket: 'songs', Key: 'a', Body: 'x', SSECustomerKey: secret })],
  [objects, new s3.GetObjectCommand({ Bucket: 'songs', Key: 'a' })],
  [queue, new sqs.SendMessageCommand({ QueueUrl, MessageBody: secret })],
  [queue, new sqs.ReceiveMessageCommand({ QueueUrl })],
  [queue, new sqs.DeleteMessageCommand({ QueueUrl, ReceiptHandle: secret })],
  [
    topic,
    new sns.PublishCommand({ TopicArn: 'arn:aws:sns:us-east-1:0:news', Message: secret, Subject: secret }),
  ],
  [topic, new sns.PublishCommand({ PhoneNumber: secret, Message: secret })],
  [functions, new lambda.InvokeCommand({ FunctionName: 'price', Payload: JSON.stringify({ secret }) })],
  [
    machines,
    new sfn.StartExecutionCommand({ stateMachineArn: 'arn:checkout', input: JSON.stringify({ secret }) }),
  ],
  [
    bus,
    new events.PutEventsCommand({
      Entries: [{ Source: 'a', DetailType: 'b', Detail: JSON.stringify({ secret }) }],
    }),
  ],
  [
    roles,
    new sts.AssumeRoleCommand({ RoleArn: 'arn:aws:iam::0:role/r', RoleSessionName: 'r', ExternalId: secret }),
  ],
  [roles, new sts.GetSessionTokenCommand({ SerialNumber: 'arn', TokenCode: secret })],
  [models, new bedrock.ConverseCommand({ modelId: 'model', messages, system: [{ text: secret }] })],
  [models, new bedrock.ConverseStreamCommand({ modelId: 'model', messages })],
  [models, new bedrock.InvokeModelCommand({ modelId: 'model', body: JSON.stringify({ prompt: secret }) })],
  [vault, new secrets.CreateSecretCommand({ Name: secret, SecretString: secret, Description: secret })],
  [vault, new secrets.PutSecretValueCommand({ SecretId, SecretBinary: bytes, ClientRequestToken: secret })],
  [vault, new secrets.GetSecretValueCommand({ SecretId })],
  [vault, new secrets.GetSecretValueCommand({ SecretId: secret })],
  [vault, new secrets.BatchGetSecretValueCommand({ SecretIdList: [secret] })],
  [vault, new secrets.GetRandomPasswordCommand({ ExcludeCharacters: secret })],
  [parameters, new ssm.PutParameterCommand({ Name: 'pin', Value: secret, Type: 'SecureString' })],
  [parameters, new ssm.GetParameterCommand({ Name: 'pin', WithDecryption: true })],
  [parameters, new ssm.GetParametersByPathCommand({ Path: '/pins', WithDecryption: true })],
  [
    parameters,
    new ssm.SendCommandCommand({ DocumentName: 'AWS-RunShellScript', Parameters: { commands: [secret] } }),
  ],
  ...records.map((record) => [stream, new kinesis.PutRecordCommand({ StreamName: 'songs', ...record })]),
  [stream, new kinesis.PutRecordsCommand({ StreamName: 'songs', Records: records })],
  [stream, new kinesis.GetRecordsCommand({ ShardIterator: secret })],
];
let settled = 0;
for (const [client, command] of calls) {
  await client.send(command).then(
    () => settled++,
    () => settled++,
  );
}
const signed = new URLSearchParams({
  'X-Amz-Credential': `AKIA${secret}/20260101/us-east-1/s3/aws4_request`,
  'X-Amz-Security-Token': secret,
  'X-Amz-Signature': secret,
});
const response = await new Promise((resolve) => http.get(`${endpoint}/songs/a?${signed}`, resolve));
response.resume();
process.stdout.write(`${settled} of ${calls.length}`);
for (const [client] of calls) client.destroy();
