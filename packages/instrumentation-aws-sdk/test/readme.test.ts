// The example of the README, and an application without any code for tracing, as CommonJS and as an ES module.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { listenOn, preloadSuite } from '@clew/testing';

const folder = join(__dirname, '..');

test('the example of the README is traced', async () => {
  let exported = '';
  const server = createServer(async (request, response) => {
    const body = await text(request);
    if (request.url === '/v1/traces') exported += body;
    response.setHeader('content-type', 'application/x-amz-json-1.0');
    response.end(request.url === '/v1/traces' ? '{}' : '{"TableNames":["songs"]}');
  });
  const { url, close } = await listenOn(server);
  const [, example] = /```js\n(.*?)```/s.exec(readFileSync(join(folder, 'README.md'), 'utf8'))!;
  const program = example!.replace('http://localhost:8000', url);
  expect(program).toContain(url);
  const env = {
    ...process.env,
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    CLEW_FLUSH_TIMEOUT_MS: '60000',
  };
  const args = ['--input-type=module', '--eval', program];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: folder, env });
  await close();
  expect({ stdout, stderr }).toEqual({ stdout: "[ 'songs' ]\n", stderr: '' });
  expect(exported).toContain('"DynamoDB.ListTables"');
  expect(exported).not.toMatch(/an id|a key/);
});

preloadSuite(
  folder,
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
