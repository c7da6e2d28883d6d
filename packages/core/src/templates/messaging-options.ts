import type { OptionsOf } from '../kit/options.ts';
import { option } from '../namespaces/option.ts';

const WEEK_MS = 604_800_000;
const MINUTE_MS = 60_000;

/** The options of every messaging plugin, to be spread into the plugin's own. The template implements all of them. */
export const messagingOptions = {
  /**
   * Milliseconds to wait for a confirm, and for a settlement after the handler; 0 waits forever. A span that waits ends
   * up to an eighth later.
   */
  consumeTimeoutMs: option.number(0, WEEK_MS, MINUTE_MS),
  /** The same for the reply to a call, unless the request contains the caller's timeout. */
  callTimeoutMs: option.number(0, WEEK_MS, MINUTE_MS),
  /** A delivery's span starts a trace and links to the message's span. RPC requests always have a parent. */
  useLinksForConsume: option.boolean(false),
  /** Records the size of bodies. */
  messageBodySize: option.boolean(false),
  /** Destinations without spans. */
  ignore: option.patterns(),
  /** Destinations with variable parts, for span names: `['user.{id}.created']`. */
  destinationTemplates: option.strings([]),
  /** Which messages are trusted, by queue; `undefined`: the propagation defaults of the process. */
  trust: option.trust(),
} as const;

/** The options that the template reads from `tools.options`. */
export type MessagingOptions = OptionsOf<typeof messagingOptions>;
