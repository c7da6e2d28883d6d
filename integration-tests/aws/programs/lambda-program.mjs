import { traceHandler } from '@clew/instrumentation-aws-lambda';
import runtime from './lambda.cjs';

runtime(traceHandler);
