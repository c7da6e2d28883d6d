// The plugin passes the suite for clients of SDKs with the client of DynamoDB.
import { join } from 'node:path';
import * as dynamodb from '@aws-sdk/client-dynamodb';
import { clientSuite, manifestSuite } from '@clew/testing';
import { AwsSdkInstrumentation } from '../src/index.ts';
import { dynamodbAdapter } from './dynamodb-adapter.ts';

manifestSuite(join(__dirname, '..'), { AwsSdkInstrumentation });

clientSuite(
  dynamodbAdapter({
    name: '@aws-sdk/client-dynamodb 3',
    dynamodb,
    moduleExports: dynamodb,
    Client: dynamodb.__Client,
  }),
);
