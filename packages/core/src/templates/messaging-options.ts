import type { OptionsOf } from '../kit/options.ts';
import { option } from '../namespaces/option.ts';
import { destinationTemplatesOption } from './labeller.ts';

const WEEK_MS = 604_800_000;
const MINUTE_MS = 60_000;

/**
 * The options of every messaging plugin, to be spread into the plugin's own. `ignore` and `destinationTemplates` are
 * read by `namingBy`, `messageBodySize` by the plugin's view, the others by the template.
 */
export const messagingOptions = {
  consumeTimeoutMs: option.number(0, WEEK_MS, MINUTE_MS),
  callTimeoutMs: option.number(0, WEEK_MS, MINUTE_MS),
  useLinksForConsume: option.boolean(false),
  messageBodySize: option.boolean(false),
  ignore: option.patterns(),
  destinationTemplates: destinationTemplatesOption,
  trust: option.trust(),
} as const;

/** What a messaging plugin finds in `tools.options`, besides its own options. */
export type MessagingPluginOptions = OptionsOf<typeof messagingOptions>;
