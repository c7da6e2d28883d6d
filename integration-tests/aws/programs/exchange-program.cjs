const sqs = require('@aws-sdk/client-sqs');
const sns = require('@aws-sdk/client-sns');
const aws = require('@clew/instrumentation-aws-sdk');

void require('./exchange.cjs')({ sqs, sns, aws });
