// Older versions of the SDK, whose clients have other base classes: they pass the suite for clients of SDKs, and
// applications with them are traced without any code.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as dynamodb from '@aws-sdk/client-dynamodb';
import { clientSuite, listenOn } from '@clew/testing';
import { type Collector, startCollector } from '@clew/viewer';
import { dynamodbAdapter } from '../../packages/instrumentation-aws-sdk/test/dynamodb-adapter.ts';
import { runProgram } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';

describe.each([
  ['aws-dynamodb-3.200', '@aws-sdk/smithy-client'],
  ['aws-dynamodb-3.370', '@smithy/smithy-client'],
])('%s', (alias, base) => {
  const client = require(alias) as typeof dynamodb;
  const { Client } = createRequire(require.resolve(alias))(base) as { Client: typeof dynamodb.__Client };
  clientSuite(dynamodbAdapter({ name: alias, dynamodb: client, moduleExports: client, Client }));

  describe('in an application', () => {
    let collector: Collector;
    let server: Awaited<ReturnType<typeof listenOn>>;
    beforeAll(async () => {
      collector = await startCollector({ port: 0 });
      server = await listenOn(
        createServer((request, response) => {
          request.resume();
          response.setHeader('content-type', 'application/x-amz-json-1.0');
          response.end('{"TableNames":["songs"]}');
        }),
      );
    });
    afterAll(async () => {
      await server.close();
      await collector.close();
    });

    test.each(['versions-program.cjs', 'versions-program.mjs'])('is traced: %s', async (file) => {
      const { code, stdout, stderr } = await runProgram(['--import', '@clew/node/register', file], {
        cwd: join(__dirname, 'programs'),
        variables: {
          AWS_URL: server.url,
          SDK: alias,
          OTEL_SERVICE_NAME: file,
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
          NODE_NO_WARNINGS: '1',
        },
      });
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'songs\n', stderr: '' });
      expect(treeOf(spansOf(collector, file))).toEqual(['CLIENT DynamoDB.ListTables', '  CLIENT POST']);
    });
  });
});
