import { genAi, messaging, type OptionKind, type OptionsOf, option, type Tools } from '@clew/core/plugin';

/** The services whose requests can carry the trace context, by `serviceId`. */
export const CARRYING_SERVICES = ['SQS', 'SNS', 'Lambda', 'EventBridge', 'Kinesis', 'SFN'] as const;

export type CarryingService = (typeof CARRYING_SERVICES)[number];

const { trust, useLinksForConsume } = messaging.options;

/** The others have no place for it but the application's own content. */
const propagateThrough: OptionKind<readonly CarryingService[]> = {
  ...option.listOf(CARRYING_SERVICES),
  default: ['SQS', 'SNS', 'Lambda'],
};

export const options = {
  // Those for content are for Bedrock's models.
  ...genAi.options,
  /** The services whose requests carry the trace context. */
  propagateThrough,
  /** Which received messages are trusted, by queue; default: the propagation defaults of the process. */
  trust,
  /** The span of `processMessage` starts a trace and links to the span that sent the message. */
  useLinksForConsume,
} as const;

export type AwsTools = Tools<OptionsOf<typeof options>>;
