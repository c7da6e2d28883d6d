// The part of the programs that does not depend on how modules are loaded.
module.exports = async function listTables({ DynamoDBClient, ListTablesCommand }) {
  const client = new DynamoDBClient({
    endpoint: process.env.AWS_URL,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 's3cr3t' },
  });
  const { TableNames } = await client.send(new ListTablesCommand({}));
  client.destroy();
  console.log(TableNames.join());
};
