import type * as dynamodb from '@aws-sdk/client-dynamodb';
import type { clientSuite } from '@clew/testing';
import { AwsSdkInstrumentation } from '../src/index.ts';
import { clientOf } from './connected.ts';

/** A version of the SDK. */
export interface Sdk {
  readonly name: string;
  /** The client of DynamoDB, as far as it is the same in all versions. */
  readonly dynamodb: Pick<typeof dynamodb, 'DynamoDBClient' | 'QueryCommand' | 'paginateQuery'>;
  /** What a bundled application passes to `instrument()`. */
  readonly moduleExports: object;
  /** The class of which the clients of all services are derived. */
  readonly Client: { readonly prototype: { readonly send: (...args: never[]) => unknown } };
}

/** Describes how to use the client of DynamoDB of one version, for the suite for clients of SDKs. */
export function dynamodbAdapter(sdk: Sdk): Parameters<typeof clientSuite>[0] {
  const { DynamoDBClient, QueryCommand, paginateQuery } = sdk.dynamodb;
  return {
    name: sdk.name,
    span: {
      name: 'DynamoDB.Query',
      attributes: {
        'rpc.system.name': 'aws-api',
        'rpc.method': 'DynamoDB/Query',
        'cloud.region': 'eu-north-1',
        'aws.request_id': 'REQUEST-1',
        'db.system.name': 'aws.dynamodb',
        'db.operation.name': 'Query',
        'db.collection.name': 'songs',
        'aws.dynamodb.table_names': ['songs'],
        'aws.dynamodb.count': 1,
        'aws.dynamodb.scanned_count': 2,
        'server.address': 'db.example',
        'server.port': 8000,
      },
    },
    failureType: 'ValidationException',
    retries: true,
    lacks: {
      stream: 'no result of DynamoDB is a stream',
      tee: 'no result of DynamoDB is a stream',
      callWithToken: 'the client has credentials',
      lazy: 'the client sends its request at once',
      refused: 'the client reports all errors by its promise',
    },
    instrument: (options) => {
      const plugin = new AwsSdkInstrumentation(options);
      plugin.instrument(sdk.moduleExports);
      return plugin;
    },
    functions: () => [sdk.Client.prototype.send],
    open: async (transport) => {
      let pages = 0;
      const client = clientOf(DynamoDBClient, transport, () =>
        --pages > 0 ? { LastEvaluatedKey: { id: { S: '1' } } } : {},
      );
      const input = {
        TableName: 'songs',
        KeyConditionExpression: 'id = :id',
        ExpressionAttributeValues: { ':id': { S: 's3cr3t' } },
      };
      return {
        call: (options) =>
          client.send(
            new QueryCommand(input),
            options?.signal === undefined ? {} : { abortSignal: options.signal },
          ),
        pages: (count) => {
          pages = count;
          return paginateQuery({ client }, input);
        },
        close: async () => client.destroy(),
      };
    },
  };
}
