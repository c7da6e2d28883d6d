require('./lambda.cjs')(require('@clew/instrumentation-aws-lambda').traceHandler);
