// An application without any code for tracing, as CommonJS and as an ES module.
import { join } from 'node:path';
import { preloadSuite } from '@clew/testing';

preloadSuite(
  join(__dirname, '..'),
  {
    modules: { http: 'node:http', dynamodb: '@aws-sdk/client-dynamodb' },
    body: `
      const server = http.createServer((request, response) => {
        response.setHeader('content-type', 'application/x-amz-json-1.0');
        response.end('{"TableNames":[]}');
      });
      await new Promise((resolve) => server.listen(0, resolve));
      const client = new dynamodb.DynamoDBClient({
        region: 'eu-north-1',
        endpoint: 'http://127.0.0.1:' + server.address().port,
        credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
      });
      await client.send(new dynamodb.ListTablesCommand({}));
      client.destroy();
      server.close();
      server.closeAllConnections();`,
  },
  ['DynamoDB.ListTables', 'POST', 'POST'],
);
