// GetItem calls of the AWS SDK's client for DynamoDB, to the untraced server.
const { DynamoDBClient, GetItemCommand } = require('@aws-sdk/client-dynamodb');

exports.start = async () => {
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${process.env.BENCH_PEER_PORT}`,
    region: 'eu-north-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'key' },
  });
  const Key = { id: { S: '42' } };
  return () => client.send(new GetItemCommand({ TableName: 'songs', Key }));
};
