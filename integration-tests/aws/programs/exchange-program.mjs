import * as sns from '@aws-sdk/client-sns';
import * as sqs from '@aws-sdk/client-sqs';
import * as aws from '@clew/instrumentation-aws-sdk';
import exchange from './exchange.cjs';

await exchange({ sqs, sns, aws });
