import type { Attributes } from '@opentelemetry/api';
import { definedOnly } from './defined-only.ts';
import type { Environment } from './environment.ts';

const MIB = 1_048_576;
const MAX_MIB = 1_000_000;

/**
 * Describes the function of AWS Lambda that this process runs; empty elsewhere.
 * Sources: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime,
 * https://opentelemetry.io/docs/specs/semconv/resource/faas/
 */
export function lambdaResource(environment: Environment): Attributes {
  const name = environment.text('AWS_LAMBDA_FUNCTION_NAME');
  if (name === undefined) return {};
  const [group, stream] = ['AWS_LAMBDA_LOG_GROUP_NAME', 'AWS_LAMBDA_LOG_STREAM_NAME'].map((variable) =>
    environment.text(variable),
  );
  const memoryMib = environment.integer('AWS_LAMBDA_FUNCTION_MEMORY_SIZE', 1, MAX_MIB);
  return definedOnly({
    'service.name': name,
    'cloud.provider': 'aws',
    'cloud.platform': 'aws_lambda',
    'cloud.region': environment.text('AWS_REGION'),
    'faas.name': name,
    'faas.version': environment.text('AWS_LAMBDA_FUNCTION_VERSION'),
    'faas.instance': stream,
    'faas.max_memory': memoryMib === undefined ? undefined : memoryMib * MIB,
    'aws.log.group.names': group === undefined ? undefined : [group],
    'aws.log.stream.names': stream === undefined ? undefined : [stream],
  });
}
