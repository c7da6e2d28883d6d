// What plugins for AWS share: how its messages and events carry a context. Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html
export { type Fields, isRecord, textOf } from '../templates/aws-fields.ts';
export { linksOf, MAX_LINKED, startProcessing } from '../templates/aws-processing.ts';
export {
  CONTEXT_KEY,
  DATADOG_KEY,
  headersGetter,
  headersOf,
  headersOfAttributes,
  headersOfDetail,
  headersOfMessage,
  type ReceivedHeaders,
  type ReceivedMessage,
  XRAY_HEADER,
} from '../templates/aws-received-headers.ts';
